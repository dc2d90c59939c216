"""The emergency: a dossier without authorisation, its consequences named, its synthesis first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtWidgets import QStackedWidget, QWidget

from dossier.access import AccessMode
from dossier.failure import Failure
from dossier.patient import IdentityStatus
from gui import tokens as t
from gui.desks import may_regulate
from gui.pages.documents_view import DocumentsView
from gui.pages.page import Page
from gui.pieces.boxes import Panel, column, empty, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.preview import PreviewPanel
from gui.pieces.progress import Progress
from gui.pieces.text import Text
from gui.questions.emergency import ConfirmBreakGlassPanel
from gui.words import foreign, three_traits

_FIRST = ("SYNTH", "60591-5", "EXPPAT_3", "74207-2", "EXPPAT_1", "DOCPAT08")
_WHEN = (
    "Cet accès est réservé à un risque immédiat pour la vie du patient, quand il ne peut pas donner son accord.",
    "L'hôte le refuse si le patient s'y est opposé. Il est tracé, et le patient en est averti.",
)


class EmergencyPage(Page):
    """Before: why and what it entails. During: the documents, those that save time in front."""

    key = "emergency"
    title = "Urgence"

    def parts(self) -> Iterator[None]:
        """Make the list of documents beside its preview, the place of questions, and the page of before."""
        self._listed_for: object = None
        self._opposed: set[tuple[str, object]] = set()
        preview = PreviewPanel()
        yield
        self.documents = DocumentsView(self.stage, "emergency", preview)
        yield
        self.progress = Progress("emergency.progress")
        self.progress.cancelled.connect(self._cancel)
        yield
        self._question = row(gap=0)
        self._quick = row(gap=t.GROUP)
        during = QWidget()
        during.setLayout(column(holder(self._quick), self.documents, gap=t.GROUP))
        yield
        before = self._before()
        yield
        self._stack = QStackedWidget()
        for each in (before, scrolled(holder(row(1, holder(self._question), 1))), during):
            self._stack.addWidget(each)
            yield
        self.body.addWidget(self.progress)
        self.body.addWidget(self._stack, 1)
        yield
        self.refresh()

    def _before(self) -> QWidget:
        panel = Panel(margin=t.PAGE, gap=t.BETWEEN)
        panel.setFixedWidth(t.READING_WIDTH)
        self._who = Text("", "trait", wrap=True, name="emergency.patient")
        panel.column.addWidget(Text("Ouvrir un dossier en urgence", "title"))
        panel.column.addWidget(self._who)
        unqualified = "Identité non qualifiée : insérez la carte Vitale ou scannez le datamatrix INS de cette personne."
        self._unqualified = Text(unqualified, wrap=True, tone="danger", name="emergency.unqualified")
        panel.column.addWidget(self._unqualified)
        for sentence in _WHEN:
            panel.column.addWidget(Text(sentence, wrap=True))
        self.open = Button("Ouvrir en urgence", "danger", name="emergency.break_glass", icon="warning")
        self.open.clicked.connect(lambda: self._enter("break-glass"))
        self.regulate = Button("Réguler un appel (centre 15)", "primary", name="emergency.regulation")
        self.regulate.clicked.connect(lambda: self._enter("regulation"))
        self.search = Button("Identifier le patient", "primary", name="emergency.find", icon="patient")
        self.search.clicked.connect(lambda: self.stage.go("consultation"))
        self.back = Button("Revenir à la consultation", name="emergency.back")
        self.back.clicked.connect(lambda: self.stage.go("consultation"))
        panel.column.addLayout(row(self.search, self.regulate, self.open, self.back, 1, gap=t.BETWEEN))
        made = QWidget()
        made.setLayout(row(1, column(panel, 1), 1))
        return made

    def refresh(self) -> None:
        """Show the page of the present access."""
        patient, session = self.house.patient, self.house.session
        traits = three_traits(patient.identity.traits) if patient else "Identifiez d'abord le patient."
        self._who.say(traits)
        known = patient is not None and patient.identity.status is IdentityStatus.QUALIFIED
        self._unqualified.setVisible(patient is not None and not known)
        for button in (self.open, self.regulate):
            button.setEnabled(known)
        ins = patient.identity.ins if patient else None
        self._opposed = {each for each in self._opposed if each[1] == ins}
        self.open.setVisible(patient is not None and ("break-glass", ins) not in self._opposed)
        self.back.setVisible(patient is not None and self.open.isHidden())
        self.search.setVisible(patient is None)
        may = session is not None and may_regulate(session.professional, session.activity)
        self.regulate.setVisible(may and patient is not None and ("regulation", ins) not in self._opposed)
        if self.house.access.mode is AccessMode.NORMAL:
            self._listed_for = None
            self.documents.clear()
            if not self.flows.is_busy("break-glass"):
                empty(self._question)
                self._stack.setCurrentIndex(0)
            return
        self._stack.setCurrentIndex(2)
        if self._listed_for != self.house.access:
            self._listed_for = self.house.access
            self._list()

    def clear(self) -> None:
        """Forget documents and questions."""
        super().clear()
        self.documents.clear()
        empty(self._question)
        empty(self._quick)
        self._listed_for = None
        self._opposed.clear()

    def _enter(self, use_case: str) -> None:
        self.message.clear()
        job = self.stage.start(use_case, self._put_question)
        if job is None:
            return
        if use_case == "regulation":
            self.progress.begin("Ouverture du dossier…")
        ins = self.house.patient.identity.ins if self.house.patient else None
        job.failed.connect(lambda failure: self._refused(failure, (use_case, ins)))
        job.ended.connect(self.progress.end)
        job.ended.connect(self.refresh)

    def _put_question(self, panel: QWidget) -> None:
        empty(self._question)
        panel.setFixedWidth(t.READING_WIDTH)
        self._question.addLayout(column(panel, 1))
        self._stack.setCurrentIndex(1)
        panel.setFocus()
        if isinstance(panel, ConfirmBreakGlassPanel):
            panel.answered.connect(lambda _: self.progress.begin("Vérification par l'hôte…", can_cancel=False))

    def _refused(self, failure: Failure, asked: tuple[str, object]) -> None:
        if failure.code == "EMERGENCY_OPPOSED":
            self._opposed.add(asked)
        empty(self._question)
        self._stack.setCurrentIndex(0)
        self.fail(failure)

    def _list(self) -> None:
        job = self.stage.start("list")
        if job is not None:
            self.progress.begin("Lecture de la liste des documents…")
            job.done.connect(self._listed)
            job.failed.connect(self.fail)
            job.ended.connect(self.progress.end)

    def _listed(self, entries: tuple[Any, ...]) -> None:
        self.documents.show_entries(tuple(entries))
        empty(self._quick)
        first = [each for code in _FIRST for each in entries if each.type_code.code == code]
        if not first:
            words = (
                "Aucune synthèse ni directive dans ce dossier." if entries else "Ce dossier ne contient aucun document."
            )
            self._quick.addWidget(Text(words, "muted"))
        for number, entry in enumerate(first[:3]):
            title = foreign(entry.title or entry.type_code.display, 40)
            button = Button(title, name=f"emergency.quick.{number}", icon="synthesis")
            button.clicked.connect(lambda *_, wanted=entry.unique_id: self._open(wanted))
            self._quick.addWidget(button)
        self._quick.addStretch(1)
        if first:
            self._open(first[0].unique_id)

    def _open(self, unique_id: str) -> None:
        self.documents.list.setCurrentIndex(self.documents.model.index_of(unique_id))

    def _cancel(self) -> None:
        for use_case in ("break-glass", "regulation", "list"):
            job = self.stage.jobs.running(use_case)
            if job is not None:
                job.cancel()
