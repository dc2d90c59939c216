"""A streaming reader of multipart bodies with caps (RFC 2046 5.1, RFC 2387).

Nothing is held but the window between two reads; a delimiter may lie across any of them.
"""

from __future__ import annotations

import binascii
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from dossier.failure import Failure

BLOCK = 256 * 1024
MEGABYTE = 1024 * 1024

_PARAMETER = re.compile(r';\s*([!-~]+?)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s"]+)')
_LONGEST_LINE = 256


class Sink(Protocol):
    """Where the bytes of an attachment go."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


@dataclass(frozen=True)
class Limits:
    """Caps of a multipart answer, in parts and bytes."""

    parts: int = 64
    header: int = 16 * 1024
    root: int = 16 * MEGABYTE
    total: int = 1024 * MEGABYTE


DEFAULT_LIMITS = Limits()


class Part:
    """One part of an answer, to be consumed before the next one is asked for."""

    def __init__(self, cid: str, content_type: str, blocks: Iterator[bytes]) -> None:
        self.cid = cid
        self.content_type = content_type
        self._blocks = blocks

    def blocks(self) -> Iterator[bytes]:
        """Yield the decoded bytes that are left."""
        return self._blocks

    def copy_to(self, sink: Sink) -> int:
        """Stream the bytes into the sink; returns how many."""
        count = 0
        for block in self._blocks:
            sink.write(block)
            count += len(block)
        return count

    def read(self, limit: int) -> bytes:
        """Give all the bytes; raises Failure MTOM_TOO_LARGE beyond the limit."""
        found = bytearray()
        for block in self._blocks:
            found += block
            if len(found) > limit:
                raise Failure("MTOM_TOO_LARGE")
        return bytes(found)


def parse_content_type(value: str) -> tuple[str, dict[str, str]]:
    """Split a Content-Type into its lower-case media type and its parameters (lower-case names)."""
    kind, _, _ = value.partition(";")
    found = {name.lower(): _unquoted(text) for name, text in _PARAMETER.findall(value)}
    return kind.strip().lower(), found


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def read_parts(source: Source, boundary: str, limits: Limits) -> Iterator[Part]:
    """Yield the parts in order; what was not read of a part is skipped.

    Raises Failure MTOM_INVALID, MTOM_TRUNCATED (no closing delimiter) or MTOM_TOO_LARGE.
    """
    delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
    seen: set[str] = set()
    source.begin()
    for _ in source.until(delimiter):  # the preamble
        pass
    count = 0
    while not source.ended:
        count += 1
        if count > limits.parts:
            raise Failure("MTOM_TOO_LARGE")
        headers = _headers(source.header_block(limits.header))
        cid = headers.get("content-id", "").strip().strip("<>")
        if cid in seen or (count > 1 and not cid):
            raise Failure("MTOM_INVALID", reason="content-id")
        seen.add(cid)
        blocks = _decoded(source.until(delimiter), headers.get("content-transfer-encoding", "binary").strip().lower())
        yield Part(cid, headers.get("content-type", ""), blocks)
        for _ in blocks:
            pass
    # Only a connection read to its end may serve again; what comes after the last part cannot spoil the answer.
    with suppress(Failure):
        for _ in source.rest():
            pass


def _headers(block: bytes) -> dict[str, str]:
    text = re.sub(r"\r\n[ \t]+", " ", block.decode("latin-1"))
    found: dict[str, str] = {}
    for line in filter(None, text.split("\r\n")):
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon or not name or name in found:
            raise Failure("MTOM_INVALID", reason="header")
        found[name] = value.strip()
    return found


def _decoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding in ("binary", "8bit", "7bit"):
        return blocks
    if encoding == "base64":
        return _from_base64(blocks)
    raise Failure("MTOM_INVALID", reason="encoding")


def _from_base64(blocks: Iterator[bytes]) -> Iterator[bytes]:
    left = b""
    try:
        for block in blocks:
            text = left + block.translate(None, b"\r\n \t")
            whole = len(text) - len(text) % 4
            left = text[whole:]
            if whole:
                yield binascii.a2b_base64(text[:whole], strict_mode=True)
    except binascii.Error as error:
        raise Failure("MTOM_INVALID", reason="base64") from error
    if left:
        raise Failure("MTOM_INVALID", reason="base64")


class BlockStream(io.RawIOBase):
    """Blocks as a readable stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._held = memoryview(b"")

    def readable(self) -> bool:
        """Say yes."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Give at most `size` bytes, b"" at the end."""
        if size < 0:
            whole = bytes(self._held) + b"".join(self._blocks)
            self._held = memoryview(b"")
            return whole
        while not self._held and size:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._held = memoryview(block)
        taken, self._held = self._held[:size], self._held[size:]
        return bytes(taken)


@dataclass
class Source:
    """The bytes of an answer with a window over them; `ended` once the closing delimiter has passed."""

    stream: BinaryIO
    limit: int
    ended: bool = False
    _window: bytearray = field(default_factory=bytearray)
    _total: int = 0

    def _read(self) -> bytes:
        block = self.stream.read(BLOCK)
        self._total += len(block)
        if self._total > self.limit:
            raise Failure("MTOM_TOO_LARGE")
        return block

    def _fill(self) -> bool:
        block = self._read()
        self._window += block
        return bool(block)

    def begin(self) -> None:
        """Start as if after a line end: the first delimiter has none before it."""
        self._window += b"\r\n"

    def rest(self) -> Iterator[bytes]:
        """Yield all that was not taken: the body of a plain answer, or the epilogue."""
        yield self._take(len(self._window))
        while block := self._read():
            yield block

    def _take(self, count: int) -> bytes:
        block = bytes(self._window[:count])
        del self._window[:count]
        return block

    def _need(self) -> None:
        if not self._fill():
            raise Failure("MTOM_TRUNCATED")

    def until(self, delimiter: bytes) -> Iterator[bytes]:
        """Yield the bytes before the next delimiter line and swallow that line."""
        searched = 0
        while True:
            at = self._window.find(delimiter, searched)
            if at < 0:
                safe = len(self._window) - len(delimiter) + 1
                if safe > 0:
                    yield self._take(safe)
                searched = 0
                self._need()
                continue
            after = self._line_after(at + len(delimiter))
            if after < 0:
                searched = at + 1
                continue
            if at:
                yield self._take(at)
            del self._window[: after - at]
            return

    def _line_after(self, position: int) -> int:
        """Give where the part after a delimiter starts (and note the last one), or -1 when it is not a delimiter."""
        while len(self._window) < position + 2:
            self._need()
        if self._window[position : position + 2] == b"--":
            self.ended = True
            return position + 2
        while (end := self._window.find(b"\r\n", position, position + _LONGEST_LINE)) < 0:
            if len(self._window) >= position + _LONGEST_LINE:
                return -1
            self._need()
        return end + 2 if not self._window[position:end].strip(b" \t") else -1

    def header_block(self, limit: int) -> bytes:
        """Take the header lines of a part, up to the empty line."""
        while True:
            if self._window.startswith(b"\r\n"):
                del self._window[:2]
                return b""
            end = self._window.find(b"\r\n\r\n")
            if 0 <= end <= limit:
                block = self._take(end)
                del self._window[:4]
                return block
            if len(self._window) > limit:
                raise Failure("MTOM_TOO_LARGE")
            self._need()
