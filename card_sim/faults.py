"""What breaks in a card: it goes mute, slows down, leaves or is replaced during an exchange, answers wrong once."""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass, field

from card_sim.card import SimulatedCard
from card_sim.codes import Codes
from card_sim.secrets import Secret

PIN, PUK = 0x01, 0x02
"""The two codes of a card, whatever its own references are."""


class Fault(enum.Enum):
    """The ways to break a card.

    MUTE and SLOW hold from the n-th command on; WRONG_SW answers the n-th with an error; DIE_AT and SWAP_AT strike when
    the n-th arrives: it gets no answer, and the card is out of the reader, or another one is in its place. The counters
    of its codes are not broken but set: BreakableCard.set_tries.
    """

    MUTE = "mute"
    SLOW = "slow"
    DIE_AT = "die_at"
    SWAP_AT = "swap_at"
    WRONG_SW = "wrong_sw"


class MuteCardError(Exception):
    """The card received a command and will never answer."""


class DeadCardError(Exception):
    """The card left the reader in the middle of a command; replacement: the card that takes its place, or None."""

    def __init__(self, replacement: BreakableCard | None = None) -> None:
        super().__init__()
        self.replacement = replacement


@dataclass
class _Armed:
    fault: Fault
    countdown: int
    sw: int
    seconds: float
    replacement: BreakableCard | None
    hurry: threading.Event = field(default_factory=threading.Event)


class BreakableCard:
    """A card that behaves until a fault is armed."""

    def __init__(self, card: SimulatedCard) -> None:
        self.card = card
        self.atr = card.atr
        self._armed: _Armed | None = None

    def break_down(
        self,
        fault: Fault,
        at: int = 1,
        sw: int = 0x6F00,
        *,
        seconds: float = 0.0,
        replacement: BreakableCard | None = None,
    ) -> None:
        """Arm a fault for the at-th command from now (1 is the next one); it replaces one already armed.

        sw: what WRONG_SW answers; seconds: what SLOW adds to each command; replacement: the card that SWAP_AT puts in.
        """
        self.repair()
        self._armed = _Armed(fault, at, sw, seconds, replacement)

    def repair(self) -> None:
        """Disarm: the card behaves again."""
        armed, self._armed = self._armed, None
        if armed is not None:
            armed.hurry.set()

    @property
    def armed(self) -> Fault | None:
        """The fault that waits for its moment or holds, if there is one."""
        armed = self._armed
        return armed.fault if armed else None

    @property
    def replacement(self) -> BreakableCard | None:
        """The card that is about to take the place of this one."""
        armed = self._armed
        return armed.replacement if armed else None

    def set_tries(self, left: int, reference: int = PIN) -> None:
        """Set the tries left of a code; raises LookupError for a card without it, ValueError for an impossible number.

        A code with no try left is blocked, as after so many wrong ones.
        """
        code = self._code(reference)
        if code is None:
            raise LookupError(reference)
        if not 0 <= left <= code.tries:
            raise ValueError(left)
        code.left = left
        if left == 0:
            code.forget()

    def tries_left(self, reference: int = PIN) -> int | None:
        """Look at the tries left of a code, None for a card without it."""
        code = self._code(reference)
        return code.left if code is not None else None

    def _code(self, reference: int) -> Secret | None:
        codes: Codes | None = getattr(self.card, "codes", None)
        return None if codes is None else codes.pin if reference == PIN else codes.puk

    def power(self, on: bool) -> None:
        """Pass on; a card that answers slowly stops thinking when its power goes."""
        armed = self._armed
        if not on and armed is not None:
            armed.hurry.set()
            armed.hurry = threading.Event()
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
                broken = self._fail(armed)
                if broken is not None:
                    return broken
        try:
            return self.card.apdu(command)
        except Exception:
            return b"\x6f\x00"

    def _fail(self, armed: _Armed) -> bytes | None:
        if armed.fault is Fault.MUTE:
            raise MuteCardError
        if armed.fault is Fault.SLOW:
            armed.hurry.wait(armed.seconds)
            return None
        self._armed = None
        if armed.fault in (Fault.DIE_AT, Fault.SWAP_AT):
            raise DeadCardError(armed.replacement)
        return armed.sw.to_bytes(2, "big")
