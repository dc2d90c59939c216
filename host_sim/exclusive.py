"""Exclusive canonical form of a signed element and of its SignedInfo, written in one pass over expat.

The client canonicalises with libxml2, as signxml and libxmlsec1 do: this writer is the host's own, so that neither
hides the other's mistakes (W3C Exclusive XML Canonicalization 1.0, without comments).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from xml.parsers import expat

from .canonical import MAX_DEPTH, XmlError

DS = "http://www.w3.org/2000/09/xmldsig#"
_XML = "http://www.w3.org/XML/1998/namespace"
_NOTHING = {"": "", "xml": _XML}
_IN_TEXT = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#xD;"))
_IN_VALUES = (
    ("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;"), ("\t", "&#x9;"), ("\n", "&#xA;"), ("\r", "&#xD;"),
)  # fmt: skip
_Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Forms:
    """What an enveloped signature is about: the element without its own ds:Signature children, and SignedInfo."""

    element: bytes
    signed_info: bytes


def forms(data: bytes, listed: Collection[str] = (), listed_in_info: Collection[str] = ()) -> Forms:
    """Write both forms of an element given as a document of its own; raises XmlError.

    The prefixes listed ("" is the default namespace) are declared where inclusive canonicalisation would (its 3.1).
    """
    writer = _Writer(tuple(listed), tuple(listed_in_info))
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.characters
    parser.ProcessingInstructionHandler = parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, KeyError, UnicodeError) as error:
        raise XmlError(str(error)[:80]) from error
    return Forms("".join(writer.main).encode(), "".join(writer.info).encode())


def _refuse(*_: object) -> None:
    raise XmlError("neither processing instructions nor a DOCTYPE may be signed")


def _escaped(value: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for letter, reference in pairs:
        if letter in value:
            value = value.replace(letter, reference)
    return value


@dataclass
class _Writer:
    """Handlers of the parser; `_out` is the form being written, None inside a signature that is taken out."""

    _listed: tuple[str, ...]
    _listed_in_info: tuple[str, ...]
    main: list[str] = field(default_factory=list)
    info: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._out: list[str] | None = self.main
        self._scope = _NOTHING  # prefixes in scope in the document
        self._shown = _NOTHING  # prefixes already declared in the form
        self._above: list[tuple[dict[str, str], dict[str, str], list[str] | None, tuple[str, ...]]] = []

    def start(self, name: str, flat: list[str]) -> None:
        above = self._above
        above.append((self._scope, self._shown, self._out, self._listed))
        if len(above) > MAX_DEPTH:
            raise XmlError("too deep")
        plain = self._declare(flat) if flat else []
        prefix, colon, local = name.partition(":")
        if not colon:
            prefix, local = "", name
        if len(above) <= 3:
            self._turn(len(above), self._scope[prefix], local)
        out = self._out
        if out is not None:
            used = {prefix}
            attributes = self._attributes(plain, used) if plain else ""
            out.append(f"<{name}{self._declarations(used)}{attributes}>")

    def end(self, name: str) -> None:
        if self._out is not None:
            self._out.append(f"</{name}>")
        self._scope, self._shown, self._out, self._listed = self._above.pop()

    def characters(self, data: str) -> None:
        if self._out is not None:
            self._out.append(_escaped(data, _IN_TEXT))

    def _turn(self, depth: int, namespace: str, local: str) -> None:
        if namespace != DS:
            return
        if depth == 2 and local == "Signature":
            self._out = None
        elif depth == 3 and self._out is None and local == "SignedInfo":
            self._out, self._shown, self._listed = self.info, _NOTHING, self._listed_in_info

    def _declare(self, flat: list[str]) -> _Pairs:
        plain: _Pairs = []
        declared: dict[str, str] = {}
        values = iter(flat)
        for key, value in zip(values, values, strict=True):
            if key == "xmlns":
                declared[""] = value
            elif key.startswith("xmlns:"):
                declared[key[6:]] = value
            else:
                plain.append((key, value))
        if declared:
            self._scope = {**self._scope, **declared}
        return plain

    def _attributes(self, plain: _Pairs, used: set[str]) -> str:
        if len(plain) > 1 or ":" in plain[0][0]:
            plain = self._sorted(plain, used)
        return "".join([f' {key}="{_escaped(value, _IN_VALUES)}"' for key, value in plain])

    def _sorted(self, plain: _Pairs, used: set[str]) -> _Pairs:
        rows = []
        for key, value in plain:
            prefix, colon, local = key.partition(":")
            if colon:
                used.add(prefix)
                rows.append((self._scope[prefix], local, key, value))
            else:
                rows.append(("", key, key, value))
        rows.sort()
        return [(key, value) for _, _, key, value in rows]

    def _declarations(self, used: set[str]) -> str:
        scope, shown = self._scope, self._shown
        if self._listed:
            used.update(each for each in self._listed if each in scope)
        fresh = [prefix for prefix in used if shown.get(prefix) != scope[prefix]]
        if not fresh:
            return ""
        self._shown = {**shown, **{prefix: scope[prefix] for prefix in fresh}}
        names = [(f"xmlns:{prefix}" if prefix else "xmlns", scope[prefix]) for prefix in sorted(fresh)]
        return "".join([f' {name}="{_escaped(uri, _IN_VALUES)}"' for name, uri in names])
