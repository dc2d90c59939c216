"""MTOM both ways, streamed (W3C MTOM, XOP; RFC 2387 multipart/related).

A request is a file-like body of known length; an answer is read part by part with caps, the root in memory, each
attachment into a sink that the caller chose.
"""

from __future__ import annotations

import uuid
from collections.abc import Generator, Iterator, Mapping
from typing import BinaryIO
from urllib.parse import unquote

from dossier.document import Content
from dossier.failure import Failure
from soap_clients.multipart import (
    BLOCK,
    DEFAULT_LIMITS,
    BlockStream,
    Limits,
    Part,
    Source,
    parse_content_type,
    read_parts,
)

ROOT_CID = "envelope@cps-bridge"


class MtomBody:
    """A multipart/related request as a file-like body, with a length, for requests or http.client.

    envelope: the SOAP 1.2 envelope, whose xop:Include name the cids of `parts`. Contents are read once, in blocks of
    256 KB whatever size is asked for; `rewind` makes the body readable again.
    Raises Failure CONTENT_CHANGED when a content is not as long as it said.
    """

    def __init__(self, envelope: bytes, parts: Mapping[str, Content], *, action: str = "") -> None:
        boundary = f"cps-bridge-{uuid.uuid4().hex}"
        shown_action = f'; action="{action}"' if action else ""
        self.content_type = (
            f'multipart/related; type="application/xop+xml"; start="<{ROOT_CID}>"; '
            f'start-info="application/soap+xml"; boundary="{boundary}"{shown_action}'
        )
        root_type = f'application/xop+xml; charset=UTF-8; type="application/soap+xml"{shown_action}'
        self._pieces: list[bytes | Content] = [_head(boundary, ROOT_CID, root_type, first=True) + envelope]
        for cid, content in parts.items():
            self._pieces += [_head(boundary, cid, "application/octet-stream"), content]
        self._pieces.append(f"\r\n--{boundary}--\r\n".encode())
        self._length = sum(len(each) if isinstance(each, bytes) else each.size for each in self._pieces)
        self._blocks = self._generate()

    def __len__(self) -> int:
        return self._length

    def read(self, _size: int = -1) -> bytes:
        """Give the next block, b"" at the end; the size asked for is only a wish."""
        return next(self._blocks, b"")

    def rewind(self) -> None:
        """Start again from the first byte."""
        self._blocks.close()
        self._blocks = self._generate()

    def close(self) -> None:
        """Close the content being read."""
        self._blocks.close()

    def _generate(self) -> Generator[bytes, None, None]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from _exactly(piece)


def _head(boundary: str, cid: str, content_type: str, *, first: bool = False) -> bytes:
    lead = "" if first else "\r\n"
    return (
        f"{lead}--{boundary}\r\nContent-Type: {content_type}\r\n"
        f"Content-Transfer-Encoding: binary\r\nContent-ID: <{cid}>\r\n\r\n"
    ).encode()


def _exactly(content: Content) -> Iterator[bytes]:
    left = content.size
    stream = content.open()
    try:
        while block := stream.read(BLOCK):
            left -= len(block)
            if left < 0:
                break
            yield block
    finally:
        stream.close()
    if left:
        raise Failure("CONTENT_CHANGED")


class Answer:
    """An answer of the host: a root part (the envelope) first, then attachments; or the envelope alone.

    Reading raises Failure MTOM_INVALID, MTOM_TRUNCATED or MTOM_TOO_LARGE.
    """

    def __init__(self, root: Part, others: Iterator[Part], root_limit: int) -> None:
        self._root = root
        self._others = others
        self._root_limit = root_limit

    def read_root(self) -> bytes:
        """Give the envelope; once."""
        return self._root.read(self._root_limit)

    def open_root(self) -> BinaryIO:
        """Give the envelope as a stream, for answers too long to be held; once."""
        return BlockStream(self._root.blocks())  # type: ignore[return-value]

    def attachments(self) -> Iterator[Part]:
        """Yield the attachments in order; what was not read of the one before is skipped."""
        return self._others


def open_answer(content_type: str, stream: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Answer:
    """Open an answer, multipart or plain. The root must be the first part (as MTOM senders do, RFC 2387 3.2)."""
    source = Source(stream, limits.total)
    kind, parameters = parse_content_type(content_type)
    if kind != "multipart/related":
        return Answer(Part("", content_type, source.rest()), iter(()), limits.root)
    boundary = parameters.get("boundary", "")
    if not 0 < len(boundary) <= 70:
        raise Failure("MTOM_INVALID", reason="boundary")
    parts = read_parts(source, boundary, limits)
    root = next(parts, None)
    start = parameters.get("start", "")
    if root is None or (start and root.cid and root.cid != start.strip("<>")):
        raise Failure("MTOM_INVALID", reason="root")
    return Answer(root, parts, limits.root)


def cid_of(href: str) -> str:
    """Give the Content-ID that an xop:Include href names: URL-decoded, without "cid:" (RFC 2392)."""
    if not href.startswith("cid:"):
        raise Failure("MTOM_INVALID", reason="href")
    return unquote(href[4:])
