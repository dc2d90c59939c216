"""What the wire rooms know of a card: a certificate chain and a way to sign a digest."""

from __future__ import annotations

from typing import Protocol


class Signer(Protocol):
    """A private key that stays where it is (card, token), seen from outside.

    The key is RSA and signs PKCS#1 v1.5 over a DigestInfo (RFC 8017 9.2): CPS3 knows nothing else.
    """

    @property
    def certificate(self) -> bytes:
        """The X.509 certificate of the key, DER."""
        ...

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates above it, DER, nearest first; may be empty."""
        ...

    def sign(self, hash_name: str, digest: bytes) -> bytes:
        """Sign a digest ("sha1", "sha256", "sha384", "sha512"); blocking. Raises Failure of kind CARD."""
        ...
