"""Digests of content, computed in one pass while the bytes are streamed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from dossier.document import CHUNK, Content, StreamContent, read_chunks

HASHES = ("sha1", "sha256")


@dataclass(frozen=True)
class DigestedContent(StreamContent):
    """Streamed content whose digests are known: hash name ("sha1", "sha256") to raw digest."""

    digests: Mapping[str, bytes] = field(repr=False)


def digested(size: int, maker: Callable[[], BinaryIO]) -> DigestedContent:
    """Stream the content once and keep its digests; size is the length in bytes."""
    return DigestedContent(size, maker, digests_of(StreamContent(size, maker)))


def digests_of(content: Content) -> dict[str, bytes]:
    """Compute the digests of HASHES in one pass."""
    running = {name: hashlib.new(name, usedforsecurity=False) for name in HASHES}
    for chunk in read_chunks(content):
        for each in running.values():
            each.update(chunk)
    return {name: each.digest() for name, each in running.items()}


def digest(content: Content, hash_name: str) -> bytes:
    """Give one digest ("sha1" or "sha256"): the known one, or one pass over the bytes."""
    if isinstance(content, DigestedContent):
        return content.digests[hash_name]
    return digests_of(content)[hash_name]


def stream_of(chunks: Iterator[bytes]) -> BinaryIO:
    """Make a readable binary stream of a generator of bytes; closing the stream closes the generator."""
    return cast(BinaryIO, io.BufferedReader(_ChunkStream(chunks), CHUNK))


class _ChunkStream(io.RawIOBase):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer)  # type: ignore[arg-type]
        while not self._rest:
            following = next(self._chunks, None)
            if following is None:
                return 0
            self._rest = memoryview(following)
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        end = getattr(self._chunks, "close", None)
        if end is not None:
            end()
        super().close()
