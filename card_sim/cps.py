"""A CPS3 professional card, contact side: the IAS-ECC personality, and the surface of the CPS2ter one behind it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from card_sim.authority import Material
from card_sim.card import Command, Handler, T0Card
from card_sim.cast import CastProfessional
from card_sim.codes import Codes
from card_sim.cps2ter import Cps2terSide
from card_sim.cps_files import build_tree
from card_sim.data_objects import read_object
from card_sim.filesystem import MAXIMUM_READ, FileSystem, Rule, ias_parameters
from card_sim.keys import KeyStore, authentication_key, signature_key
from card_sim.secrets import Secret

ATR = bytes.fromhex("3BAC00402A001225006480000310009000")


class CpsCard(T0Card):
    """The card of one professional: its codes, their counters and its CPS_DATA live as long as the object."""

    atr = ATR
    chained = frozenset({0x2A})

    def __init__(self, who: CastProfessional, material: Material) -> None:
        super().__init__()
        signature, authentication, *certificates = material
        self.codes = Codes(who.pin, who.puk)
        self._files = FileSystem(build_tree(who, *certificates), ias_parameters, self._permitted, MAXIMUM_READ)
        keys = {1: signature_key(signature), 2: authentication_key(authentication)}
        self._keys = KeyStore(keys, lambda: self.codes.pin.verified)
        self._legacy = Cps2terSide(who)
        self._handlers: dict[int, Handler] = {
            0xA4: self._select,
            0xB0: self._files.read,
            0xD6: self._files.update,
            0x20: self.codes.verify,
            0x24: self.codes.change,
            0x2C: self.codes.unblock,
            0xCB: lambda command: read_object(command, self.codes, self._keys),
            0x22: self._keys.manage_environment,
            0x2A: self._keys.perform,
            0x88: self._keys.authenticate,
            0x84: challenge,
        }

    @property
    def secrets(self) -> dict[int, Secret]:
        """Both codes by reference: 1 the PIN, 2 the code that unblocks it."""
        return self.codes.by_reference

    def set_tries(self, *, pin: int | None = None, puk: int | None = None) -> None:
        """Set how many wrong codes the card still accepts; raises ValueError beyond 3 for the PIN, 5 for the PUK."""
        self.codes.set_tries(pin, puk)

    def handlers(self) -> Mapping[int, Handler]:
        """The commands of the card, by INS."""
        return self._handlers

    def reset(self) -> None:
        """Warm reset: nothing selected, no code verified; counters stay."""
        super().reset()
        self._files.reset()
        self._keys.reset()
        self._legacy.reset()
        self.codes.forget()

    def apdu(self, command: bytes) -> bytes:
        """Answer a command, of either personality: class A0 speaks to the CPS2ter."""
        return self._legacy.apdu(command) if command[:1] == b"\xa0" else super().apdu(command)

    def _permitted(self, rule: Rule) -> bool:
        return rule is Rule.ALWAYS or (rule is Rule.PIN and self.codes.pin.verified)

    def _select(self, command: Command) -> bytes:
        before = self._files.folder
        answer = self._files.select(command)
        if self._files.folder is not before:
            self._keys.reset()  # a security environment belongs to its folder
        return answer


def challenge(command: Command) -> bytes:
    """GET CHALLENGE: as many random bytes as asked, 8 when none are."""
    return os.urandom(command.expected or 8)
