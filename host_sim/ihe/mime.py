"""The MIME side of a request: SOAP alone, or multipart/related with XOP (RFC 2387; W3C MTOM 1.0, XOP 1.0)."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import Message as Fields
from pathlib import Path
from typing import Protocol

from .faults import SoapFault
from .incoming import Arrived, Base64Spool, EnvelopeReader, Readable, Request, Spool, copy_all

SOAP_TYPE, XOP_TYPE = "application/soap+xml", "application/xop+xml"
_BLOCK = 1 << 18
_MOST_HEADERS = 1 << 14
_BOUNDARY = re.compile(r"[\x20-\x7e]{0,69}[\x21-\x7e]")
_AS_IT_IS = ("binary", "8bit", "7bit", "")


class Sink(Protocol):
    """Where the bytes of a part go."""

    def write(self, block: bytes, /) -> None:
        """Take a block."""


def read(content_type: str, body: Readable, folder: Path, *, max_root: int, max_parts: int) -> Request:
    """Read a whole request into `folder` and a tree; raises SoapFault. Memory does not grow with the documents."""
    fields = _fields(content_type)
    reader = EnvelopeReader(folder, max_root)
    kind = fields.get_content_type()
    if kind in (SOAP_TYPE, XOP_TYPE):
        copy_all(body, reader)
        return Request(reader.done(), _parameter(fields, "action"), multipart=False, inline=reader.inline)
    if kind != "multipart/related":
        raise SoapFault(f"media type {kind[:60]} is not accepted: SOAP 1.2 is, alone or as MTOM")
    return _Multipart(fields, folder, reader, max_parts).read(body)


class _Multipart:
    """The reader of one multipart body; the root is the part that `start` names, else the first."""

    def __init__(self, fields: Fields, folder: Path, reader: EnvelopeReader, max_parts: int) -> None:
        boundary = _parameter(fields, "boundary")
        if not _BOUNDARY.fullmatch(boundary):
            raise SoapFault("multipart without boundary")
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        self._start = _parameter(fields, "start").strip("<> ")
        self._action = _parameter(fields, "action")
        self._folder, self._reader, self._max_parts = folder, reader, max_parts
        self._root_seen = False
        self._parts: dict[str, Arrived] = {}

    def read(self, body: Readable) -> Request:
        """Read to the end of the body."""
        scanner = _Scanner(body)
        scanner.copy_until(self._delimiter, _Few(_MOST_HEADERS).write)
        while not scanner.closing():
            self._part(scanner.headers(), scanner)
        while body.read(_BLOCK):
            pass
        if not self._root_seen:
            raise SoapFault("multipart without root part")
        return Request(
            self._reader.done(), self._action, multipart=True, parts=self._parts, inline=self._reader.inline
        )  # fmt: skip

    def _part(self, headers: Fields, scanner: _Scanner) -> None:
        name = str(headers.get("Content-ID", "")).strip().removeprefix("<").removesuffix(">")
        coding = str(headers.get("Content-Transfer-Encoding", "")).strip().lower()
        if coding not in (*_AS_IT_IS, "base64"):
            raise SoapFault("a part is neither binary nor base64")
        if not self._root_seen and name == (self._start or name):
            self._root_seen = True
            self._action = _parameter(headers, "action") or self._action
            if coding == "base64":
                raise SoapFault("the root part is base64")
            scanner.copy_until(self._delimiter, self._reader.write)
            return
        if not name or name in self._parts:
            raise SoapFault("a part without Content-ID, or two of the same")
        if len(self._parts) >= self._max_parts:
            raise SoapFault("too many parts")
        path = self._folder / f"part{len(self._parts):04d}"
        spool = Base64Spool(path) if coding == "base64" else Spool(path)
        scanner.copy_until(self._delimiter, spool.write)
        found = spool.done()
        self._parts[name] = found or Spool(path).done()


class _Few:
    """A sink for what must be short."""

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self._limit = limit

    def write(self, block: bytes) -> None:
        if len(self.data) + len(block) > self._limit:
            raise SoapFault("MIME headers are too long")
        self.data += block


class _Scanner:
    """Finds delimiters in a stream without keeping more than a block of it."""

    def __init__(self, body: Readable) -> None:
        self._body = body
        self._window = bytearray(b"\r\n")  # the first delimiter may open the body

    def copy_until(self, delimiter: bytes, write: Callable[[bytes], object]) -> None:
        keep = len(delimiter) - 1
        while (found := self._window.find(delimiter)) < 0:
            if len(self._window) > keep:
                write(bytes(self._window[:-keep]))
                del self._window[:-keep]
            self._fill()
        write(bytes(self._window[:found]))
        del self._window[: found + len(delimiter)]

    def closing(self) -> bool:
        """After a delimiter: step over the end of its line; True when it was the last one."""
        while len(self._window) < 2:
            self._fill()
        if self._window.startswith(b"--"):
            return True
        padding = _Few(_MOST_HEADERS)
        self.copy_until(b"\r\n", padding.write)
        if padding.data.strip(b" \t"):
            raise SoapFault("a boundary that is not alone on its line")
        return False

    def headers(self) -> Fields:
        """Read the headers of a part, up to the empty line."""
        block = _Few(_MOST_HEADERS)
        self._window[:0] = b"\r\n"
        self.copy_until(b"\r\n\r\n", block.write)
        fields = Fields()
        for line in re.sub(rb"\r\n[ \t]+", b" ", bytes(block.data)).decode("latin-1").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon and name.strip() not in fields:
                fields[name.strip()] = value.strip()
        return fields

    def _fill(self) -> None:
        block = self._body.read(_BLOCK)
        if not block:
            raise SoapFault("the multipart body stops before its end")
        self._window += block


def _fields(value: str) -> Fields:
    fields = Fields()
    fields["Content-Type"] = value.replace("\r", " ").replace("\n", " ")
    return fields


def _parameter(fields: Fields, name: str) -> str:
    value = fields.get_param(name, "")
    return value if isinstance(value, str) else ""
