"""Files and folders of a card: selection, short identifiers, access rules, control parameters (ISO 7816-4 7.3)."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

from card_sim.card import Command, StatusError
from card_sim.der import tlv

MAXIMUM_READ = 0xE7
_ROOT_ID = 0x3F00


class Rule(enum.IntEnum):
    """Who may do something with a file; the value is the IAS-ECC security condition byte."""

    ALWAYS = 0x00
    PIN = 0x11
    NEVER = 0xFF


@dataclass
class File:
    """A transparent elementary file; short is its short identifier, 0 for none."""

    identifier: int
    content: bytearray
    short: int = 0
    read: Rule = Rule.ALWAYS
    update: Rule = Rule.NEVER


@dataclass
class Folder:
    """A dedicated file with its children by identifier."""

    identifier: int
    aid: bytes = b""
    children: dict[int, File | Folder] = field(default_factory=dict)
    parent: Folder | None = None

    def add(self, *members: File | Folder) -> None:
        """Put files and folders inside."""
        for member in members:
            self.children[member.identifier] = member
            if isinstance(member, Folder):
                member.parent = self


def ias_parameters(target: File | Folder) -> bytes:
    """Describe a file the IAS-ECC way: template 62 with its access rules (8C inside A1)."""
    identifier = tlv(0x83, target.identifier.to_bytes(2, "big"))
    if isinstance(target, Folder):
        name = tlv(0x84, target.aid) if target.aid else b""
        return tlv(0x62, tlv(0x82, b"\x38"), identifier, name, tlv(0xA1, tlv(0x8C, b"\x02\xff")), tlv(0x8A, b"\x05"))
    size = tlv(0x80, len(target.content).to_bytes(2, "big"))
    short = tlv(0x88, bytes([target.short << 3])) if target.short else b""
    rules = tlv(0x8C, bytes([0x7B, 0xFF, 0xFF, 0xFF, 0xFF, target.update, target.read]))
    contactless = tlv(0x9C, bytes.fromhex("7BFFFFFFFFFF00"))
    return tlv(0x62, size, tlv(0x82, b"\x01"), identifier, short, tlv(0xA1, rules, contactless), tlv(0x8A, b"\x05"))


def vitale_parameters(target: File | Folder) -> bytes:
    """Describe a file in the older template 6F, without access rules."""
    if isinstance(target, Folder) and target.aid:
        return tlv(0x6F, tlv(0x84, target.aid))
    identifier = tlv(0x83, target.identifier.to_bytes(2, "big"))
    if isinstance(target, File):
        return tlv(0x6F, tlv(0x80, len(target.content).to_bytes(2, "big")), identifier)
    return tlv(0x6F, identifier)


class FileSystem:
    """The tree and where the session stands in it."""

    def __init__(
        self,
        root: Folder,
        describe: Callable[[File | Folder], bytes],
        permitted: Callable[[Rule], bool],
        maximum_read: int = 256,
    ) -> None:
        self.root = root
        self.folder = root
        self.file: File | None = None
        self._describe = describe
        self._permitted = permitted
        self._maximum_read = maximum_read

    def reset(self) -> None:
        """Stand at the root again, nothing selected."""
        self.folder, self.file = self.root, None

    def select(self, command: Command) -> bytes:
        """SELECT (ISO 7816-4 11.2.2): by identifier, path, name or to the parent; 6A82 when there is no such file."""
        target = self._find(command.p1, command.data)
        if target is None:
            raise StatusError(0x6A82)
        if isinstance(target, Folder):
            self.folder, self.file = target, None
        else:
            self.file = target
        return b"" if command.p2 & 0x0C == 0x0C else self._describe(target)

    def read(self, command: Command) -> bytes:
        """READ BINARY of the current file or of a short identifier; 6982, 6986, 6A82, 6B00."""
        file, offset = self._addressed(command)
        self._check(file.read)
        if offset >= len(file.content):
            raise StatusError(0x6B00)
        wanted = min(command.expected or 256, self._maximum_read)
        return bytes(file.content[offset : offset + wanted])

    def update(self, command: Command) -> bytes:
        """UPDATE BINARY, never beyond the end of the file (6A84)."""
        file, offset = self._addressed(command)
        self._check(file.update)
        if offset + len(command.data) > len(file.content):
            raise StatusError(0x6A84)
        file.content[offset : offset + len(command.data)] = command.data
        return b""

    def _find(self, p1: int, data: bytes) -> File | Folder | None:
        if p1 == 4:
            return self._named(data)
        if p1 == 3:
            return self.folder.parent or self.folder
        if p1 not in (0, 1, 2, 8, 9) or len(data) % 2:
            raise StatusError(0x6A86)
        steps = [int.from_bytes(data[place : place + 2], "big") for place in range(0, len(data), 2)]
        start = self.root if p1 == 8 or not steps or steps[0] == _ROOT_ID else self.folder
        return self._walk(start, steps[1:] if steps and steps[0] == _ROOT_ID else steps)

    def _walk(self, start: Folder, steps: list[int]) -> File | Folder | None:
        here: File | Folder = start
        within: Folder = start
        for step in steps:
            if not isinstance(here, Folder) or step not in here.children:
                return None
            within = here
            here = here.children[step]
        if isinstance(here, File):
            self.folder = within
        return here

    def _named(self, aid: bytes) -> Folder | None:
        folders = [self.root, *(each for each in self.root.children.values() if isinstance(each, Folder))]
        return next((each for each in folders if aid and each.aid.startswith(aid)), None)

    def _addressed(self, command: Command) -> tuple[File, int]:
        if command.p1 & 0x80:
            short = command.p1 & 0x1F
            found = next((f for f in self.folder.children.values() if isinstance(f, File) and f.short == short), None)
            if found is None:
                raise StatusError(0x6A82)
            self.file = found
            return found, command.p2
        if self.file is None:
            raise StatusError(0x6986)
        return self.file, command.p1p2

    def _check(self, rule: Rule) -> None:
        if not self._permitted(rule):
            raise StatusError(0x6982)
