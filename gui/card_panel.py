"""The drawer of the professional's card: what it says, where its holder works, its code, the lock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from dossier.failure import Failure
from dossier.professional import Professional
from gui import tokens as t
from gui.desks import holder_words, profession_words
from gui.flows import Flows
from gui.pieces.boxes import Panel, column, empty, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.message import Message
from gui.pieces.text import Text
from gui.questions.choices import sector_word
from gui.questions.pin import tries_sentence
from gui.stage import Stage
from gui.words import count, foreign

_CHAINS = {
    "complete": ("autorités reconnues", "success"),
    "incomplete": ("autorité inconnue", "warning"),
    "broken": ("signature de l'autorité fausse", "danger"),
    "outdated": ("autorité périmée", "danger"),
}
_USES = {"authentication": "Authentification", "signature": "Signature"}
_SOON_DAYS = 60


class CardPanel(Panel):
    """Filled by the use case ``card``; what it offers closes it and goes on over the page."""

    closed = Signal()
    locked = Signal()

    def __init__(self, stage: Stage, flows: Flows) -> None:
        super().__init__("drawer", margin=t.PAGE, gap=t.BETWEEN, name="card")
        self._stage, self._flows = stage, flows
        session = stage.house.session
        self.column.addWidget(Text("Votre carte", "title"))
        self.message = Message("card.message")
        self.column.addWidget(self.message)
        self._facts = column(Text("Lecture de la carte…", "muted", name="card.reading"), gap=t.GROUP)
        self._inside = column(holder(self._facts), gap=t.GROUP)
        if session is not None:
            self._inside.addWidget(self._practice(session.activity))
        self._inside.addWidget(self._code())
        self._inside.addStretch(1)
        self.column.addWidget(scrolled(holder(self._inside), "card.area", on="paper"), 1)
        close = Button("Fermer", name="card.close", on_click=self.closed.emit)
        lock = Button("Verrouiller", name="card.lock", icon="lock", on_click=self._lock)
        lock.setVisible(session is not None)
        self.column.addLayout(row(lock, 1, close))
        self.setFocusProxy(close)
        self._read()

    def _practice(self, activity: Any) -> Panel:
        block = Panel("well", margin=t.INNER, gap=t.TIGHT)
        block.column.addWidget(Text("Situation d'exercice", "strong"))
        block.column.addWidget(Text(activity.structure.name, wrap=True, name="card.structure"))
        block.column.addWidget(Text(sector_word(activity), "muted", wrap=True, name="card.sector"))
        self._change = Button("Changer de situation", name="card.activity", on_click=self._choose)
        self._change.hide()
        block.column.addLayout(row(self._change, 1))
        return block

    def _code(self) -> Panel:
        block = Panel("well", margin=t.INNER, gap=t.GROUP)
        block.column.addWidget(Text("Code de la carte", "strong"))
        self._tries = Text("", wrap=True, name="card.tries")
        self._tries.hide()
        block.column.addWidget(self._tries)
        self._change_pin = Button("Changer le code", name="card.change_pin")
        self._change_pin.clicked.connect(lambda: self._leave(self._flows.change_pin))
        unblock = Button("Débloquer", name="card.unblock", on_click=lambda: self._leave(self._flows.unblock))
        block.column.addLayout(row(self._change_pin, unblock, 1))
        return block

    def _read(self) -> None:
        job = self._stage.start("card")
        if job is None:
            return
        # Bound methods: they are let go with a drawer that was closed meanwhile.
        job.done.connect(self._show)
        job.failed.connect(self._failed)

    def _failed(self, failure: Failure) -> None:
        empty(self._facts)
        self.message.say_failure(failure)

    def _show(self, report: Any) -> None:
        empty(self._facts)
        for each in facts(report.card):
            self._facts.addWidget(each)
        for each in report.certificates:
            self._facts.addWidget(_certificate(each))
        pin = report.card.pin
        self._tries.say(_tries_words(pin.tries_left), "danger" if (pin.tries_left or 9) < 3 else "")
        self._tries.show()
        self._change_pin.setVisible(pin.tries_left != 0)  # a blocked card has to be unblocked first
        if self._stage.house.session is not None and report.activities is not None:
            self._change.setVisible(len(report.activities) > 1)

    def _choose(self) -> None:
        self._leave(lambda: self._flows.open_session(choose_activity=True))

    def _lock(self) -> None:
        self.closed.emit()
        self.locked.emit()

    def _leave(self, then: Any) -> None:
        self.closed.emit()
        then()


def facts(card: Any) -> list[QWidget]:
    """Write whose card it is, its product and whether it is a test card."""
    who: Professional = card.professional
    model = card.model or f"Carte {who.card_kind.value}"
    kind = Text(who.card_kind.value, "tag", tone="info", name="card.kind")
    tags = [kind, Text(foreign(model, 40), "tag", tone="info", name="card.model")]
    if who.is_test:
        tags.append(Text("carte de test", "tag", tone="warning", name="card.test"))
    if card.has_pin_pad:
        tags.append(Text("lecteur à clavier", "tag", name="card.pad"))
    return [
        Text(foreign(holder_words(who)), "trait", wrap=True, name="card.holder"),
        Text(profession_words(who), "muted", wrap=True, name="card.profession"),
        holder(row(*tags, 1)),
        Text(f"Carte n° {card.serial}", "secondary", name="card.serial"),
    ]


def _certificate(report: Any) -> Panel:
    words, tone = expiry(report.not_after, datetime.now(UTC), report.not_before)
    block = Panel("well", margin=t.INNER, gap=t.TIGHT)
    title = _USES.get(report.use, report.use)
    head = row(Text(f"Certificat : {title.lower()}", "strong", wrap=True), Text(words, "tag", tone=tone))
    head.setStretch(0, 1)
    block.column.addLayout(head)
    until = f"Valable jusqu'au {report.not_after.astimezone():%d/%m/%Y}"
    block.column.addWidget(Text(until, wrap=True, name=f"card.certificate.{report.use}"))
    if report.issuer:
        block.column.addWidget(Text(f"Délivré par {foreign(report.issuer, 80)}", "secondary", wrap=True))
    chain = getattr(report, "chain", None)  # None: no authority of cards is set
    if chain is not None:
        words, tone = _CHAINS[chain.value]
        block.column.addWidget(holder(row(Text(words, "tag", tone=tone, name=f"card.chain.{report.use}"), 1)))
    return block


def expiry(until: datetime, now: datetime, since: datetime | None = None) -> tuple[str, str]:
    """Say in words and tone where a validity stands: danger when over, warning in its last sixty days."""
    if now > until:
        return "expiré", "danger"
    if since is not None and now < since:
        return "pas encore valable", "danger"
    days = (until - now).days
    if days < _SOON_DAYS:
        return (f"expire dans {count(days, 'jour')}" if days else "expire aujourd'hui"), "warning"
    return "valable", "success"


def _tries_words(tries: int | None) -> str:
    if tries == 0:
        return "La carte est bloquée : il faut son code de déblocage."
    return tries_sentence(tries)
