"""The narrative of a structured document: its sections as plain lines, enough to read it without a stylesheet."""

from __future__ import annotations

from dataclasses import dataclass, field

from cps_bridge.documents.cda.incremental import Element, Reader
from dossier.document import Content
from dossier.failure import Failure

_LINES = frozenset({"paragraph", "item", "tr", "br", "caption", "list", "table", "renderMultiMedia"})
_CELLS = frozenset({"td", "th"})
_MOST_TEXT = 16 * 1024 * 1024
_SECTION_COST = 400
_ELEMENT_COST = 8


@dataclass(frozen=True)
class Section:
    """One section: title, depth (0 for the outermost), lines of its narrative; cells of a row are set apart by tabs."""

    title: str
    depth: int
    lines: tuple[str, ...]


def read_sections(content: Content) -> tuple[Section, ...]:
    """Read the sections of a structured document in their order; none for a document around a file.

    Raises Failure CDA_UNSAFE, CDA_INVALID.
    """
    reader = _Sections()
    reader.read(content)
    return tuple(each.finished() for each in reader.found)


@dataclass
class _Draft:
    depth: int
    title: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def finished(self) -> Section:
        rows = (_tidy(row) for row in "".join(self.text).split("\n"))
        return Section(_tidy("".join(self.title)), self.depth, tuple(row for row in rows if row))


def _tidy(row: str) -> str:
    cells = [" ".join(cell.split()) for cell in row.lstrip(" ").removeprefix("\t").split("\t")]
    return "\t".join(cells) if any(cells) else ""


class _Sections(Reader):
    def __init__(self) -> None:
        super().__init__(_ignore, lambda _: None)
        self.found: list[_Draft] = []
        self._open: list[_Draft] = []
        self._place: list[str] = []
        self._length = 0

    def opened(self, name: str) -> None:
        self._spend(_SECTION_COST if name == "section" else _ELEMENT_COST)
        if name == "section":
            draft = _Draft(len(self._open))
            self._open.append(draft)
            self.found.append(draft)
        self._place.append(name)
        self._mark(name)

    def closed(self, name: str) -> None:
        if not self._place:
            return
        if name in _LINES:
            self._mark(name)
        self._place.pop()
        if name == "section":
            self._open.pop()

    def said(self, text: str) -> None:
        self._spend(len(text))
        if not self._open:
            return
        if self._place[-2:] == ["section", "title"]:
            self._open[-1].title.append(text)
        elif self._in_narrative():
            self._open[-1].text.append(text.replace("\n", " ").replace("\t", " "))

    def _spend(self, cost: int) -> None:
        self._length += cost
        if self._length > _MOST_TEXT:
            raise Failure("CDA_UNSAFE", reason="text")

    def _mark(self, name: str) -> None:
        if self._open and self._in_narrative():
            if name in _LINES:
                self._open[-1].text.append("\n")
            elif name in _CELLS:
                self._open[-1].text.append("\t")

    def _in_narrative(self) -> bool:
        """Tell whether the nearest "text" above is the narrative of a section, not of an entry."""
        for below, name in zip(reversed(self._place), reversed(self._place[:-1]), strict=False):
            if below == "text":
                return name == "section"
        return False


def _ignore(_: Element) -> None:
    """The body needs no attention of its own: its elements are followed."""
