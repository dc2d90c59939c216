"""The dossiers that a professional follows, as lines of a list: who, what is new, what binds them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt

from dossier.following import FollowedDossier
from dossier.patient import Ins
from gui.pieces.documents import Index, Row
from gui.words import capital_name, day, foreign, fr


def line_of(dossier: FollowedDossier, *, is_new: bool) -> Row:
    """Make the line of a dossier."""
    name = capital_name(foreign(dossier.family_name), foreign(dossier.given_name))
    born = dossier.birth_name if dossier.birth_name.upper() != dossier.family_name.upper() else ""
    facts = (f"nom de naissance {foreign(born.upper())}" if born else "", day(dossier.birth_date))
    dates = (("dernier ajout", dossier.last_added), ("dernier accès", dossier.last_access))
    detail = " · ".join(f"{what} le {at.astimezone():%d/%m/%Y}" for what, at in dates if at)
    detail = detail or "derniers mouvements non connus"
    states = (
        *([("nouveau", "success")] if is_new else []),
        *([("message du patient", "warning")] if dossier.has_message else []),
        *([("médecin traitant", "info")] if dossier.is_attending_doctor else []),
    )
    kind = " · ".join(each for each in facts if each) or "date de naissance non connue"
    sought = f"{name} {born}".casefold()
    return Row(fr(name), fr(kind), fr(detail), "", "patient", states, sought=sought)


class FollowedModel(QAbstractListModel):
    """Dossiers in the order they are given, those whose names hold every word sought."""

    def __init__(self) -> None:
        super().__init__()
        self._all: list[tuple[Ins, Row]] = []
        self._shown: list[tuple[Ins, Row]] = []

    def show_lines(self, lines: Iterable[Any], new: Iterable[Ins] = ()) -> None:
        """Take the lines of the use case; new: those that were new before in this session, and were not opened."""
        known = set(new)
        self._all = [
            (each.dossier.ins, line_of(each.dossier, is_new=each.is_new or each.dossier.ins in known)) for each in lines
        ]
        self._all.sort(key=lambda pair: ("nouveau", "success") not in pair[1].states)
        self.keep("")

    def keep(self, words: str) -> None:
        """Keep the people whose names hold every word."""
        wanted = words.casefold().split()
        self.beginResetModel()
        self._shown = [pair for pair in self._all if all(word in pair[1].sought for word in wanted)]
        self.endResetModel()

    def new(self) -> set[Ins]:
        """Give the dossiers marked as new."""
        return {ins for ins, line in self._all if ("nouveau", "success") in line.states}

    def ins_at(self, index: Index) -> Ins:
        """Give whose dossier a line is."""
        return self._shown[index.row()][0]

    def row_at(self, index: Index) -> Row:
        """Give the line of an index."""
        return self._shown[index.row()][1]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Give the number of lines."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give the strings; everything else is painted by the delegate."""
        line = self.row_at(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return line.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(
                each for each in (line.title, line.kind, line.detail, *(s for s, _ in line.states)) if each
            )
        return None
