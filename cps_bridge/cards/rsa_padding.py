"""PKCS#1 v1.5 padding for cards that leave it to the computer (RFC 8017 clauses 7.2 and 9.2)."""

from __future__ import annotations

from dossier.failure import Failure

_SHORTEST = 8


def pad_signature(information: bytes, size: int) -> bytes:
    """Build the block of a signature: 00 01 FF... 00, then the DigestInfo; size: bytes of the modulus.

    Raises Failure KEY_NOT_USABLE when the modulus is too short for it.
    """
    filling = size - 3 - len(information)
    if filling < _SHORTEST:
        raise Failure("KEY_NOT_USABLE", reason="key size")
    return b"\x00\x01" + b"\xff" * filling + b"\x00" + information


def strip_encryption(block: bytes) -> bytes:
    """Give the message of a decrypted block: what follows 00 02, at least eight bytes other than 00, and 00.

    One failure for every fault, so that nobody learns which: DECRYPTION_FAILED.
    """
    end = block.find(b"\x00", 2)
    if block[:2] != b"\x00\x02" or end < 2 + _SHORTEST:
        raise Failure("DECRYPTION_FAILED")
    return block[end + 1 :]
