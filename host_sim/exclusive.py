"""A signed element read in one pass over expat: its exclusive canonical form, that of its SignedInfo, and its content.

What is understood is thus made of the very events that were hashed; no second parser may see anything else.

The client canonicalises with libxml2, as signxml and libxmlsec1 do: this writer is the host's own, so that neither
hides the other's mistakes (W3C Exclusive XML Canonicalization 1.0, without comments).

The form of a start tag depends on the tag and on two things alone: the prefixes in scope, and those already declared
in the form. Such a pair is a context; each remembers the tags written in it, as assertions repeat them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from .canonical import MAX_DEPTH, XmlError

DS = "http://www.w3.org/2000/09/xmldsig#"
_SIGNATURE, _SIGNED_INFO = f"{{{DS}}}Signature", f"{{{DS}}}SignedInfo"
_NOTHING = {"": "", "xml": "http://www.w3.org/XML/1998/namespace"}
_IN_TEXT = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#xD;"))
_IN_VALUES = (
    ("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;"), ("\t", "&#x9;"), ("\n", "&#xA;"), ("\r", "&#xD;"),
)  # fmt: skip
_SPECIAL = re.compile("[&<>\r]").search
_MOST_CONTEXTS, _MOST_TAGS = 256, 1024
_Scope = dict[str, str]
_Prefixes = tuple[str, ...]


class Node:
    """An element as it was hashed: its name and attributes as "{namespace}name", all its text, its children."""

    __slots__ = ("attrib", "children", "tag", "text")

    def __init__(self, tag: str, attrib: _Scope) -> None:
        self.tag = tag
        self.attrib = attrib
        self.text = ""
        self.children: list[Node] = []

    def get(self, name: str, default: str = "") -> str:
        """Give an attribute."""
        return self.attrib.get(name, default)

    def named(self, tag: str) -> list[Node]:
        """Give the children of a name."""
        return [each for each in self.children if each.tag == tag]


@dataclass(frozen=True)
class Reading:
    """What was read: the tree, the form of the element without its own ds:Signature, and the form of SignedInfo."""

    root: Node
    element: bytes
    signed_info: bytes


def read(data: bytes, listed: Collection[str] = (), listed_in_info: Collection[str] = ()) -> Reading:
    """Read an element given as a document of its own; raises XmlError.

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
    (root,) = writer.document.children
    return Reading(root, "".join(writer.main).encode(), "".join(writer.info).encode())


def _refuse(*_: object) -> None:
    raise XmlError("neither processing instructions nor a DOCTYPE may be signed")


class _Tag(NamedTuple):
    """A start tag: its form, the context of what it holds, its name and its attributes."""

    form: str
    inner: _Context
    tag: str
    attrib: _Scope


@dataclass(frozen=True)
class _Context:
    """Prefixes in scope, prefixes declared in the form, prefixes listed; and the tags that were written here."""

    scope: _Scope
    shown: _Scope
    listed: _Prefixes
    tags: dict[_Prefixes, _Tag] = field(default_factory=dict)

    def tag(self, name: str, flat: list[str]) -> _Tag:
        """Write a start tag."""
        key = (name, *flat)
        known = self.tags.get(key)
        if known is None:
            if len(self.tags) >= _MOST_TAGS:
                self.tags.clear()
            self.tags[key] = known = _write(self, name, flat)
        return known


_CONTEXTS: dict[object, _Context] = {}


def _context(scope: _Scope, shown: _Scope, listed: _Prefixes) -> _Context:
    """Give the one context of these values, so that what is remembered serves the next assertion."""
    key = (frozenset(scope.items()), frozenset(shown.items()), listed)
    found = _CONTEXTS.get(key)
    if found is None:
        if len(_CONTEXTS) >= _MOST_CONTEXTS:
            _CONTEXTS.clear()
        _CONTEXTS[key] = found = _Context(scope, shown, listed)
    return found


def _write(context: _Context, name: str, flat: list[str]) -> _Tag:
    plain, scope = _declared(flat, context.scope)
    prefix, _, own = name.rpartition(":")
    used = {prefix}
    rows = []
    for key, value in plain:
        before, colon, local = key.rpartition(":")
        if colon:
            used.add(before)
        rows.append((scope[before] if colon else "", local, key, value))
    rows.sort()
    attributes = [f' {key}="{_escaped(value, _IN_VALUES)}"' for _, _, key, value in rows]
    used.update(each for each in context.listed if each in scope)
    shown = context.shown
    fresh = {each: scope[each] for each in sorted(used) if shown.get(each) != scope[each]}
    names = [(f"xmlns:{each}" if each else "xmlns", uri) for each, uri in fresh.items()]
    declarations = [f' {key}="{_escaped(uri, _IN_VALUES)}"' for key, uri in names]
    return _Tag(
        f"<{name}{''.join(declarations)}{''.join(attributes)}>",
        _context(scope, {**shown, **fresh}, context.listed),
        _clark(scope[prefix], own),
        {_clark(uri, local): value for uri, local, _, value in rows},
    )


def _clark(uri: str, local: str) -> str:
    return f"{{{uri}}}{local}" if uri else local


def _declared(flat: list[str], scope: _Scope) -> tuple[list[tuple[str, str]], _Scope]:
    """Part attributes from declarations: the attributes, and the prefixes in scope with them."""
    plain: list[tuple[str, str]] = []
    declared: _Scope = {}
    values = iter(flat)
    for key, value in zip(values, values, strict=True):
        if key == "xmlns":
            declared[""] = value
        elif key.startswith("xmlns:"):
            declared[key[6:]] = value
        else:
            plain.append((key, value))
    return plain, {**scope, **declared}


def _escaped(value: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for letter, reference in pairs:
        if letter in value:
            value = value.replace(letter, reference)
    return value


class _Writer:
    """Handlers of the parser; `_out` is the form being written, None inside a signature that is taken out."""

    def __init__(self, listed: _Prefixes, listed_in_info: _Prefixes) -> None:
        self.main: list[str] = []
        self.info: list[str] = []
        self.document = self._node = Node("", {})
        self._listed_in_info = listed_in_info
        self._out: list[str] | None = self.main
        self._context = _context(_NOTHING, _NOTHING, listed)
        self._above: list[tuple[_Context, list[str] | None, Node]] = []

    def start(self, name: str, flat: list[str]) -> None:
        above, node, context = self._above, self._node, self._context
        above.append((context, self._out, node))
        depth = len(above)
        tag = context.tag(name, flat)
        if depth <= 3:
            tag = self._turn(depth, tag, name, flat)
        elif depth > MAX_DEPTH:
            raise XmlError("too deep")
        form, self._context, full, attrib = tag
        self._node = Node(full, attrib)
        node.children.append(self._node)
        if self._out is not None:
            self._out.append(form)

    def end(self, name: str) -> None:
        if self._out is not None:
            self._out.append(f"</{name}>")
        self._context, self._out, self._node = self._above.pop()

    def characters(self, data: str) -> None:
        self._node.text += data
        if self._out is not None:
            self._out.append(_escaped(data, _IN_TEXT) if _SPECIAL(data) else data)

    def _turn(self, depth: int, tag: _Tag, name: str, flat: list[str]) -> _Tag:
        """Change the form being written where Signature and SignedInfo stand."""
        if depth == 2 and tag.tag == _SIGNATURE:
            self._out = None
        elif depth == 3 and self._out is None and tag.tag == _SIGNED_INFO:
            self._out = self.info
            return _context(self._context.scope, _NOTHING, self._listed_in_info).tag(name, flat)
        return tag
