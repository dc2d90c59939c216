"""The bytes of a lot, frozen in the vault: in rows of equal length, hashed while they are written, streamed back."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from cps_bridge.storage.cipher import Row, Vault
from dossier.document import CHUNK, Content, StreamContent, read_chunks
from dossier.failure import Failure

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox_part (
    id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES outbox_item(id) ON DELETE CASCADE,
    document_id TEXT NOT NULL, unique_id TEXT NOT NULL, listed INTEGER NOT NULL,
    sha1 TEXT NOT NULL, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS outbox_chunk (
    part INTEGER NOT NULL REFERENCES outbox_part(id) ON DELETE CASCADE, seq INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (part, seq)) WITHOUT ROWID
"""


@dataclass(frozen=True)
class NewPart:
    """One document of a lot about to be frozen; listed: whether the host shows it in answers to TD3.1.

    sha1: lower-case hex of what was hashed for the metadata, "" when it was not.
    """

    document_id: str
    unique_id: str
    content: Content
    listed: bool = True
    sha1: str = ""


@dataclass(frozen=True)
class Part:
    """One frozen document: symbolic id, uniqueId, SHA-1 (hex) and size in bytes."""

    document_id: str
    unique_id: str
    sha1: str
    size: int
    listed: bool
    content: Content


class Frozen:
    """The parts of every lot; the outbox owns it and gives the transactions."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        vault.ensure(_SCHEMA)

    def freeze(self, number: int, part: NewPart) -> None:
        """Write the bytes of one part of a lot; raises Failure DOCUMENT_CHANGED when they are not what was hashed."""
        row = self._vault.execute(
            "INSERT INTO outbox_part (item, document_id, unique_id, listed, sha1, size) VALUES (?,?,?,?,'',0)",
            (number, part.document_id, part.unique_id, part.listed),
        )
        digest, size = hashlib.sha1(usedforsecurity=False), 0
        for sequence, data in enumerate(_even(read_chunks(part.content))):
            digest.update(data)
            size += len(data)
            self._vault.execute("INSERT INTO outbox_chunk VALUES (?,?,?)", (row, sequence, data))
        if part.sha1 not in ("", digest.hexdigest()):
            raise Failure("DOCUMENT_CHANGED")
        self._vault.execute("UPDATE outbox_part SET sha1 = ?, size = ? WHERE id = ?", (digest.hexdigest(), size, row))

    def parts(self, number: int) -> tuple[Part, ...]:
        """Give the parts of a lot, in their order."""
        rows = self._vault.rows(
            "SELECT document_id, unique_id, sha1, size, listed, id FROM outbox_part WHERE item = ? ORDER BY id",
            (number,),
        )
        return tuple(map(self._part, rows))

    def _part(self, row: Row) -> Part:
        document_id, unique_id, sha1, size, listed, number = row
        content = StreamContent(size, lambda: self._stream(number))
        return Part(document_id, unique_id, sha1, size, bool(listed), content)

    def _stream(self, part: int) -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(_ChunkStream(self._vault, part), CHUNK))


class _ChunkStream(io.RawIOBase):
    def __init__(self, vault: Vault, part: int) -> None:
        self._vault, self._part, self._next, self._rest = vault, part, 0, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        if not self._rest:
            row = self._vault.row("SELECT data FROM outbox_chunk WHERE part = ? AND seq = ?", (self._part, self._next))
            self._rest, self._next = bytes(row[0]) if row else b"", self._next + 1
        taken = self._rest[: len(view)]
        view[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


def _even(chunks: Iterator[bytes], size: int = CHUNK) -> Iterator[bytes]:
    """Regroup chunks of any length into rows of the same length, so that a stream never wastes rows."""
    pending: list[bytes] = []
    length = 0
    for chunk in chunks:
        pending.append(chunk)
        length += len(chunk)
        if length >= size:
            yield b"".join(pending)
            pending, length = [], 0
    if length:
        yield b"".join(pending)
