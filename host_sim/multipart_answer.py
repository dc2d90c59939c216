"""The body of an MTOM answer, streamed from files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from .call import Part
from .message import SOAP_TYPE, XOP_TYPE

ROOT_ID = "root.message@host-sim"
_CHUNK = 1 << 18


class Writable(Protocol):
    """Where the body of an answer goes."""

    def write(self, data: bytes, /) -> object:
        """Take a block."""


def write_parts(stream: Writable, envelope: bytes, parts: Mapping[str, Part], boundary: str, root_type: str) -> None:
    """Write an MTOM body: the root part, then each file, a block at a time."""
    stream.write(_root_head(boundary, root_type))
    stream.write(envelope)
    for name, part in parts.items():
        stream.write(_part_head(boundary, name))
        for block in _blocks(part) if isinstance(part, Path) else part.blocks():
            stream.write(block)
    stream.write(_tail(boundary))


def length_of_parts(envelope: bytes, parts: Mapping[str, Part], boundary: str, root_type: str) -> int:
    """The exact size of what `write_parts` writes."""
    files = sum(len(_part_head(boundary, name)) + _size(part) for name, part in parts.items())
    return len(_root_head(boundary, root_type)) + len(envelope) + files + len(_tail(boundary))


def multipart_type(boundary: str) -> str:
    """The media type of an MTOM answer."""
    return f'multipart/related; type="{XOP_TYPE}"; start="<{ROOT_ID}>"; start-info="{SOAP_TYPE}"; boundary="{boundary}"'


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while block := source.read(_CHUNK):
            yield block


def _size(part: Part) -> int:
    return part.stat().st_size if isinstance(part, Path) else part.size


def _root_head(boundary: str, root_type: str) -> bytes:
    return (
        f"--{boundary}\r\nContent-Type: {root_type}\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <{ROOT_ID}>\r\n\r\n"
    ).encode()


def _part_head(boundary: str, name: str) -> bytes:
    return (
        f"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <{name}>\r\n\r\n"
    ).encode()


def _tail(boundary: str) -> bytes:
    return f"\r\n--{boundary}--\r\n".encode()
