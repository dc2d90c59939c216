"""The doctor's page: eleven rows, each with its state in a word, and what to do; copied for the support."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QApplication, QVBoxLayout

from dossier.finding import Finding, Health
from gui import tokens as t
from gui.flows import Flows
from gui.pages.page import Page
from gui.pieces.boxes import Panel, column, empty, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.progress import Progress
from gui.pieces.text import Picture, Text
from gui.stage import Stage
from gui.words import count

if TYPE_CHECKING:
    from cps_bridge.house import House

_LOOKS = {
    Health.GOOD: ("success", "success", "Bon"),
    Health.WARNING: ("warning", "warning", "À surveiller"),
    Health.BAD: ("cross", "danger", "À corriger"),
}
_TITLE_WIDTH, _STATE_WIDTH = 168, 104


class DiagnosticPage(Page):
    """Rows that anybody can read aloud on the telephone; the examination runs on a thread of its own."""

    key = "diagnostic"
    title = "Diagnostic"

    def __init__(self, stage: Stage, flows: Flows) -> None:
        super().__init__(stage, flows)
        self.copy = Button("Copier pour le support", name="diagnostic.copy", icon="copy", on_click=self._copy)
        self.again = Button("Relancer", "primary", name="diagnostic.again", icon="refresh", on_click=self.examine)
        for each in (self.copy, self.again):
            self.head.addWidget(each)
        self.progress = Progress("diagnostic.progress")
        self.summary = Text("", "secondary", wrap=True, name="diagnostic.summary")
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(t.TIGHT)
        self.body.addWidget(self.progress)
        self.body.addWidget(self.summary)
        self.body.addWidget(scrolled(holder(self._rows), "diagnostic.area"), 1)
        self.findings: tuple[Finding, ...] = ()
        self.copy.setEnabled(False)

    def shown(self) -> None:
        """Examine now."""
        self.examine()

    def examine(self) -> None:
        """Start an examination, unless one runs."""
        if self.stage.jobs.running("doctor") is not None:
            return
        self.message.clear()
        self.again.setEnabled(False)
        self.progress.begin("Examen du poste, des cartes et de l'hôte…", can_cancel=False)
        self.summary.hide()
        thread = ThreadPoolExecutor(1, thread_name_prefix="doctor")
        job = self.stage.jobs.call("doctor", self._look, thread)
        thread.shutdown(wait=False)  # it ends with the examination, which is bounded
        job.done.connect(self._show)
        job.failed.connect(self.fail)
        job.ended.connect(self._rest)

    def _look(self) -> tuple[Finding, ...]:
        from cps_bridge.doctor import examine

        return examine(cast("House", self.house))

    def _rest(self) -> None:
        self.progress.end()
        self.again.setEnabled(True)
        self.copy.setEnabled(bool(self.findings))

    def _show(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        empty(self._rows)
        for each in findings:
            self._rows.addWidget(_row(each))
        self._rows.addStretch(1)
        self.summary.say(_summary(findings))
        self.summary.show()

    def _copy(self) -> None:
        from connectors.doctor import text_lines

        QApplication.clipboard().setText("\n".join(text_lines(self.findings)))
        self.message.say(
            "Le diagnostic est copié. Il ne contient ni nom, ni numéro de patient, ni numéro de carte.",
            "Collez-le dans votre message au support.",
            "success",
        )


def _summary(findings: tuple[Finding, ...]) -> str:
    from cps_bridge.doctor import title

    told = []
    for state, words in ((Health.BAD, "à corriger"), (Health.WARNING, "à surveiller")):
        titles = [title(each.id) for each in findings if each.state is state]
        if titles:
            told.append(f"{count(len(titles), 'point')} {words} ({', '.join(titles)})")
    return f"{', '.join(told)}." if told else "Tout va bien."


def _row(finding: Finding) -> Panel:
    from cps_bridge.doctor import title

    icon, tone, word = _LOOKS[finding.state]
    name = f"diagnostic.{finding.id}"
    panel = Panel(margin=t.GROUP, name=name)
    panel.setAccessibleName(f"{title(finding.id)} : {word}. {finding.cause}")
    state = Text(word, "strong", tone=tone, name=f"{name}.state")
    state.setFixedWidth(_STATE_WIDTH)
    heading = Text(title(finding.id), "strong")
    heading.setFixedWidth(_TITLE_WIDTH)
    texts = column(Text(finding.cause, wrap=True, name=f"{name}.cause"), gap=2)
    if finding.remedy:
        texts.addWidget(Text(finding.remedy, "muted", wrap=True, name=f"{name}.remedy"))
    line = row(Picture(icon, tone), state, heading, texts, gap=t.INNER)
    line.setStretch(3, 1)
    panel.column.addLayout(line)
    return panel
