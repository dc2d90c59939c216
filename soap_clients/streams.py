"""The two directions of one HTTP exchange: a request body that knows how far it went, an answer with a limit."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, Protocol

from dossier.failure import Failure

BLOCK = 64 * 1024


class Body(Protocol):
    """A request body of known length, read once from the start."""

    def __len__(self) -> int: ...

    def read(self, size: int = -1, /) -> bytes:
        """Give the next bytes, b"" at the end."""
        ...


class BytesBody:
    """A body already in memory."""

    def __init__(self, data: bytes) -> None:
        self._stream, self._length = io.BytesIO(data), len(data)

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1, /) -> bytes:
        """Give the next bytes, b"" at the end."""
        return self._stream.read(size)


class CountedBody:
    """Wraps a body to know whether the whole of it was handed to the connection.

    ``complete`` turns true just before the last bytes leave: while it is false the host cannot have a whole request
    (RFC 9112 6.3), from then on it may have. An error of the source is kept in ``error``.
    """

    def __init__(self, body: Body, trace: BinaryIO | None = None) -> None:
        self._body, self._trace = body, trace
        self._left = self._length = len(body)
        self.complete = False
        self.error: Exception | None = None

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1, /) -> bytes:
        """Give the next bytes; raises ConnectionAbortedError when the source fails (the reason is in ``error``)."""
        try:
            data = self._body.read(size)
        except Exception as error:
            self.error = error
            raise ConnectionAbortedError("the source of the body failed") from error
        self._left -= len(data)
        if self._left <= 0:
            self.complete = True
        if self._trace is not None and data:
            self._trace.write(data)
        return data


class AnswerStream(io.RawIOBase):
    """The bytes of an answer as they come, at most ``limit``.

    Any loss of the connection before the end raises Failure OUTCOME_UNKNOWN (the request had left); too many bytes
    raise Failure HOST_ANSWER_TOO_LARGE. Closing before the end drops the connection.
    """

    def __init__(
        self,
        read: Callable[[int], bytes],
        finish: Callable[[bool], None],
        *,
        limit: int,
        lost: tuple[type[BaseException], ...],
        trace: BinaryIO | None = None,
    ) -> None:
        self._read, self._finish, self._lost, self._trace = read, finish, lost, trace
        self._left, self._limit, self._ended = limit, limit, False

    def readable(self) -> bool:
        """Say yes."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Give at most ``size`` bytes, all of them without a size, b"" at the end."""
        if size < 0:
            return self.readall()
        if self._ended or size == 0:
            return b""
        try:
            data = self._read(min(size, BLOCK))
        except self._lost as error:
            self.close()
            raise Failure("OUTCOME_UNKNOWN", reason=type(error).__name__) from error
        self._left -= len(data)
        if self._left < 0:
            self.close()
            raise Failure("HOST_ANSWER_TOO_LARGE", limit=self._limit)
        if self._trace is not None:
            self._trace.write(data)
        if not data:
            self._ended = True
            self.close()
        return data

    def readall(self) -> bytes:
        """Give everything that is left."""
        found = bytearray()
        while data := self.read(BLOCK):
            found += data
        return bytes(found)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; 0 at the end."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Give the connection back when the answer was read to its end, drop it otherwise."""
        if not self.closed:
            super().close()
            self._finish(self._ended)
            if self._trace is not None:
                self._trace.close()
