"""One professional card, whichever way we reach it: our own APDUs, or a PKCS#11 module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cps_bridge.cards.signer import KeyUse
from dossier.certificate import Certificate
from dossier.professional import Activity


@dataclass(frozen=True)
class KeyPair:
    """A certificate of the card and its private key.

    key_reference: the card's local reference, 0 behind a PKCS#11 module, which shows no key before the PIN; identifier:
    CKA_ID, the same for both.
    """

    certificate: Certificate
    key_reference: int
    identifier: bytes = b""


@dataclass(frozen=True)
class PinState:
    """What the card says of its PIN: digits it may have, tries left (None: the card does not tell, 0: blocked).

    unblocking_tries_left: of the unblocking code (PUK), None when unknown; minimum and maximum count digits; warns: the
    way to the card says when one try is left, although it does not count.
    """

    tries_left: int | None
    minimum: int = 4
    maximum: int = 4
    unblocking_tries_left: int | None = None
    unblocking_minimum: int = 8
    unblocking_maximum: int = 8
    warns: bool = False

    @property
    def is_last_try(self) -> bool:
        """Whether a wrong PIN may block the card: one try left, or a card that neither counts nor warns."""
        return self.tries_left == 1 or (self.tries_left is None and not self.warns)


class ProfessionalAccess(Protocol):
    """One professional card. On the card thread only; every method may raise the builtins of the port and Failure.

    Secrets are bytearrays: whoever is given one wipes it, whatever happens. No method ever presents a code twice.
    """

    @property
    def has_pin_pad(self) -> bool:
        """Whether the code can be typed on the reader itself."""
        ...

    def read_serial(self) -> str:
        """Read the serial number of the card, digits as people see them; raises Failure CARD_UNKNOWN."""
        ...

    def read_pin_state(self) -> PinState:
        """Ask the card itself, never a memory of it; costs no try."""
        ...

    def verify_pin(self, pin: bytearray) -> None:
        """Present the PIN once; raises Failure PIN_SHAPE (nothing was sent), PIN_WRONG(tries_left=), PIN_BLOCKED."""
        ...

    def verify_pin_on_pad(self) -> None:
        """Let the person type the PIN on the reader.

        Raises as verify_pin, and Failure PIN_PAD_MISSING, PIN_PAD_TIMEOUT, PIN_PAD_MISTYPED; Cancelled when refused.
        """
        ...

    def change_pin(self, old: bytearray, new: bytearray) -> None:
        """Replace the PIN; raises as verify_pin, and Failure PIN_NEW_SHAPE (nothing was sent)."""
        ...

    def unblock_pin(self, code: bytearray, new: bytearray) -> None:
        """Put a new PIN with the unblocking code.

        Raises Failure PUK_SHAPE, PIN_NEW_SHAPE (nothing was sent), PUK_WRONG(tries_left=), PUK_BLOCKED.
        """
        ...

    def read_certificates(self) -> tuple[KeyPair, ...]:
        """Read the certificates that have a private key on the card."""
        ...

    def read_specialty(self) -> str:
        """Read the specialty (TRE_R01) that the data of the card give, "" when there is none."""
        ...

    def read_activities(self) -> tuple[Activity, ...]:
        """Read the practice situations; raises Failure PIN_REQUIRED, CARD_ACTIVITY_MISSING."""
        ...

    def sign(self, pair: KeyPair, use: KeyUse, hash_name: str, digest: bytes) -> bytes:
        """Sign a digest, PKCS#1 v1.5; raises Failure HASH_NOT_SUPPORTED, PIN_REQUIRED, KEY_NOT_USABLE."""
        ...

    def decrypt(self, pair: KeyPair, cryptogram: bytes) -> bytes:
        """Decrypt what was encrypted for a key, PKCS#1 v1.5; raises Failure KEY_NOT_USABLE, PIN_REQUIRED."""
        ...

    def log_out(self) -> None:
        """Drop the rights that the PIN opened, as far as the way we reach the card can; never raises."""
        ...
