"""The diagnosis: readers, cards, host, clock, vault, one row each, with what to do; copied for the support."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtWidgets import QApplication, QVBoxLayout

from dossier.failure import Failure
from gui import tokens as t
from gui.desks import PROFESSIONAL_CARDS
from gui.flows import Flows
from gui.pages.page import Page
from gui.pieces.boxes import Panel, column, empty, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.text import Picture, Text
from gui.stage import Stage
from gui.words import count, day_and_hour, foreign


@dataclass(frozen=True)
class Finding:
    """One row: what is looked at, how it is, what to do; tone: success, warning, danger."""

    key: str
    title: str
    state: str
    tone: str
    remedy: str = ""


class DiagnosticPage(Page):
    """Rows that anybody can read aloud on the telephone."""

    key = "diagnostic"
    title = "Diagnostic"

    def __init__(self, stage: Stage, flows: Flows) -> None:
        super().__init__(stage, flows)
        self.copy = Button("Copier pour le support", name="diagnostic.copy", icon="copy", on_click=self._copy)
        self.test = Button("Tester l'hôte", name="diagnostic.host", icon="host", on_click=self._test_host)
        for each in (self.test, self.copy):
            self.head.addWidget(each)
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(t.GROUP)
        self.body.addWidget(scrolled(holder(self._rows), "diagnostic.area"), 1)
        self._findings: list[Finding] = []

    def shown(self) -> None:
        """Look now."""
        self.refresh()

    def refresh(self) -> None:
        """Look at everything that can be known without the network."""
        self.test.setEnabled(self.house.session is not None and self.house.patient is not None)
        self._findings = [*self._readers(), self._session(), self._host(), self._clock(), self._vault()]
        empty(self._rows)
        for each in self._findings:
            self._rows.addWidget(_row(each))
        self._rows.addStretch(1)

    def _readers(self) -> list[Finding]:
        slots = self.house.cards.slots()
        if not slots:
            failure = Failure("READER_MISSING")
            return [Finding("readers", "Lecteurs", failure.sentence("fr"), "danger", failure.remedy("fr"))]
        found = []
        for number, slot in enumerate(slots):
            title = f"Lecteur {number + 1}"
            if slot.failure:
                failure = Failure(slot.failure)
                found.append(Finding(title, title, failure.sentence("fr"), "danger", failure.remedy("fr")))
                continue
            card = f"carte {slot.kind.value}" if slot.kind else "vide"
            found.append(Finding(title, title, f"{foreign(slot.reader, 60)} : {card}", "success"))
        return found

    def _session(self) -> Finding:
        session = self.house.session
        if session is not None:
            since = day_and_hour(session.opened_at)
            return Finding("session", "Carte CPS", f"Session ouverte depuis le {since}", "success")
        if self.flows.slot(*PROFESSIONAL_CARDS) is not None:
            return Finding("session", "Carte CPS", "Carte lue, code non saisi", "warning", "Saisissez le code.")
        return Finding("session", "Carte CPS", "Aucune carte CPS", "warning", "Insérez votre carte dans un lecteur.")

    def _host(self) -> Finding:
        if self.stage.host_ok is None:
            return Finding(
                "host", "Hôte", "Pas encore interrogé", "warning", "Identifiez un patient pour l'interroger."
            )
        if self.stage.host_ok:
            return Finding("host", "Hôte", "Il répond", "success")
        failure = Failure("HOST_UNREACHABLE")
        return Finding("host", "Hôte", failure.sentence("fr"), "danger", failure.remedy("fr"))

    def _clock(self) -> Finding:
        now = day_and_hour(datetime.now().astimezone())
        return Finding("clock", "Horloge", f"Ce poste dit : {now}", "success", "Réglez-la si elle est fausse.")

    def _vault(self) -> Finding:
        try:
            items = tuple(self.house.outbox.items())
        except Failure as failure:
            return Finding("vault", "Coffre", failure.sentence("fr"), "danger", failure.remedy("fr"))
        return Finding("vault", "Coffre", f"Ouvert et chiffré ; il garde {count(len(items), 'envoi')}", "success")

    def _test_host(self) -> None:
        self.flows.look_up()

    def _copy(self) -> None:
        lines = [f"{each.title} : {each.state}" for each in self._findings]
        QApplication.clipboard().setText("\n".join(["CPS Bridge", *lines]))
        self.message.say("Le diagnostic est copié.", "Collez-le dans votre message au support.", "success")


def _row(finding: Finding) -> Panel:
    panel = Panel(margin=t.INNER, name=f"diagnostic.{finding.key.casefold().replace(' ', '.')}")
    icon = {"success": "success", "warning": "warning", "danger": "warning"}[finding.tone]
    texts = column(Text(finding.state, wrap=True), gap=2)
    if finding.remedy:
        texts.addWidget(Text(finding.remedy, "muted", wrap=True))
    title = Text(finding.title, "strong")
    title.setFixedWidth(t.CHIP_MINIMUM - t.PAGE)
    line = row(Picture(icon, finding.tone), title, texts, gap=t.INNER)
    line.setStretch(2, 1)
    panel.column.addLayout(line)
    return panel
