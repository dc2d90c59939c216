"""Documents as files that nobody reads without the key of their patient: encrypted a block at a time, streamed back.

A file is a head (mark, id of the key, salt), then blocks of 64 KiB, each AES-256-GCM under a key of the file's own. The
nonce counts the blocks and says which is the last (the STREAM construction), so that none can be moved, left out or
cut off.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import points
from .keys import BrokenSealError, DataKey, Keys

_MARK = b"cpsb1\n"
_ID_BYTES, _SALT_BYTES, _TAG_BYTES = 16, 16, 16
_HEAD_BYTES = len(_MARK) + _ID_BYTES + _SALT_BYTES
_BLOCK = 1 << 16


class KeyDestroyedError(Exception):
    """The key of the patient was destroyed: the document is lost for good."""


def write(source: Path, target: Path, key: DataKey) -> None:
    """Encrypt a file into another, durable when this returns; its name is bound to what it holds."""
    salt = secrets.token_bytes(_SALT_BYTES)
    cipher = _cipher(key, target.name, salt)
    with source.open("rb") as clear, target.open("wb") as closed:
        closed.write(_MARK + key.id.encode() + salt)
        for number, block, last in _numbered(clear, _BLOCK):
            closed.write(cipher.encrypt(_nonce(number, last=last), block, None))
            points.passed(points.BLOB_HALF)
        closed.flush()
        os.fsync(closed.fileno())


class SealedFile:
    """One stored document."""

    def __init__(self, path: Path, keys: Keys) -> None:
        self._path = path
        self._keys = keys

    @property
    def size(self) -> int:
        """How many bytes the document has."""
        held = self._path.stat().st_size - _HEAD_BYTES
        return held - _TAG_BYTES * -(-held // (_BLOCK + _TAG_BYTES))

    def blocks(self) -> Iterator[bytes]:
        """The document, a block at a time; raises KeyDestroyedError, BrokenSealError."""
        with self._path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            if not head.startswith(_MARK) or len(head) != _HEAD_BYTES:
                raise BrokenSealError
            name = head[len(_MARK) :][:_ID_BYTES].decode("ascii", "replace")
            key = self._keys.by_id(name)
            if key is None:
                raise KeyDestroyedError
            cipher = _cipher(key, self._path.name, head[-_SALT_BYTES:])
            for number, block, last in _numbered(stream, _BLOCK + _TAG_BYTES):
                try:
                    yield cipher.decrypt(_nonce(number, last=last), block, None)
                except InvalidTag as error:
                    raise BrokenSealError from error

    def read_bytes(self) -> bytes:
        """The whole document."""
        return b"".join(self.blocks())


def _numbered(stream: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Blocks with their numbers, and whether each is the last; an empty stream has one, empty."""
    number, block = 0, stream.read(size)
    while True:
        following = stream.read(size)
        yield number, block, not following
        if not following:
            return
        number, block = number + 1, following


def _cipher(key: DataKey, name: str, salt: bytes) -> AESGCM:
    return AESGCM(key.derived(b"document " + name.encode(), salt))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
