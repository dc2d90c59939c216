"""The body of an HTTP request, read a block at a time whatever its framing (RFC 9112 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .call import HostFault

_MAX_LINE = 1024


class Connection(Protocol):
    """The reading side of a connection."""

    def read(self, size: int, /) -> bytes:
        """Give `size` bytes, fewer only at the end."""

    def readline(self, size: int, /) -> bytes:
        """Give a line of at most `size` bytes."""


class BadFraming(Exception):  # noqa: N818 - it ends the connection
    """The body's length cannot be known, or the connection ended inside it."""


class Body:
    """A request body with a size limit; `finished` tells whether the next request may follow on the connection."""

    def __init__(self, headers: Mapping[str, str], stream: Connection, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._taken = 0
        self.finished = False
        named = {name.lower(): value for name, value in headers.items()}  # names have no case (RFC 9110 5.1)
        length, coding = named.get("content-length"), named.get("transfer-encoding")
        if (length is None) == (coding is None):
            raise BadFraming("one of Content-Length and Transfer-Encoding")
        if coding is not None and coding.strip().lower() != "chunked":
            raise BadFraming("unknown transfer coding")
        if length is not None and not (length.isascii() and length.isdigit()):
            raise BadFraming("Content-Length")
        self._chunked = coding is not None
        self._left = 0 if length is None else int(length)
        if self._left > limit:
            raise HostFault("DMPMessageTooLarge")
        self.finished = length is not None and self._left == 0

    def read(self, size: int, /) -> bytes:
        """Give at most `size` bytes, b"" at the end; HostFault DMPMessageTooLarge, BadFraming when cut short."""
        if self.finished:
            return b""
        if self._chunked and not self._left and not self._next_chunk():
            return b""
        block = self._stream.read(min(size, self._left))
        if not block:
            raise BadFraming("the body stops before its end")
        self._left -= len(block)
        self._taken += len(block)
        if self._taken > self._limit:
            raise HostFault("DMPMessageTooLarge")
        if self._chunked and not self._left:
            self._line(expected=b"")
        self.finished = not self._chunked and not self._left
        return block

    def _next_chunk(self) -> bool:
        text = self._line().partition(b";")[0].strip()
        try:
            self._left = int(text, 16)
        except ValueError:
            raise BadFraming("chunk size") from None
        if self._left < 0 or text.startswith((b"+", b"-")):
            raise BadFraming("chunk size")
        if self._left:
            return True
        while self._line():
            pass
        self.finished = True
        return False

    def _line(self, expected: bytes | None = None) -> bytes:
        line = self._stream.readline(_MAX_LINE)
        if not line.endswith(b"\r\n"):
            raise BadFraming("chunk line")
        line = line[:-2]
        if expected is not None and line != expected:
            raise BadFraming("chunk end")
        return line
