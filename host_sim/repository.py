"""Documents as files: digests computed while streaming, blobs made durable before their metadata exist."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .canonical import Canonicalizer
from .sealed_file import SealedFile
from .store import Store

REPOSITORY_ID = "1.2.250.1.213.4.1.1.1.2"
VACCINATIONS_ID = "1.2.250.1.213.4.1.1.1.4"  # histories of vaccinations
_VACCINATION_HISTORY = "11369-6"
_CHUNK = 1 << 16
_NAMES = ("sha1", "sha256")


@dataclass(frozen=True)
class Digests:
    """Size in bytes, digests of the bytes, and digests of the canonical form with comments (empty: not XML)."""

    size: int
    raw: dict[str, bytes]
    canonical: dict[str, bytes] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """The XDS hash: SHA-1, lower-case hex (ITI TF-3 4.2.3.2.10)."""
        return self.raw["sha1"].hex()


def digest(path: Path, *, xml: bool) -> Digests:
    """Read a file once, whatever its size; raises canonical.XmlError when it should be XML and is not."""
    raw = [hashlib.new(name) for name in _NAMES]
    formal = [hashlib.new(name) for name in _NAMES]
    size = 0

    def sink(piece: bytes) -> None:
        for each in formal:
            each.update(piece)

    writer = Canonicalizer(sink) if xml else None
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            for each in raw:
                each.update(chunk)
            if writer:
                writer.feed(chunk)
    if writer:
        writer.close()
    named = {name: each.digest() for name, each in zip(_NAMES, raw, strict=True)}
    canonical = {name: each.digest() for name, each in zip(_NAMES, formal, strict=True)} if writer else {}
    return Digests(size, named, canonical)


def keep(store: Store, parts: Mapping[str, Path], patient: str) -> dict[str, str]:
    """Make streamed parts blobs under new names, encrypted and durable when this returns; gives the names, by key."""
    names = {key: uuid.uuid4().hex for key in parts}
    try:
        store.keep_blobs({name: parts[key] for key, name in names.items()}, patient)
    except BaseException:
        forget(store, names.values())
        raise
    return names


def forget(store: Store, names: Iterable[str]) -> None:
    """Remove blobs that no metadata points to: the submission they came with was refused."""
    for name in names:
        (store.blobs / name).unlink(missing_ok=True)


def sweep(store: Store) -> None:
    """Remove the blobs of submissions that were not committed when the host died; call it before serving."""
    with store.reading() as cursor:
        kept = {row["blob"] for row in cursor.execute("SELECT blob FROM registry_entries")}
    forget(store, {each.name for each in store.blobs.iterdir()} - kept)


def repository_of(type_code: str) -> str:
    """The repositoryUniqueId of a document, by its typeCode."""
    return VACCINATIONS_ID if type_code == _VACCINATION_HISTORY else REPOSITORY_ID


def document(store: Store, name: str) -> SealedFile:
    """The document that a blob holds, to be read."""
    return store.blob(name)
