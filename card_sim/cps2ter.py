"""The CPS2ter: an older card, and the older personality that a CPS3 keeps behind its class byte A0.

Public (ANS Cryptolib): the class A0, selection by identifier only, 9Fxx where ISO says 61xx, the answer to a selection
85 { size, identifier, type }, the status words 9404 and 9804, the files 7F01/4000 and 4010 to 401F. Not public: what
the files hold and how they are opened, so nothing can be read. No ATR of a CPS2ter is published: the one here is a
variant of the CPS3's seen in the wild, and that its bytes 02 12 announce a CPS2ter is our inference.
"""

from __future__ import annotations

from collections.abc import Mapping

from card_sim.authority import Material
from card_sim.card import Command, Handler, StatusError, T0Card
from card_sim.cast import CastProfessional
from card_sim.der import tlv
from card_sim.filesystem import File, Folder

ATR = bytes.fromhex("3BAC00402A001225006480820212009000")
_MASTER, _DEDICATED, _ELEMENTARY = 1, 2, 4
_UNKNOWN_SIZE = 0x40
_SELECT, _READ = 0xA4, 0xB0
_NOT_FOUND, _NOT_OPENED, _WRONG_PARAMETERS = 0x9404, 0x9804, 0x6B00


class Cps2terSide(T0Card):
    """The file structure that class A0 shows; every content stays closed."""

    classes = frozenset({0xA0})
    more = 0x9F00

    def __init__(self, who: CastProfessional) -> None:
        super().__init__()
        self._root = _tree(who)
        self._folder = self._root

    def handlers(self) -> Mapping[int, Handler]:
        """SELECT, and READ BINARY that is always refused."""
        return {_SELECT: self._select, _READ: _refuse}

    def reset(self) -> None:
        """Stand at the root again."""
        super().reset()
        self._folder = self._root

    def _select(self, command: Command) -> bytes:
        if command.p1p2:
            raise StatusError(_WRONG_PARAMETERS)
        if len(command.data) != 2:
            raise StatusError(0x6700)
        identifier = int.from_bytes(command.data, "big")
        target = self._root if identifier == self._root.identifier else self._near(identifier)
        if target is None:
            raise StatusError(_NOT_FOUND)
        if isinstance(target, Folder):
            self._folder = target
        return _description(target)

    def _near(self, identifier: int) -> File | Folder | None:
        return self._folder.children.get(identifier)


class Cps2terCard(Cps2terSide):
    """A card that only knows the older command set: 6E00 to everything else."""

    atr = ATR

    def __init__(self, who: CastProfessional, material: Material) -> None:
        del material  # nobody knows where a CPS2ter keeps its certificates
        super().__init__(who)


def _refuse(command: Command) -> bytes:
    del command
    raise StatusError(_NOT_OPENED)


def _description(target: File | Folder) -> bytes:
    if isinstance(target, Folder):
        size, kind = 0, _MASTER if target.parent is None else _DEDICATED
    else:
        size, kind = len(target.content), _ELEMENTARY
    return tlv(0x85, size.to_bytes(2, "big"), target.identifier.to_bytes(2, "big"), bytes([kind]))


def _tree(who: CastProfessional) -> Folder:
    root, billing = Folder(0x3F00), Folder(0x7F01)
    billing.add(File(0x4000, bytearray(_UNKNOWN_SIZE)))
    root.add(billing, *(File(0x400F + each.number, bytearray(_UNKNOWN_SIZE)) for each in who.activities))
    return root
