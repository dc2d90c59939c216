"""The practice's own record: who did what, when, in which mode, with which outcome."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from dossier.failure import Failure, catalogue
from gui import tokens as t
from gui.flows import Flows
from gui.pages.page import Page
from gui.pieces.buttons import Button
from gui.pieces.text import Text
from gui.stage import Stage
from gui.words import count, day_and_hour, fr

_HEADS = ("Quand", "Acte", "Patient", "Mode", "Issue")
_WIDTHS = (190, 250, 110, 190, 0)
_ACTS = {
    "session": "Session ouverte",
    "lock": "Session fermée",
    "patient": "Patient identifié",
    "dossier": "Dossier recherché",
    "administration": "Données de gestion lues",
    "create": "Dossier créé",
    "account": "Espace du patient ouvert",
    "reactivate": "Dossier réactivé",
    "authorise": "Accès déclaré",
    "deposit": "Document déposé",
    "list": "Documents listés",
    "open": "Document ouvert",
    "mask": "Document masqué",
    "unmask": "Document démasqué",
    "break-glass": "Accès en urgence",
    "regulation": "Accès de régulation",
    "end-access": "Accès terminé",
}
_MODES = {"normal": "normal", "bris_de_glace": "urgence (bris de glace)", "centre_15": "régulation (centre 15)"}
_OUTCOMES = {"done": "fait", "begun": "commencé"}
Index = QModelIndex | QPersistentModelIndex


class JournalPage(Page):
    """A table, the newest first, whose chain of seals was verified before it is shown."""

    key = "journal"
    title = "Journal"

    def __init__(self, stage: Stage, flows: Flows) -> None:
        super().__init__(stage, flows)
        again = Button("Actualiser", name="journal.refresh", icon="refresh", on_click=self.refresh)
        self.head.addWidget(again)
        self._state = Text("", "muted", wrap=True, name="journal.state")
        self.model = JournalModel()
        self.table = QTableView()
        self.table.setObjectName("journal.table")
        self.table.setAccessibleName("Journal du cabinet")
        self.table.setModel(self.model)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(t.CONTROL_HEIGHT)
        head = self.table.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setHighlightSections(False)
        for number, width in enumerate(_WIDTHS):
            if width:
                self.table.setColumnWidth(number, width)
        head.setSectionResizeMode(len(_WIDTHS) - 1, QHeaderView.ResizeMode.Stretch)
        self.body.addWidget(self._state)
        self.body.addWidget(self.table, 1)

    def shown(self) -> None:
        """Read the journal again."""
        job = self.stage.start("journal")
        if job is not None:
            job.done.connect(self._show)
            job.failed.connect(self.fail)

    def refresh(self) -> None:
        """Read again when the page can be seen."""
        if self.isVisible():
            self.shown()

    def clear(self) -> None:
        """Forget the lines."""
        super().clear()
        self.model.show_entries([])
        self._state.say("")

    def _show(self, entries: tuple[Any, ...]) -> None:
        self.message.clear()
        self.model.show_entries(list(entries))
        self._state.say(f"{count(len(entries), 'acte')}, chaîne vérifiée : aucune ligne n'a été modifiée ni retirée.")


class JournalModel(QAbstractTableModel):
    """Acts as rows of ready strings."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, ...]] = []

    def show_entries(self, entries: list[Any]) -> None:
        """Take the acts, oldest first, and show them newest first."""
        self.beginResetModel()
        self._rows = [_row(each) for each in reversed(entries)]
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Give the number of acts."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Give the number of columns."""
        return len(_HEADS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give the ready string; the whole of it as a tooltip."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._rows[index.row()][index.column()]
        return None

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Give the heads of the columns."""
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return _HEADS[section]
        return None


def _row(entry: Any) -> tuple[str, ...]:
    outcome = _OUTCOMES.get(entry.outcome)
    if outcome is None:
        known = entry.outcome in catalogue("fr")
        outcome = Failure(entry.outcome).sentence("fr") if known else entry.outcome
    patient = f"INS {entry.patient}" if entry.patient else ""
    act, mode = _ACTS.get(entry.action, entry.action), _MODES.get(entry.mode, entry.mode)
    return tuple(map(fr, (day_and_hour(entry.at), act, patient, mode, outcome)))
