"""What leaves: to send, under way, uncertain, refused; then what was sent. Each refused lot says what mends it."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout

from dossier.failure import Failure
from gui import tokens as t
from gui.flows import Flows
from gui.pages.page import Page
from gui.pieces.boxes import column, empty, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.empty_state import EmptyState
from gui.pieces.outbox_line import Lot, OutboxLine
from gui.pieces.progress import Progress
from gui.pieces.text import Text
from gui.rendering import render
from gui.stage import Stage
from gui.words import count, day_and_hour, foreign

GROUPS = (
    ("Refusés", ("refusé",), "Rien n'a été déposé : corrigez, puis déposez de nouveau."),
    ("Incertains", ("incertain",), "Partis sans réponse : l'hôte est interrogé avant tout nouvel envoi."),
    ("À envoyer", ("à envoyer", "retenu"), "Ils partent dès que votre carte est là et que l'hôte répond."),
    ("En cours", ("en cours",), ""),
    ("Envoyés", ("envoyé",), ""),
)
WAITING = ("à envoyer", "retenu", "en cours", "incertain", "refusé")
_SENT_SHOWN = 20
_FOUND = "FOUND_AT_HOST"
_QUIET = frozenset({"", _FOUND})


class OutboxPage(Page):
    """Four groups and the last ones sent."""

    key = "outbox"
    title = "Envois"

    def __init__(self, stage: Stage, flows: Flows) -> None:
        super().__init__(stage, flows)
        self.send = Button("Envoyer maintenant", "primary", name="outbox.send", icon="send", on_click=self._send)
        self.head.addWidget(self.send)
        self.progress = Progress("outbox.progress")
        self.body.addWidget(self.progress)
        self._lines = QVBoxLayout()
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(t.GROUP)
        self._empty = EmptyState("send", "Rien n'attend", "Ce que vous déposez part d'ici.", name="outbox.empty")
        self._area = scrolled(holder(self._lines), "outbox.area")
        self.body.addWidget(self._empty, 1)
        self.body.addWidget(self._area, 1)
        self._shown: tuple[Any, ...] = ()
        stage.listed.connect(self.show_items)
        self._empty.show()
        self._area.hide()

    def shown(self) -> None:
        """Read the lots again."""
        self.refresh()
        self.stage.read_outbox()

    def refresh(self) -> None:
        """Sending needs a session; the lots come by ``Stage.listed``."""
        self.send.setEnabled(self.house.session is not None)

    def clear(self) -> None:
        """Forget the titles."""
        super().clear()
        self.show_items(())

    def show_items(self, items: tuple[Any, ...]) -> None:
        """Show lots by group, the newest first; the same lots again leave what is unfolded as it is."""
        shown = tuple(items)
        if shown == self._shown:
            return
        self._shown = shown
        empty(self._lines)
        by_state: dict[str, list[Any]] = {}
        for item in reversed(tuple(items)):
            by_state.setdefault(item.state.value, []).append(item)
        for title, states, hint in GROUPS:
            found = [item for state in states for item in by_state.get(state, ())]
            if found:
                self._add_group(title, hint, found if title != "Envoyés" else found[:_SENT_SHOWN], len(found))
        self._lines.addStretch(1)
        self._empty.setVisible(not items)
        self._area.setVisible(bool(items))

    def _add_group(self, title: str, hint: str, items: list[Any], number: int) -> None:
        head = row(Text(f"{title} ({number})", "trait"), 1)
        group = column(head, gap=t.TIGHT)
        if hint:
            group.addWidget(Text(hint, "muted", wrap=True))
        self._lines.addWidget(holder(group))
        for item in items:
            line = OutboxLine(lot_of(item), self._history)
            line.acted.connect(self._prove if item.state.value == "envoyé" else lambda _: self._send())
            self._lines.addWidget(line)

    def _history(self, number: int) -> str:
        """Give the moves of a lot, one a line; a short read of the vault."""
        lines = []
        for move in self.house.outbox.history(number):
            why = "" if move.code in _QUIET or move.failure is None else f" : {move.failure.sentence('fr')}"
            if move.code == _FOUND:
                why = " : vérifié, le document était déjà chez l'hôte"
            lines.append(f"{day_and_hour(move.at)} · {move.state.value}{why}")
        return "\n".join(lines)

    def _prove(self, number: int) -> None:
        self.message.clear()
        job = self.stage.start("proof", number=number)
        if job is not None:
            job.done.connect(self._render)
            job.failed.connect(self.fail)

    def _render(self, sheet: bytes) -> None:
        job = self.stage.work("proof", lambda: render(sheet, "application/pdf"))
        job.done.connect(lambda rendered: self._print(rendered.pages))
        job.failed.connect(self.fail)

    def _print(self, pages: Any) -> None:
        try:
            self.stage.printer.print_pages(pages)
        except Failure as failure:
            self.fail(failure)
        else:
            self.message.say("La preuve de dépôt est imprimée.", tone="success")

    def _send(self) -> None:
        self.message.clear()
        job = self.stage.start("send")
        if job is None:
            return
        self.progress.begin("Envoi et vérification auprès de l'hôte…", can_cancel=False)
        job.done.connect(lambda items: self._sent(tuple(items or ())))
        job.failed.connect(self.fail)
        job.ended.connect(self.progress.end)
        job.ended.connect(self.stage.read_outbox)

    def _sent(self, items: tuple[Any, ...]) -> None:
        done = [each for each in items if each.state.value == "envoyé"]
        if items and len(done) == len(items):
            self.message.say(_done_words(done), tone="success")
        elif items:
            self.message.say("Tout n'est pas parti.", "Le motif est écrit sous chaque ligne.", "warning")
        else:
            self.message.say("Rien n'attendait votre carte.", "Les envois des autres attendent la leur.")


def _done_words(done: list[Any]) -> str:
    """Say what left now and what the host had received before."""
    found = sum(each.code == _FOUND for each in done)
    if not found:
        return f"{count(len(done), 'envoi')} : tout est parti."
    if found == len(done):
        had = "l'avait déjà reçu" if found == 1 else "les avait déjà reçus"
        return f"{count(found, 'envoi')} : vérifié, l'hôte {had}."
    return f"{count(len(done), 'envoi')} : tout est chez l'hôte, qui en avait déjà reçu {found}."


def lot_of(item: Any) -> Lot:
    """Write the line of a lot."""
    failure = item.failure if item.code not in _QUIET else None
    tries = f" · {count(item.attempts, 'essai')}" if item.attempts else ""
    detail = f"INS {item.patient} · {day_and_hour(item.updated)}{tries}"
    said = failure is not None and item.state.value != "envoyé"
    return Lot(
        *(item.id, foreign(item.title) or "Document", detail, item.state.value),
        sentence=failure.sentence("fr") if failure and said else "",
        remedy=failure.remedy("fr") if failure and said else "",
        code=item.code,
        action={"incertain": "Vérifier", "à envoyer": "Envoyer", "envoyé": "Preuve"}.get(item.state.value, ""),
    )
