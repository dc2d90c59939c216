"""One request while it arrives: MIME parts and inline base64 go to files, what is left of the envelope to a tree."""

from __future__ import annotations

import binascii
import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from xml.parsers import expat

from lxml import etree

from . import vocabulary as v
from .faults import SoapFault

_BLOCK = 1 << 18
_DEEPEST = 100
_DOCUMENT = f"{{{v.XDS}}}Document"
_BLANK = re.compile(rb"[ \t\r\n]+")


class Readable(Protocol):
    """Where the body of a request is read from, once, a block at a time."""

    def read(self, size: int, /) -> bytes:
        """Give at most `size` bytes, b"" at the end."""


@dataclass(frozen=True)
class Arrived:
    """Bytes that were streamed to a file: its path, their SHA-1 (lower-case hex) and their count."""

    path: Path
    hash: str
    size: int


@dataclass(frozen=True)
class Request:
    """A whole request: the envelope without its documents, MIME parts by Content-ID, inline documents by their id."""

    root: Any
    media_action: str
    multipart: bool
    parts: Mapping[str, Arrived] = field(default_factory=dict)
    inline: Mapping[str, Arrived] = field(default_factory=dict)


class Spool:
    """A file being written and hashed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream = path.open("wb")
        self._digest = hashlib.sha1(usedforsecurity=False)
        self._size = 0

    def write(self, block: bytes) -> None:
        """Take a block."""
        self._stream.write(block)
        self._digest.update(block)
        self._size += len(block)

    def done(self) -> Arrived:
        """Close the file and tell what it holds."""
        self._stream.close()
        return Arrived(self._path, self._digest.hexdigest(), self._size)


class Base64Spool:
    """A spool fed with base64 text, whatever its lines (RFC 2045 6.8; XML Schema base64Binary)."""

    def __init__(self, path: Path) -> None:
        self._spool = Spool(path)
        self._left = b""
        self._any = False

    def write(self, text: bytes) -> None:
        """Take a block of text."""
        text = self._left + _BLANK.sub(b"", text)
        whole = len(text) - len(text) % 4
        self._left = text[whole:]
        self._any = self._any or bool(text)
        try:
            self._spool.write(binascii.a2b_base64(text[:whole], strict_mode=True) if whole else b"")
        except binascii.Error:
            raise SoapFault("base64 that cannot be read") from None

    def done(self) -> Arrived | None:
        """Tell what was decoded; None when there was no text at all."""
        if self._left:
            raise SoapFault("base64 cut short")
        found = self._spool.done()
        return found if self._any else None


class EnvelopeReader:
    """A push parser: no DOCTYPE, comments dropped, the text of xds:Document decoded to files as it passes."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._left = folder, limit
        self._builder = etree.TreeBuilder()
        self._depth = 0
        self._document: tuple[str, Base64Spool] | None = None
        self.inline: dict[str, Arrived] = {}
        parser = self._parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.buffer_size = 1 << 16
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def write(self, block: bytes) -> None:
        """Take a block of the envelope."""
        self._take(block, last=False)

    def done(self) -> Any:
        """The root element; raises SoapFault when the XML is not whole."""
        self._take(b"", last=True)
        return self._builder.close()

    def _take(self, block: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(block, last)
        except expat.ExpatError:
            raise SoapFault("not well-formed XML") from None

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise SoapFault("the envelope is too large")

    def _doctype(self, *_: object) -> None:
        raise SoapFault("a DOCTYPE is refused")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._spend(100 + sum(len(key) + len(value) for key, value in attributes.items()))
        if self._depth > _DEEPEST:
            raise SoapFault("too many elements in one another")
        tag = _clark(name)
        names = {_clark(key): value for key, value in attributes.items()}
        try:
            self._open(tag, names)
        except ValueError:
            raise SoapFault("a name that XML does not allow") from None
        if tag == _DOCUMENT and self._document is None:
            path = self._folder / f"inline{len(self.inline):04d}"
            self._document = (attributes.get("id", ""), Base64Spool(path))

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        start: Callable[..., object] = self._builder.start
        start(tag, attributes, v.PREFIXES if self._depth == 1 else None)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._builder.end(_clark(name))
        if self._document is not None and _clark(name) == _DOCUMENT:
            identifier, spool = self._document
            self._document = None
            if (found := spool.done()) is None:
                return
            if identifier in self.inline:
                raise SoapFault("two documents of the same id")
            self.inline[identifier] = found

    def _text(self, text: str) -> None:
        if self._document is not None:
            try:
                self._document[1].write(text.encode("ascii"))
            except UnicodeEncodeError:
                raise SoapFault("base64 that cannot be read") from None
            return
        self._spend(len(text))
        self._builder.data(text)


def _clark(name: str) -> str:
    space, _, local = name.rpartition(" ")
    return f"{{{space}}}{local}" if space else local


def copy_all(body: Readable, sink: EnvelopeReader) -> None:
    """Feed a whole body."""
    while block := body.read(_BLOCK):
        sink.write(block)


def forget(folder: Path) -> None:
    """Remove the files of a request."""
    shutil.rmtree(folder, ignore_errors=True)
