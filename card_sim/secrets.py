"""PIN and unblocking code of a card: comparison, counters, blocking (ISO 7816-4 11.5)."""

from __future__ import annotations

import hmac

from card_sim.card import StatusError


class Secret:
    """A code with its counter; the counter survives reset, the verified state does not."""

    def __init__(self, reference: int, value: bytes, tries: int, minimum: int, maximum: int) -> None:
        self.reference = reference
        self.minimum = minimum
        self.maximum = maximum
        self.tries = tries
        self.left = tries
        self.verified = False
        self._value = value

    def status(self) -> None:
        """Say nothing when verified; raises StatusError 63Cx with the tries left, or 6983 when blocked."""
        if self.left == 0:
            raise StatusError(0x6983)
        if not self.verified:
            raise StatusError(0x63C0 | self.left)

    def verify(self, candidate: bytes) -> None:
        """Compare; raises StatusError 63Cx after a wrong code (63C0 for the one that blocks), 6983 once blocked."""
        if self.left == 0:
            raise StatusError(0x6983)
        if hmac.compare_digest(candidate.rstrip(b"\xff"), self._value):
            self.left, self.verified = self.tries, True
            return
        self.left, self.verified = self.left - 1, False
        raise StatusError(0x63C0 | self.left)

    def change(self, both: bytes) -> None:
        """Replace: the old code, then the new one, of equal lengths; raises StatusError 6700 or as verify does."""
        half, odd = divmod(len(both), 2)
        if odd:
            raise StatusError(0x6700)
        new = self._checked(both[half:])
        self.verify(both[:half])
        self._value = new

    def replace(self, new: bytes) -> None:
        """Put a new code; the caller has checked the right to do so. Raises StatusError 6A80 for another shape."""
        self._value = self._checked(new)

    def unblock(self, new: bytes = b"") -> None:
        """Restore the counter and, when given, put a new code; the caller has checked the right to do so."""
        if new:
            self.replace(new)
        self.left, self.verified = self.tries, False

    def set_tries(self, left: int) -> None:
        """Set the counter as if wrong codes had been tried (which also closes); ValueError beyond what there is."""
        if not 0 <= left <= self.tries:
            raise ValueError(left)
        self.left, self.verified = left, self.verified and left == self.tries

    def forget(self) -> None:
        """Leave the verified state, as a reset does."""
        self.verified = False

    def _checked(self, new: bytes) -> bytes:
        new = new.rstrip(b"\xff")
        if not self.minimum <= len(new) <= self.maximum or not new.isdigit():
            raise StatusError(0x6A80)
        return new
