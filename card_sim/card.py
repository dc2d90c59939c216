"""A T=0 card seen from its contacts: command parsing, status words, GET RESPONSE, command chaining (ISO 7816-3, -4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

ISO_CLASSES = frozenset({0x00, 0x10})
_LONGEST_CHAIN = 4096


class StatusError(Exception):
    """A command that ends with something else than 9000; sw is SW1 SW2 as one number."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(frozen=True)
class Command:
    """A short command APDU; expected is Le (256 for 00), None when the command carries no Le."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    expected: int | None = None

    @property
    def p1p2(self) -> int:
        """P1 and P2 as one number."""
        return self.p1 << 8 | self.p2


class SimulatedCard(Protocol):
    """What a reader needs of a card."""

    atr: bytes

    def power(self, on: bool) -> None:
        """Switch the contacts on or off: the card forgets its session."""

    def reset(self) -> None:
        """Warm reset: the card forgets its session."""

    def apdu(self, command: bytes) -> bytes:
        """Answer a command: data, then SW1 SW2."""
        ...


Handler = Callable[[Command], bytes]


class T0Card:
    """Base of the simulated cards; a card gives its ATR and its handlers by instruction byte.

    classes: the class bytes it accepts; chained: the instructions whose data may come in several commands; more: the
    status word that announces an answer to fetch, its low byte the length.
    """

    atr = b""
    more = 0x6100
    classes = ISO_CLASSES
    chained: frozenset[int] = frozenset()

    def __init__(self) -> None:
        self._pending = b""
        self._chain = b""
        self._chain_head: tuple[int, int] | None = None

    def set_tries(self, *, pin: int | None = None, puk: int | None = None) -> None:
        """Set how many wrong codes the card still accepts, 0 for blocked; raises ValueError where that cannot be."""
        raise ValueError("a card without codes")

    def handlers(self) -> Mapping[int, Handler]:
        """The commands of the card, by INS."""
        raise NotImplementedError

    def power(self, on: bool) -> None:
        """Switch the contacts on or off: the card forgets its session."""
        del on
        self.reset()

    def reset(self) -> None:
        """Warm reset: the card forgets its session."""
        self._pending = self._chain = b""
        self._chain_head = None

    def apdu(self, command: bytes) -> bytes:
        """Answer a command: data, then SW1 SW2."""
        try:
            data, sw = self._answer(parse_command(command, self.classes))
        except StatusError as error:
            data, sw = b"", error.sw
        return data + sw.to_bytes(2, "big")

    def _answer(self, command: Command) -> tuple[bytes, int]:
        if command.ins == 0xC0:
            return self._get_response(command)
        self._pending = b""
        handler = self.handlers().get(command.ins)
        if handler is None:
            raise StatusError(0x6D00)
        whole = self._gather(command)
        if whole is None:
            return b"", 0x9000
        answer = handler(whole)
        return self._give(command, answer) if answer else (b"", 0x9000)

    def _gather(self, command: Command) -> Command | None:
        """Add a command to the chain it belongs to (ISO 7816-4 5.3.3); None until its last one."""
        head = command.ins, command.p1p2
        before, self._chain = self._chain, b""
        expected, self._chain_head = self._chain_head, None
        if expected is not None and head != expected:
            raise StatusError(0x6883)
        data = before + command.data
        if command.cla & 0x10:
            if command.ins not in self.chained:
                raise StatusError(0x6884)
            if len(data) > _LONGEST_CHAIN:
                raise StatusError(0x6700)
            self._chain, self._chain_head = data, head
            return None
        return replace(command, data=data)

    def _give(self, command: Command, answer: bytes) -> tuple[bytes, int]:
        if command.data or command.expected is None:
            # Case 4: over T=0 a card cannot send data after it received some, the host fetches it (ISO 7816-3 12.2.1).
            self._pending = answer
            return b"", self._announce(answer)
        if len(answer) != command.expected:
            return b"", 0x6C00 | len(answer) & 0xFF
        return answer, 0x9000

    def _get_response(self, command: Command) -> tuple[bytes, int]:
        if not self._pending:
            raise StatusError(0x6985)
        wanted = command.expected or 256
        if wanted > len(self._pending):
            return b"", 0x6C00 | len(self._pending)
        answer, self._pending = self._pending[:wanted], self._pending[wanted:]
        return answer, self._announce(self._pending) if self._pending else 0x9000

    def _announce(self, data: bytes) -> int:
        return self.more | (len(data) if len(data) < 256 else 0)


def parse_command(command: bytes, classes: frozenset[int] = ISO_CLASSES) -> Command:
    """Read a short APDU (ISO 7816-4 5.1); raises StatusError 6700, or 6E00 for a class the card does not accept."""
    if len(command) < 4:
        raise StatusError(0x6700)
    cla, ins, p1, p2 = command[:4]
    if cla not in classes:
        raise StatusError(0x6E00)
    body = command[4:]
    if not body:
        return Command(cla, ins, p1, p2)
    if len(body) == 1:
        return Command(cla, ins, p1, p2, b"", body[0] or 256)
    count = body[0]
    data, rest = body[1 : 1 + count], body[1 + count :]
    if not count or len(data) != count or len(rest) > 1:
        raise StatusError(0x6700)
    return Command(cla, ins, p1, p2, bytes(data), (rest[0] or 256) if rest else None)
