"""A CPS4 professional card: the ChipDoc application on logical channel 1, the CPS2ter one on channel 0.

Public (ANS Cryptolib): the answers to reset; the class bytes 01 and 11; the selection of the application by name, of
the root and its folders by identifier, of files by identifier from the folder they are in, never by a path from 3F00;
no GET DATA and no INTERNAL AUTHENTICATE; reads of 256 bytes. Simulated profile: 6881 while channel 1 has no
application, 6E00 on channel 0, file control parameters without access rules, no short identifiers.
"""

from __future__ import annotations

from functools import partial

from card_sim.authority import Material
from card_sim.card import Command, StatusError
from card_sim.cast import CastProfessional
from card_sim.chipdoc_keys import ChipDocKeys
from card_sim.codes import ChipDocCodes
from card_sim.cps_files import AID_ROOT, build_chipdoc_tree
from card_sim.der import tlv
from card_sim.filesystem import File, FileSystem, Folder
from card_sim.professional import ProfessionalCard, opened_by

ATR = bytes.fromhex("3B9B188001001225006480040100009044")
OTHER_ATRS = (
    bytes.fromhex("3B9B188001001225006480000401009044"),
    bytes.fromhex("3BDC18FF00001225006480000401009000"),
)
"""The release candidates, the second with T=0 only."""

_AID_LEGACY = bytes.fromhex("8025000001FF0002")
_AID_MANAGER = bytes.fromhex("A0000001510000")
_SELECT_BY_NAME = bytes.fromhex("00A4040C08") + _AID_LEGACY
_NO_CHANNEL = b"\x68\x81"


class Cps4Card(ProfessionalCard):
    """The ChipDoc card: what it answers on channel 1 is the application, once that is selected.

    The references of its codes are 11 for the PIN, 12 for the one that unblocks it.
    """

    atr = ATR
    classes = frozenset({0x01, 0x11})

    def __init__(self, who: CastProfessional, material: Material) -> None:
        signature, authentication, *certificates = material
        codes = ChipDocCodes(who.pin, who.puk)
        files = ChipDocFiles(build_chipdoc_tree(who, *certificates), chipdoc_parameters, partial(opened_by, codes))
        super().__init__(who, codes, files, ChipDocKeys(signature, authentication, lambda: codes.pin.verified))
        self._selected = False

    def apdu(self, command: bytes) -> bytes:
        """Answer a command on the side that its class byte means."""
        if command == _SELECT_BY_NAME:
            return b"\x90\x00"
        if command[:1] in (b"\x01", b"\x11") and not self._selected and not self._is_selection(command):
            return _NO_CHANNEL
        return super().apdu(command)

    @staticmethod
    def _is_selection(command: bytes) -> bool:
        return command[1:3] == b"\xa4\x04" or command[1:2] == b"\xc0"

    def _close(self) -> None:
        self._selected = False
        super()._close()

    def _select(self, command: Command) -> bytes:
        if command.p1 == 4 and command.data == _AID_MANAGER:
            self._close()
            return b""
        if not self._selected and command.data != AID_ROOT:
            raise StatusError(0x6A82)
        answer = super()._select(command)
        self._selected = True
        return answer


class ChipDocFiles(FileSystem):
    """Selection as a CPS4 takes it: step by step."""

    def _find(self, p1: int, data: bytes) -> File | Folder | None:
        if p1 == 4:
            return self._named(data)
        if p1 not in (0, 9) or len(data) != 2:
            raise StatusError(0x6A86)
        identifier = int.from_bytes(data, "big")
        if p1 == 0 and identifier == self.root.identifier:
            return self.root
        return self.folder.children.get(identifier)


def chipdoc_parameters(target: File | Folder) -> bytes:
    """Describe a file: template 62 with its size and identifier."""
    identifier = tlv(0x83, target.identifier.to_bytes(2, "big"))
    if isinstance(target, Folder):
        return tlv(0x62, tlv(0x82, b"\x38"), identifier, tlv(0x84, target.aid) if target.aid else b"")
    return tlv(0x62, tlv(0x80, len(target.content).to_bytes(2, "big")), tlv(0x82, b"\x01"), identifier)
