"""One request before any judgement: the bytes of its envelope and the files that came beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message as HeaderFields
from pathlib import Path
from typing import Protocol

from .call import HostFault

SOAP_TYPE = "application/soap+xml"
XOP_TYPE = "application/xop+xml"
_CHUNK = 1 << 18
_MAX_HEADERS = 1 << 13
_MAX_PREAMBLE = 1 << 12
_BOUNDARY = re.compile(r"^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$")


class Readable(Protocol):
    """Where the body of a request is read from, once, a block at a time."""

    def read(self, size: int, /) -> bytes:
        """Give at most `size` bytes, b"" at the end."""


@dataclass(frozen=True)
class Message:
    """The envelope as sent, the action its media type names ("" when none), and the MIME parts by Content-ID."""

    envelope: bytes
    media_action: str
    parts: Mapping[str, Path]
    multipart: bool


def read(content_type: str, body: Readable, folder: Path, *, max_root: int, max_parts: int) -> Message:
    """Read a whole request; parts other than the root go to files of `folder` while they arrive.

    Raises HostFault DMPInvalidMessage or DMPMessageTooLarge.
    """
    fields = _media_type(content_type)
    kind = fields.get_content_type()
    if kind == SOAP_TYPE:
        _require_utf8(fields)
        root = _Memory(max_root, "DMPMessageTooLarge")
        while block := body.read(_CHUNK):
            root.write(block)
        return Message(bytes(root.data), _parameter(fields, "action"), {}, multipart=False)
    if kind != "multipart/related":
        raise HostFault("DMPInvalidMessage", f"media type {kind[:60]} is not accepted")
    if _parameter(fields, "type") != XOP_TYPE or _parameter(fields, "start-info").split(";")[0] != SOAP_TYPE:
        raise HostFault("DMPInvalidMessage", "multipart is not MTOM: type or start-info")
    return _Multipart(fields, folder, max_root, max_parts).read(body)


class _Memory:
    """A sink for what must fit in memory: the root part, headers, what comes before the first part."""

    def __init__(self, limit: int, code: str = "DMPInvalidMessage") -> None:
        self.data = bytearray()
        self._limit = limit
        self._code = code

    def write(self, block: bytes) -> None:
        if len(self.data) + len(block) > self._limit:
            raise HostFault(self._code, "a part of the message that must be small is too large")
        self.data += block


class _Multipart:
    """The reader of one multipart/related body (RFC 2387, MTOM)."""

    def __init__(self, fields: HeaderFields, folder: Path, max_root: int, max_parts: int) -> None:
        boundary = _parameter(fields, "boundary")
        if not _BOUNDARY.match(boundary):
            raise HostFault("DMPInvalidMessage", "no valid boundary")
        self._delimiter = b"\r\n--" + boundary.encode()
        self._start = _parameter(fields, "start").strip("<>")
        self._media_action = _parameter(fields, "action")
        self._folder = folder
        self._max_parts = max_parts
        self._root = _Memory(max_root, "DMPMessageTooLarge")
        self._root_seen = False
        self._parts: dict[str, Path] = {}

    def read(self, body: Readable) -> Message:
        scanner = _Scanner(body)
        preamble = _Memory(_MAX_PREAMBLE)
        scanner.copy_until(self._delimiter, preamble.write)
        while not scanner.closing():
            headers = scanner.headers()
            self._part(headers, scanner)
        while body.read(_CHUNK):
            pass
        if not self._root_seen:
            raise HostFault("DMPInvalidMessage", "no root part")
        return Message(bytes(self._root.data), self._media_action, self._parts, multipart=True)

    def _part(self, headers: HeaderFields, scanner: _Scanner) -> None:
        name = str(headers.get("Content-ID", "")).strip()
        if not (name.startswith("<") and name.endswith(">") and len(name) > 2):
            raise HostFault("DMPInvalidMessage", "a part without Content-ID")
        name = name[1:-1]
        if str(headers.get("Content-Transfer-Encoding", "binary")).strip().lower() not in ("binary", "8bit", "7bit"):
            raise HostFault("DMPInvalidMessage", "a part is not sent in binary")
        if not self._root_seen and name == (self._start or name):
            self._read_root(headers, scanner)
            return
        if name in self._parts or name == self._start:
            raise HostFault("DMPInvalidMessage", "two parts of the same Content-ID")
        if len(self._parts) >= self._max_parts:
            raise HostFault("DMPMessageTooLarge", "too many parts")
        self._parts[name] = path = self._folder / f"{len(self._parts):04d}"
        with path.open("wb") as stream:
            scanner.copy_until(self._delimiter, stream.write)

    def _read_root(self, headers: HeaderFields, scanner: _Scanner) -> None:
        if headers.get_content_type() != XOP_TYPE or _parameter(headers, "type").split(";")[0] != SOAP_TYPE:
            raise HostFault("DMPInvalidMessage", "the root part is not application/xop+xml of SOAP 1.2")
        _require_utf8(headers)
        self._media_action = _parameter(headers, "action") or self._media_action
        scanner.copy_until(self._delimiter, self._root.write)
        self._root_seen = True


class _Scanner:
    """Finds delimiters in a stream without keeping more than a block of it."""

    def __init__(self, body: Readable) -> None:
        self._body = body
        self._buffer = bytearray(b"\r\n")  # the first delimiter may open the body

    def copy_until(self, delimiter: bytes, write: Callable[[bytes], object]) -> None:
        """Write what comes before the delimiter, and step over it."""
        keep = len(delimiter) - 1
        while (found := self._buffer.find(delimiter)) < 0:
            if len(self._buffer) > keep:
                write(bytes(self._buffer[:-keep]))
                del self._buffer[:-keep]
            self._fill()
        write(bytes(self._buffer[:found]))
        del self._buffer[: found + len(delimiter)]

    def closing(self) -> bool:
        """After a delimiter: step over the end of its line; True when it was the closing one."""
        while len(self._buffer) < 2:
            self._fill()
        if self._buffer.startswith(b"--"):
            return True
        padding = _Memory(_MAX_HEADERS)
        self.copy_until(b"\r\n", padding.write)
        if bytes(padding.data).strip(b" \t"):
            raise HostFault("DMPInvalidMessage", "not a boundary line")
        return False

    def headers(self) -> HeaderFields:
        """Read the header block of a part."""
        block = _Memory(_MAX_HEADERS)
        self._buffer[:0] = b"\r\n"  # a block without any header is just an empty line
        self.copy_until(b"\r\n\r\n", block.write)
        fields = HeaderFields()
        for line in re.sub(rb"\r\n[ \t]+", b" ", bytes(block.data)).decode("latin-1").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                if name.strip() in fields:
                    raise HostFault("DMPInvalidMessage", "a repeated header in a part")
                fields[name.strip()] = value.strip()
        return fields

    def _fill(self) -> None:
        block = self._body.read(_CHUNK)
        if not block:
            raise HostFault("DMPInvalidMessage", "the multipart body stops before its end")
        self._buffer += block


def _media_type(value: str) -> HeaderFields:
    fields = HeaderFields()
    fields["Content-Type"] = value.replace("\r", " ").replace("\n", " ")
    return fields


def _parameter(fields: HeaderFields, name: str) -> str:
    value = fields.get_param(name, "")
    return value if isinstance(value, str) else ""


def _require_utf8(fields: HeaderFields) -> None:
    if _parameter(fields, "charset").lower() not in ("", "utf-8"):
        raise HostFault("DMPInvalidMessage", "only UTF-8 is accepted")
