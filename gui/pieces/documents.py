"""The list of documents: one model with its display strings made once, one delegate that paints rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from dossier.metadata import Availability, DocumentEntry
from gui import icons
from gui import tokens as t
from gui.style import Appearance, font
from gui.words import capital_name, day_of, foreign, fr

Index = QModelIndex | QPersistentModelIndex
_ICON_OF_CLASS = {"11": "synthesis", "31": "imaging", "42": "prescription", "43": "prescription", "90": "patient"}
_ICON_OF_TYPE = {"11502-2": "lab", "11369-6": "vaccine", "87273-9": "vaccine", "REMB": "journal"}
_STATUS = {Availability.ARCHIVED: "archivé", Availability.DEPRECATED: "remplacé", Availability.DELETED: "supprimé"}
_ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Row:
    """One line as it is painted: a year, or a document with every string ready."""

    title: str
    kind: str = ""
    detail: str = ""
    date: str = ""
    icon: str = ""
    states: tuple[tuple[str, str], ...] = ()
    entry: DocumentEntry | None = None
    sought: str = ""

    @property
    def is_heading(self) -> bool:
        """Whether the line is a year over those that follow."""
        return self.entry is None and not self.kind


def row_of(entry: DocumentEntry, new: frozenset[str] = frozenset()) -> Row:
    """Make the line of a document."""
    author = author_of(entry)
    place = entry.authors[0].institution.name if entry.authors and entry.authors[0].institution else ""
    title, kind = foreign(entry.title or entry.type_code.display), foreign(entry.type_code.display)
    detail = " · ".join(foreign(each) for each in (author, place) if each)
    icon = _ICON_OF_TYPE.get(entry.type_code.code) or _ICON_OF_CLASS.get(entry.class_code.code, "document")
    return Row(
        *(fr(title), fr(kind), fr(detail), day_of(entry.service_start or entry.creation_time), icon),
        *(states_of(entry, new), entry, " ".join((title, kind, detail)).casefold()),
    )


def author_of(entry: DocumentEntry) -> str:
    """Write the first author's name, "" when there is none."""
    if not entry.authors:
        return ""
    person = entry.authors[0].person
    return capital_name(person.family_name, person.given_name)


def states_of(entry: DocumentEntry, new: frozenset[str] = frozenset()) -> tuple[tuple[str, str], ...]:
    """Write the states of a document in words, each with its tone."""
    found = []
    if entry.unique_id in new:
        found.append(("nouveau", "success"))
    if entry.is_masked:
        found.append(("masqué aux professionnels", "warning"))
    if entry.is_hidden_from_patient:
        found.append(("non visible par le patient", "warning"))
    if entry.class_code.code == "90":
        found.append(("ajouté par le patient", "info"))
    if entry.status in _STATUS:
        found.append((_STATUS[entry.status], "info"))
    return tuple(found)


class DocumentModel(QAbstractListModel):
    """Documents grouped by year, the newest first; filtered in Python, never by a proxy."""

    def __init__(self) -> None:
        super().__init__()
        self._all: list[tuple[str, Row]] = []
        self._rows: list[Row] = []
        self._new: frozenset[str] = frozenset()

    def show_entries(self, entries: Iterable[DocumentEntry], new: frozenset[str] = frozenset()) -> None:
        """Take the documents of a dossier; new: uniqueIds not seen yet."""
        keyed = [(each.creation_time.digits, each) for each in entries]
        keyed.sort(key=lambda pair: pair[0], reverse=True)
        self._all = [(digits[:4], row_of(entry, new)) for digits, entry in keyed]
        self._new = new
        self.keep("", "")

    def keep(self, words: str, class_code: str, *, only_new: bool = False) -> None:
        """Keep the documents that hold every word, of one class ("" for all); only_new: those not seen yet."""
        wanted = words.casefold().split()
        kept: list[Row] = []
        year = ""
        for of_year, line in self._all:
            if line.entry is None or (class_code and line.entry.class_code.code != class_code):
                continue
            if only_new and line.entry.unique_id not in self._new:
                continue
            if not all(word in line.sought for word in wanted):
                continue
            if of_year != year:
                year = of_year
                kept.append(Row(of_year))
            kept.append(line)
        self.beginResetModel()
        self._rows = kept
        self.endResetModel()

    def classes(self) -> dict[str, str]:
        """Give the classes present, code to display name."""
        found = (line.entry.class_code for _, line in self._all if line.entry)
        return {each.code: each.display for each in found}

    def documents(self) -> list[Row]:
        """Give the lines shown that are documents, in their order."""
        return [each for each in self._rows if each.entry is not None]

    def row_at(self, index: Index) -> Row:
        """Give the line of an index."""
        return self._rows[index.row()]

    def index_of(self, unique_id: str) -> QModelIndex:
        """Give the index of a document, invalid when it is not shown."""
        for number, line in enumerate(self._rows):
            if line.entry is not None and line.entry.unique_id == unique_id:
                return self.index(number)
        return QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Give the number of lines."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give the cached strings; everything else is painted by the delegate."""
        line = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return line.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(
                each for each in (line.title, line.date, line.detail, *(s for s, _ in line.states)) if each
            )
        return line.entry if role == _ENTRY else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Years cannot be chosen."""
        if self._rows[index.row()].entry is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class DocumentDelegate(QStyledItemDelegate):
    """Paints a year, or a document: icon, title and date, kind and author, state words."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Give the height of a line; state words need one more line of text."""
        line: Row = index.model().row_at(index)  # type: ignore[attr-defined]
        if line.is_heading:
            return QSize(0, t.GROUP_ROW_HEIGHT)
        return QSize(0, t.ROW_HEIGHT + (t.PAGE if line.states else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one line."""
        line: Row = index.model().row_at(index)  # type: ignore[attr-defined]
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        if line.is_heading:
            self._paint_year(painter, area, line)
        else:
            self._paint_document(painter, area, line, bool(state & QStyle.StateFlag.State_Selected))
        painter.restore()

    def _paint_year(self, painter: QPainter, area: QRect, line: Row) -> None:
        painter.fillRect(area, Appearance.colour("raised"))
        painter.setFont(font(t.SECONDARY_TEXT, strong=True))
        painter.setPen(Appearance.colour("secondary"))
        painter.drawText(area.adjusted(t.BETWEEN, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, line.title)

    def _paint_document(self, painter: QPainter, area: QRect, line: Row, selected: bool) -> None:
        if selected:
            painter.fillRect(area, Appearance.colour("primary_soft"))
            painter.fillRect(QRect(area.left(), area.top(), t.TIGHT - 1, area.height()), Appearance.colour("primary"))
        painter.setPen(QPen(Appearance.colour("line"), t.HAIR))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        colour = Appearance.palette.primary if selected else Appearance.palette.secondary
        drawn = icons.pixmap(line.icon, colour, t.ICON, painter.device().devicePixelRatio())
        painter.drawPixmap(area.left() + t.BETWEEN, area.top() + t.INNER, drawn)
        inside = area.adjusted(t.BETWEEN + t.ICON + t.INNER, t.GROUP + 1, -t.BETWEEN, 0)
        high = t.ICON
        strong = font(t.BODY_TEXT, strong=True)
        self._write(painter, QRect(inside.left(), inside.top(), inside.width() - 92, high), line.title, strong, "ink")
        date = QRect(inside.right() - 88, inside.top(), 88, high)
        self._write(painter, date, line.date, font(t.SECONDARY_TEXT), "secondary", Qt.AlignmentFlag.AlignRight)
        second = QRect(inside.left(), inside.top() + high - 2, inside.width(), t.BETWEEN)
        self._write(painter, second, line.kind, font(t.SECONDARY_TEXT), "secondary")
        third = second.translated(0, t.BETWEEN)
        self._write(painter, third, line.detail, font(t.SECONDARY_TEXT), "secondary")
        # On a chosen line, whose ground is that of such a tag, it keeps its edges on paper.
        info = "paper" if selected else "primary_soft"
        self._paint_states(painter, third.bottomLeft().x(), third.bottom() + t.TIGHT, line, info)

    def _paint_states(self, painter: QPainter, left: int, top: int, line: Row, info: str) -> None:
        painter.setFont(font(t.SECONDARY_TEXT, strong=True))
        for words, tone in line.states:
            width = painter.fontMetrics().horizontalAdvance(words) + 2 * t.GROUP
            box = QRect(left, top, width, t.ICON)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(Appearance.colour(info if tone == "info" else f"{tone}_soft"))
            painter.drawRoundedRect(box, t.TIGHT, t.TIGHT)
            painter.setPen(Appearance.colour("primary" if tone == "info" else tone))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
            left += width + t.GROUP

    def _write(
        self,
        painter: QPainter,
        area: QRect,
        text: str,
        face: object,
        colour: str,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        painter.setFont(face)  # type: ignore[arg-type]
        painter.setPen(Appearance.colour(colour))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, shown)
