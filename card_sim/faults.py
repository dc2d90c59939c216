"""What breaks in a card: it goes mute, dies during an exchange, or answers a wrong status word."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from card_sim.card import SimulatedCard


class Fault(enum.Enum):
    """The ways to break a card; MUTE holds from the n-th command on, the others strike at the n-th."""

    MUTE = "mute"
    DIE_AT = "die_at"
    WRONG_SW = "wrong_sw"


class MuteCardError(Exception):
    """The card received a command and will never answer."""


class DeadCardError(Exception):
    """The card left the reader in the middle of a command."""


@dataclass
class _Armed:
    fault: Fault
    countdown: int
    sw: int


class BreakableCard:
    """A card that behaves until a fault is armed."""

    def __init__(self, card: SimulatedCard) -> None:
        self.card = card
        self.atr = card.atr
        self._armed: _Armed | None = None

    def break_down(self, fault: Fault, at: int = 1, sw: int = 0x6F00) -> None:
        """Arm a fault for the at-th command from now (1 is the next one); it replaces one already armed."""
        self._armed = _Armed(fault, at, sw)

    def repair(self) -> None:
        """Disarm: the card behaves again."""
        self._armed = None

    def power(self, on: bool) -> None:
        """Pass on."""
        self.card.power(on)

    def reset(self) -> None:
        """Pass on."""
        self.card.reset()

    def apdu(self, command: bytes) -> bytes:
        """Answer, or break: raises MuteCardError or DeadCardError. A card that crashes answers 6F00."""
        armed = self._armed
        if armed is not None:
            armed.countdown -= 1
            if armed.countdown <= 0:
                return self._fail(armed)
        try:
            return self.card.apdu(command)
        except Exception:
            return b"\x6f\x00"

    def _fail(self, armed: _Armed) -> bytes:
        if armed.fault is Fault.MUTE:
            raise MuteCardError
        self._armed = None
        if armed.fault is Fault.DIE_AT:
            raise DeadCardError
        return armed.sw.to_bytes(2, "big")
