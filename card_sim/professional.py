"""What the CPS3 and the CPS4 have in common: files and keys behind two codes, and the CPS2ter surface at class A0."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol

from card_sim.card import Command, Handler, T0Card
from card_sim.cast import CastProfessional
from card_sim.codes import Codes
from card_sim.cps2ter import Cps2terSide
from card_sim.filesystem import FileSystem, Rule
from card_sim.secrets import Secret


class Keys(Protocol):
    """Private keys in the security environment that commands set."""

    def reset(self) -> None:
        """Forget the environment."""

    def manage_environment(self, command: Command) -> bytes:
        """MANAGE SECURITY ENVIRONMENT."""
        ...

    def perform(self, command: Command) -> bytes:
        """PERFORM SECURITY OPERATION."""
        ...


class ProfessionalCard(T0Card):
    """The card of one professional: its codes, their counters and its CPS_DATA live as long as the object."""

    chained = frozenset({0x2A})

    def __init__(self, who: CastProfessional, codes: Codes, files: FileSystem, keys: Keys) -> None:
        super().__init__()
        self.codes = codes
        self._files, self._keys = files, keys
        self._legacy = Cps2terSide(who)
        self._handlers: dict[int, Handler] = {
            0xA4: self._select,
            0xB0: files.read,
            0xD6: files.update,
            0x20: codes.verify,
            0x24: codes.change,
            0x2C: codes.unblock,
            0x22: keys.manage_environment,
            0x2A: keys.perform,
            0x84: challenge,
        }

    @property
    def secrets(self) -> dict[int, Secret]:
        """Both codes, the PIN and the one that unblocks it, by their references."""
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
        self._close()
        self._legacy.reset()

    def apdu(self, command: bytes) -> bytes:
        """Answer a command, of either personality: class A0 speaks to the CPS2ter."""
        return self._legacy.apdu(command) if command[:1] == b"\xa0" else super().apdu(command)

    def _close(self) -> None:
        self._files.reset()
        self._keys.reset()
        self.codes.forget()

    def _select(self, command: Command) -> bytes:
        return self._files.select(command)


def opened_by(codes: Codes, rule: Rule) -> bool:
    """Tell whether a rule permits an access in the present state of the codes."""
    return rule is Rule.ALWAYS or (rule is Rule.PIN and codes.pin.verified)


def challenge(command: Command) -> bytes:
    """GET CHALLENGE: as many random bytes as asked, 8 when none are."""
    return os.urandom(command.expected or 8)
