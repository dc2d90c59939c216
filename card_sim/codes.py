"""The PIN of a card, the code that unblocks it, and the commands that present and replace them (ISO 7816-4 11.5)."""

from __future__ import annotations

from card_sim.card import Command, StatusError
from card_sim.secrets import Secret

_REFERENCE = 0x1F
_PIN_TRIES, _PUK_TRIES = 3, 5


class Codes:
    """Both codes of an IAS-ECC card; their counters live as long as the object.

    Public: three tries for the PIN. Simulated profile: the reference and the five tries of the unblocking code.
    """

    def __init__(self, pin: str, puk: str, pin_reference: int = 0x01, puk_reference: int = 0x02) -> None:
        self.pin = Secret(pin_reference, pin.encode(), _PIN_TRIES, len(pin), len(pin))
        self.puk = Secret(puk_reference, puk.encode(), _PUK_TRIES, len(puk), len(puk))

    @property
    def by_reference(self) -> dict[int, Secret]:
        """Both codes, by the reference that commands name them with."""
        return {each.reference: each for each in (self.pin, self.puk)}

    def get(self, reference: int) -> Secret:
        """Find a code, the high bits of the reference ignored; raises StatusError 6A88."""
        secret = self.by_reference.get(reference & _REFERENCE)
        if secret is None:
            raise StatusError(0x6A88)
        return secret

    def set_tries(self, pin: int | None, puk: int | None) -> None:
        """Set the counters that are given; raises ValueError beyond what the card allows."""
        for secret, left in ((self.pin, pin), (self.puk, puk)):
            if left is not None:
                secret.set_tries(left)

    def forget(self) -> None:
        """Leave every verified state, as a reset does."""
        self.pin.forget()
        self.puk.forget()

    def verify(self, command: Command) -> bytes:
        """VERIFY: with a code, or empty to ask for the counter, which costs no try."""
        _demand(command.p1 == 0)
        secret = self.get(command.p2)
        if command.data:
            secret.verify(command.data)
        else:
            secret.status()
        return b""

    def change(self, command: Command) -> bytes:
        """CHANGE REFERENCE DATA, P1 00: the old code, then the new one."""
        _demand(command.p1 == 0)
        self.get(command.p2).change(command.data)
        return b""

    def unblock(self, command: Command) -> bytes:
        """RESET RETRY COUNTER (ISO 7816-4 11.5.10): P1 00 the PUK then the new PIN, 02 the new PIN, 03 neither."""
        new = command.data
        if command.p1 == 0:
            self.puk.verify(new[: self.puk.maximum])
            new = new[self.puk.maximum :]
        else:
            _demand(command.p1 in (2, 3))
            if not self.puk.verified:
                raise StatusError(0x6982)
        if bool(new) != (command.p1 != 3):
            raise StatusError(0x6700)
        self._blockable(command.p2).unblock(new)
        return b""

    def _blockable(self, reference: int) -> Secret:
        if self.get(reference) is not self.pin:
            raise StatusError(0x6985)  # nothing unblocks the unblocking code
        return self.pin


class ChipDocCodes(Codes):
    """The same codes on a CPS4, where a new PIN is put alone, by right of a verification or of an unblocking.

    Public (ANS Cryptolib): CHANGE REFERENCE DATA with P1 01 and the new PIN alone after a VERIFY; RESET RETRY COUNTER
    with P1 03 after the unblocking code, then that same CHANGE; one command with both codes. Simulated profile: the
    references of both codes.
    """

    def __init__(self, pin: str, puk: str) -> None:
        super().__init__(pin, puk, 0x11, 0x12)
        self._unblocked = False

    def forget(self) -> None:
        """Leave every verified state, and the right of an unblocking."""
        super().forget()
        self._unblocked = False

    def change(self, command: Command) -> bytes:
        """CHANGE REFERENCE DATA, P1 01: the new code alone; 6982 without the right to put one."""
        _demand(command.p1 == 1)
        secret = self.get(command.p2)
        if not (secret.verified or (secret is self.pin and self._unblocked)):
            raise StatusError(0x6982)
        secret.replace(command.data)
        self._unblocked = False
        return b""

    def unblock(self, command: Command) -> bytes:
        """RESET RETRY COUNTER: P1 03 gives the right to put a new PIN, P1 00 puts it at once."""
        _demand(command.p1 in (0, 3))
        super().unblock(command)
        self._unblocked = command.p1 == 3
        return b""


def _demand(parameters_right: bool) -> None:
    if not parameters_right:
        raise StatusError(0x6A86)
