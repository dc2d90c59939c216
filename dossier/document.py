"""A document: its metadata and where its bytes are. Hashed once while streamed, never loaded to be counted."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from dossier.metadata import Association, DocumentEntry, SubmissionSet

CHUNK = 256 * 1024


class Content(Protocol):
    """Bytes that can be read again from the start, as often as needed."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def open(self) -> BinaryIO:
        """Open a fresh binary stream at the first byte."""
        ...


@dataclass(frozen=True)
class FileContent:
    """Bytes of a file; they must not change while they are in use."""

    path: Path

    @property
    def size(self) -> int:
        """Length in bytes, from the file system."""
        return self.path.stat().st_size

    def open(self) -> BinaryIO:
        """Open the file for reading."""
        return self.path.open("rb")


@dataclass(frozen=True)
class BytesContent:
    """Bytes already in memory."""

    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.data)

    def open(self) -> BinaryIO:
        """Open a stream over the bytes."""
        return io.BytesIO(self.data)


@dataclass(frozen=True)
class StreamContent:
    """Bytes that a maker streams on demand, of a length known beforehand."""

    size: int
    maker: Callable[[], BinaryIO] = field(repr=False)

    def open(self) -> BinaryIO:
        """Ask the maker for a fresh stream."""
        return self.maker()


def read_chunks(content: Content) -> Iterator[bytes]:
    """Yield the bytes in chunks of at most CHUNK bytes; closes the stream."""
    with closing(content.open()) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def hash_and_size(content: Content) -> tuple[str, int]:
    """Compute (SHA-1 in lower-case hex, length in bytes) in one pass (XDS hash, ITI TF-3 4.2.3.2.10)."""
    digest, size = hashlib.sha1(usedforsecurity=False), 0
    for chunk in read_chunks(content):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


@dataclass(frozen=True)
class Document:
    """One document to deposit, or one that was retrieved: entry and bytes."""

    entry: DocumentEntry
    content: Content


@dataclass(frozen=True)
class Lot:
    """One submission: the set, its documents (the lot's signature among them) and the links between them."""

    submission_set: SubmissionSet
    documents: tuple[Document, ...]
    associations: tuple[Association, ...]
