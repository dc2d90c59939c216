"""What a change in the house changes on screen: a session that begins or ends, a patient who leaves, a card put in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from dossier.professional import CardKind
from gui.desks import desks_of
from gui.flows import Flows
from gui.notice import Notice
from gui.pieces.rail import Rail
from gui.presence import farewell
from gui.shelf import Shelf
from gui.stage import Stage
from gui.who import Who


class Turns(QObject):
    """Hears the stage and the flows. ``emptied`` is emitted when what lies over the page must go.

    go: shows a page by its key.
    """

    emptied = Signal()

    def __init__(
        self, stage: Stage, flows: Flows, shelf: Shelf, who: Who, rail: Rail, notice: Notice, go: Callable[[str], None]
    ) -> None:
        super().__init__(stage)
        self._stage, self._flows, self._shelf, self._who = stage, flows, shelf, who
        self._rail, self._notice, self._go = rail, notice, go
        self._had_session = stage.house.session is not None
        self._card_said: tuple[object, ...] = ()
        self._soon = QTimer(self)  # however many changes one event brings, they are shown once
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._show)
        stage.changed.connect(self._changed)
        flows.moved.connect(self._soon.start)

    def show_session(self) -> None:
        """Go to the first desk of the professional, or to the page without a session."""
        session = self._stage.house.session
        self._who.show()
        if session is None:
            self._leave_session()
            return
        self._had_session = True
        desks = desks_of(session.professional)
        self._rail.offer(desks)
        self._go(desks[0])
        self._say_expiry(session)
        self._flows.look("session")

    def stop(self) -> None:
        """Show nothing more."""
        self._soon.stop()

    def _changed(self, what: str) -> None:
        if what == "outbox":
            self._stage.read_outbox()
            return
        if what == "slots":
            self._card_came()
        if what == "session" or (self._stage.house.session is not None) is not self._had_session:
            self.show_session()
            return
        if what == "patient":
            self._patient_changed()
        self._soon.start()

    def _show(self) -> None:
        self._who.show()
        self._shelf.refresh()

    def _card_came(self) -> None:
        """Take away what was said of the card before: it is not about the one that is in now."""
        slots = self._stage.house.cards.slots()
        here = tuple(
            (each.reader, each.epoch, each.failure) for each in slots if each.kind not in (None, CardKind.VITALE)
        )
        if here and here != self._card_said and self._stage.house.session is None:
            self._notice.drop()
        self._card_said = here or self._card_said

    def _leave_session(self) -> None:
        front = self._shelf.shown()
        if not self._had_session and front is not None and front.key == "home":
            front.refresh()
            return
        self._shelf.clear()
        self.emptied.emit()
        self._rail.offer(())
        had, self._had_session = self._had_session, False
        self._go("home")
        house = self._stage.house
        words = farewell(house.ended_because, house.settings.idle_minutes) if had else None
        if words is not None:
            self._notice.tell(*words)

    def _say_expiry(self, session: Any) -> None:
        """Say at the beginning of a session that the card will soon be, or is, over."""
        from gui.card_panel import expiry

        card = session.card
        ends = [each.not_after for each in (card.authentication, card.signature) if each is not None]
        words, tone = expiry(min(ends), datetime.now(UTC)) if ends else ("", "success")
        if tone != "success":
            remedy = "Demandez dès maintenant son renouvellement : sans certificat valable, l'hôte refuse la carte."
            self._notice.tell(f"Certificat de votre carte : {words}.", remedy, tone)

    def _patient_changed(self) -> None:
        self.emptied.emit()
        if self._stage.house.patient is None:
            self._shelf.clear()
