"""The PIN and the unblocking code of a card: the digits they may have, how they are sent, what a refusal means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cps_bridge.cards.apdu import BLOCKED, failure_of
from dossier.failure import Failure

_DIGITS = frozenset(b"0123456789")
_SHORTEST, _LONGEST_PIN, _LONGEST_PUK = 4, 8, 16


@dataclass(frozen=True)
class CodeFormat:
    """How a card takes a code (ISO/IEC 7816-15 clause 8.9.2, PasswordAttributes).

    reference: P2 of the commands; minimum, maximum: digits; padded_to: bytes that the card wants, 0 when it takes the
    digits alone; filling: the byte that fills.
    """

    reference: int
    minimum: int
    maximum: int
    padded_to: int = 0
    filling: int = 0xFF

    @property
    def digits(self) -> str:
        """The number of digits in words of a sentence: "4", "4-8"."""
        return str(self.minimum) if self.minimum == self.maximum else f"{self.minimum}-{self.maximum}"

    def fits(self, code: bytearray) -> bool:
        """Tell whether the card could take this code."""
        return self.minimum <= len(code) <= self.maximum and _DIGITS.issuperset(code)

    def encoded(self, code: bytearray) -> bytearray:
        """Give the bytes to send, in a buffer of their own, to be wiped like the code itself."""
        return code + bytes([self.filling]) * (self.padded_to - len(code))


@dataclass(frozen=True)
class Codes:
    """Both codes of a card; puk: None when the card does not say how it is unblocked."""

    pin: CodeFormat
    puk: CodeFormat | None


DEFAULT_PIN = CodeFormat(0x01, 4, 4)
"""What every source says of the PIN of a CPS, for a card whose directory says nothing."""


def bounded(minimum: int, maximum: int, *, unblocking: bool) -> tuple[int, int]:
    """Keep the digits that a card announces between 4 and 8 (16 for an unblocking code): more would not be a code."""
    longest = _LONGEST_PUK if unblocking else _LONGEST_PIN
    low = min(max(minimum, _SHORTEST), longest)
    return low, max(low, min(maximum, longest))


@contextmanager
def wiping(*secrets: bytearray) -> Iterator[None]:
    """Overwrite secrets at the end of the block, whatever happens in it."""
    try:
        yield
    finally:
        for secret in secrets:
            secret[:] = bytes(len(secret))


def demand_pin(form: CodeFormat, pin: bytearray) -> None:
    """Refuse a PIN that the card cannot have; raises Failure PIN_SHAPE."""
    if not form.fits(pin):
        raise Failure("PIN_SHAPE", digits=form.digits)


def demand_new_pin(form: CodeFormat, new: bytearray) -> None:
    """Refuse a new PIN that the card cannot have; raises Failure PIN_NEW_SHAPE."""
    if not form.fits(new):
        raise Failure("PIN_NEW_SHAPE", digits=form.digits)


def demand_puk(codes: Codes, puk: bytearray) -> CodeFormat:
    """Give the format of the unblocking code, if this may be one; raises Failure PUK_SHAPE, PUK_UNKNOWN."""
    if codes.puk is None:
        raise Failure("PUK_UNKNOWN")
    if not codes.puk.fits(puk):
        raise Failure("PUK_SHAPE", digits=codes.puk.digits)
    return codes.puk


def tries_in(status: int) -> int | None:
    """Read the counter that a status word tells, None when it tells none."""
    if status == BLOCKED:
        return 0
    return status & 0x0F if status & 0xFFF0 == 0x63C0 else None


def pin_refusal(status: int, tries_left: int | None = None) -> Failure:
    """Say what a refused PIN means: PIN_WRONG, PIN_BLOCKED, or the failure of the status word."""
    left = tries_in(status) if tries_left is None else tries_left
    if left is None:
        return failure_of(status)
    return Failure("PIN_WRONG", tries_left=left) if left else Failure("PIN_BLOCKED")


def puk_refusal(status: int, tries_left: int | None = None) -> Failure:
    """Say what a refused unblocking code means: PUK_WRONG, PUK_BLOCKED, or the failure of the status word."""
    left = tries_in(status) if tries_left is None else tries_left
    if left is None:
        return failure_of(status)
    return Failure("PUK_WRONG", tries_left=left) if left else Failure("PUK_BLOCKED")
