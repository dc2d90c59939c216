"""The stream of a CDA document from outside: a small tree of its header, and its body as it passes.

Expat gives the text of a body in pieces, so a body of any length costs no memory; what is kept (the header) is
bounded. A DOCTYPE or an entity declaration is refused before anything is expanded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pyexpat import ExpatError, ParserCreate

from dossier.document import Content
from dossier.failure import Failure

HL7 = "urn:hl7-org:v3"
_STEP = 64 * 1024
_LONGEST_TOKEN = 1024 * 1024
_MOST_ELEMENTS = 50_000
_MOST_TEXT = 4 * 1024 * 1024
_DEEPEST = 100
_BODY = ("ClinicalDocument", "component", "nonXMLBody", "text")
_STRUCTURED = ("ClinicalDocument", "component", "structuredBody")


@dataclass
class Element:
    """One element of the header: name (local in the HL7 namespace, "uri}local" otherwise), attributes, children."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text directly inside the element, as written."""
        return "".join(self.pieces)

    def all(self, path: str) -> list[Element]:
        """Find the elements at a path of child names ("author/time"), in document order."""
        found = [self]
        for name in path.split("/"):
            found = [child for each in found for child in each.children if child.name == name]
        return found

    def first(self, path: str) -> Element | None:
        """Find the first element at a path."""
        return next(iter(self.all(path)), None)

    def get(self, path: str, attribute: str) -> str:
        """Give an attribute of the first element at a path, or ""."""
        found = self.first(path)
        return found.attributes.get(attribute, "") if found else ""

    def words(self, path: str) -> str:
        """Give the text of the first element at a path, spaces collapsed, or ""."""
        found = self.first(path)
        return " ".join(found.text.split()) if found else ""


class HeaderSeen(Exception):  # noqa: N818 - not an error: the reader has what it wants
    """Raised by a body callback to stop reading."""


def parse(content: Content, *, on_body: Callable[[Element], None], on_text: Callable[[str], None]) -> Element:
    """Read a CDA document as a stream and give its header as a tree, body left out.

    on_body is called with the nonXMLBody text element (or the structuredBody element) when it opens and may raise
    HeaderSeen to stop; on_text with each piece of the unstructured body. Raises Failure CDA_UNSAFE, CDA_INVALID.
    """
    return Reader(on_body, on_text).read(content)


class Reader:
    """One reading of one document; a subclass may follow the elements through opened, closed and said."""

    def __init__(self, on_body: Callable[[Element], None], on_text: Callable[[str], None]) -> None:
        self.root: Element | None = None
        self._on_body, self._on_text = on_body, on_text
        self._stack: list[Element] = []
        self._elements = self._characters = self._fed = 0
        self._parser = ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.buffer_size = _STEP
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse

    def read(self, content: Content) -> Element:
        """Read to the end, or to HeaderSeen, and give the header; raises Failure CDA_UNSAFE, CDA_INVALID."""
        try:
            with closing(content.open()) as stream:
                while chunk := stream.read(_STEP):
                    self._feed(chunk)
                self._parser.Parse(b"", True)
        except HeaderSeen:
            pass
        except (ExpatError, LookupError, ValueError) as error:
            raise Failure("CDA_INVALID", reason=str(error)[:80]) from error
        if self.root is None:
            raise Failure("CDA_INVALID", reason="no element")
        return self.root

    def opened(self, name: str) -> None:
        """Called when an element below the body opens; name as in Element."""

    def closed(self, name: str) -> None:
        """Called when an element below the body closes."""

    def said(self, text: str) -> None:
        """Called with each piece of text below the body."""

    def _feed(self, chunk: bytes) -> None:
        self._parser.Parse(chunk, False)
        self._fed += len(chunk)
        if self._fed - max(self._parser.CurrentByteIndex, 0) > _LONGEST_TOKEN:
            raise Failure("CDA_UNSAFE", reason="token")

    def _refuse(self, *_: object) -> None:
        raise Failure("CDA_UNSAFE", reason="doctype")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        element = Element(name.removeprefix(HL7 + "}"), attributes)
        self._count(element)
        if not self._stack:
            if name != HL7 + "}ClinicalDocument":
                raise Failure("CDA_INVALID", reason="not a ClinicalDocument")
            self.root = element
        elif not self._in_body():
            self._stack[-1].children.append(element)
        self._stack.append(element)
        if self._path() in (_BODY, _STRUCTURED):
            self._on_body(element)
        elif self._in_body():
            self.opened(element.name)

    def _count(self, element: Element) -> None:
        if len(self._stack) >= _DEEPEST:
            raise Failure("CDA_UNSAFE", reason="depth")
        if self._in_body():
            return
        self._elements += 1
        self._keep(sum(len(key) + len(value) for key, value in element.attributes.items()))
        if self._elements > _MOST_ELEMENTS:
            raise Failure("CDA_UNSAFE", reason="elements")

    def _keep(self, characters: int) -> None:
        self._characters += characters
        if self._characters > _MOST_TEXT:
            raise Failure("CDA_UNSAFE", reason="text")

    def _end(self, _name: str) -> None:
        if self._in_body():
            self.closed(self._stack[-1].name)
        self._stack.pop()

    def _text(self, text: str) -> None:
        if self._path() == _BODY:
            self._on_text(text)
        elif not self._in_body() and self._stack:
            self._keep(len(text))
            self._stack[-1].pieces.append(text)
        else:
            self.said(text)

    def _path(self) -> tuple[str, ...]:
        return tuple(each.name for each in self._stack) if len(self._stack) <= len(_BODY) else ()

    def _in_body(self) -> bool:
        return len(self._stack) > 2 and self._stack[2].name in ("structuredBody", "nonXMLBody")
