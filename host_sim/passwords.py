"""Logins and passwords of patients: made at random, kept only as a salted hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_ALPHABET = _LETTERS + _LETTERS.lower().replace("l", "") + "23456789"


def new_login() -> str:
    """A login of 2 letters and 8 digits."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(2))
    return letters + "".join(secrets.choice("0123456789") for _ in range(8))


def new_password() -> str:
    """A password of 12 characters, without look-alikes."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def hashed(password: str, salt: bytes) -> bytes:
    """Scrypt of a password."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def matches(password: str, salt: bytes, expected: bytes) -> bool:
    """Whether a password is the one that was hashed; constant time."""
    return hmac.compare_digest(hashed(password, salt), expected)
