"""Canonical XML 1.0 of a whole document, written while it streams: no tree, memory bounded by depth.

The client canonicalises with libxml2; the host has its own writer, over expat, so that neither hides the other's
mistakes (W3C Canonical XML 1.0; a document with a DOCTYPE is refused, as everywhere here).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from xml.parsers import expat

MAX_DEPTH = 200
_XML = "http://www.w3.org/XML/1998/namespace"


class XmlError(ValueError):
    """The bytes are not a well-formed document without DOCTYPE."""


class _Attribute(NamedTuple):
    namespace: str
    local: str
    name: str
    value: str


def _text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def _quoted(value: str) -> str:
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return value.replace("\t", "&#x9;").replace("\n", "&#xA;").replace("\r", "&#xD;")


class Canonicalizer:
    """Feed a document, chunk by chunk; `sink` receives its canonical form as UTF-8 bytes.

    `feed` and `close` raise XmlError. Whole documents only: a subset must be serialised on its own before.
    """

    def __init__(self, sink: Callable[[bytes], object], *, comments: bool = True) -> None:
        self._sink = sink
        self._comments = comments
        self._scopes: list[dict[str, str]] = [{"xml": _XML}]
        self._closed_root = False
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.buffer_size = 65536
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartDoctypeDeclHandler = self._doctype
        self._parser = parser

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the document."""
        self._parse(chunk, final=False)

    def close(self) -> None:
        """Say that the document is over."""
        self._parse(b"", final=True)

    def _parse(self, chunk: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(chunk, final)
        except (expat.ExpatError, LookupError, UnicodeError) as error:
            raise XmlError(str(error)[:80]) from error

    def _write(self, text: str) -> None:
        self._sink(text.encode("utf-8"))

    def _start(self, name: str, flat: list[str]) -> None:
        if len(self._scopes) > MAX_DEPTH:
            raise XmlError("too deep")
        above = self._scopes[-1]
        declared, plain = _split(list(zip(flat[::2], flat[1::2], strict=True)))
        scope = {**above, **declared} if declared else above
        self._scopes.append(scope)
        parts = [f"<{name}"]
        for prefix in sorted(declared):
            if prefix != "xml" and declared[prefix] != above.get(prefix, ""):
                parts.append(f' xmlns{":" if prefix else ""}{prefix}="{_quoted(declared[prefix])}"')
        _resolve(name, scope, default=True)
        attributes = [_Attribute(*_resolve(key, scope, default=False), key, value) for key, value in plain]
        if len({(each.namespace, each.local) for each in attributes}) != len(attributes):
            raise XmlError("attribute twice")
        parts += [f' {each.name}="{_quoted(each.value)}"' for each in sorted(attributes)]
        self._write("".join(parts) + ">")

    def _end(self, name: str) -> None:
        self._scopes.pop()
        self._closed_root = len(self._scopes) == 1
        self._write(f"</{name}>")

    def _characters(self, data: str) -> None:
        self._write(_text(data))

    def _comment(self, data: str) -> None:
        if self._comments:
            self._outside(f"<!--{data}-->")

    def _instruction(self, target: str, data: str) -> None:
        body = f" {data}" if data else ""
        self._outside(f"<?{target}{body}?>")

    def _outside(self, text: str) -> None:
        if len(self._scopes) > 1:
            self._write(text)
        else:
            self._write(f"\n{text}" if self._closed_root else f"{text}\n")

    def _doctype(self, *_: object) -> None:
        raise XmlError("DOCTYPE")


def canonical(data: bytes, *, comments: bool = True) -> bytes:
    """Give the canonical form of a document held in memory; raises XmlError."""
    pieces: list[bytes] = []
    writer = Canonicalizer(pieces.append, comments=comments)
    writer.feed(data)
    writer.close()
    return b"".join(pieces)


def _split(pairs: list[tuple[str, str]]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    declared: dict[str, str] = {}
    plain: list[tuple[str, str]] = []
    for name, value in pairs:
        if name == "xmlns":
            declared[""] = value
        elif name.startswith("xmlns:"):
            if not value:
                raise XmlError("prefix undeclared")
            declared[name[6:]] = value
        else:
            plain.append((name, value))
    return declared, plain


def _resolve(name: str, scope: dict[str, str], *, default: bool) -> tuple[str, str]:
    prefix, colon, local = name.rpartition(":")
    if not colon:
        return (scope.get("", "") if default else ""), name
    if prefix not in scope or not local or ":" in prefix:
        raise XmlError("prefix unknown")
    return scope[prefix], local
