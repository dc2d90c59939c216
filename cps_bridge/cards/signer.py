"""A key of the card as the wire rooms see it (``dossier.signer.Signer``)."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field


class KeyUse(enum.Enum):
    """The two private keys of a CPS."""

    AUTHENTICATION = "authentication"
    SIGNATURE = "signature"


@dataclass(frozen=True)
class CardSigner:
    """One private key of one stay of a card; usable from any thread but the card's.

    sign_on_card: hops to the card thread; it holds the epoch, so that a signer never outlives its card.
    """

    certificate: bytes = field(repr=False)
    sign_on_card: Callable[[str, bytes], bytes] = field(repr=False)
    chain: tuple[bytes, ...] = field(default=(), repr=False)

    def sign(self, hash_name: str, digest: bytes) -> bytes:
        """Sign a digest ("sha1", "sha256"; also "sha384" and "sha512" with the authentication key); blocking.

        Raises Failure CARD_REMOVED, PIN_REQUIRED, HASH_NOT_SUPPORTED, CARD_MUTE, CARD_BUSY, WRONG_THREAD.
        """
        return self.sign_on_card(hash_name, digest)
