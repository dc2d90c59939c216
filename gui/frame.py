"""The frame: ribbon, status strip, rail, patient bar or emergency band, pages, and what lies over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from dossier.failure import Failure
from gui import tokens as t
from gui.asking import Asking
from gui.desks import desks_of
from gui.flows import Flows
from gui.house_port import HousePort
from gui.jobs import Job
from gui.notice import Notice
from gui.pages.page import Page
from gui.pieces.boxes import column, row
from gui.pieces.buttons import Button
from gui.pieces.emergency_band import EmergencyBand
from gui.pieces.empty_state import EmptyState
from gui.pieces.overlay import Overlay
from gui.pieces.page_stack import PageStack
from gui.pieces.passphrase import PassphraseAsk
from gui.pieces.patient_bar import PatientBar
from gui.pieces.rail import Rail
from gui.pieces.ribbon import SimulationRibbon
from gui.pieces.text import Picture
from gui.places import DESKS, PLACES, make_page
from gui.presence import Presence
from gui.readying import Readying
from gui.shelf import Shelf
from gui.stage import Stage
from gui.strip import StatusStrip
from gui.style import apply, mark
from gui.tray import Tray
from gui.turns import Turns
from gui.who import Who

_WAITING = frozenset({"à envoyer", "en cours", "incertain", "refusé", "retenu"})


class Frame(QWidget):
    """Everything inside the window; ``attach`` brings it to life over a house."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("frame")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        mark(self, ground="ground")
        self._stage: Stage | None = None
        self._passphrase: PassphraseAsk | None = None
        self.ribbon, self.strip, self.rail = SimulationRibbon(), StatusStrip(), Rail(PLACES)
        self.bar, self.band, self.notice = PatientBar(), EmergencyBand(), Notice()
        self.stack = PageStack("stack")
        self._starting = EmptyState("card", "Démarrage…", "Le coffre du poste s'ouvre.", name="starting")
        mark(self._starting, ground="ground")
        self.stack.addWidget(self._starting)
        self._lay_out()
        self.rail.offer(())
        self.rail.setEnabled(False)
        self.ribbon.hide()

    def _lay_out(self) -> None:
        self.content = QWidget()
        self.content.setLayout(column(self.notice, self.stack, gap=0))
        right = column(self.bar, self.band, self.content, gap=0)
        right.setStretch(2, 1)
        below = row(self.rail, right, gap=0)
        below.setStretch(1, 1)
        inside = column(self.ribbon, self.strip, below, gap=0)
        inside.setStretch(2, 1)
        # What lies over the page lies over this part only: the tray beside it stays at hand.
        self.desk = QWidget()
        self.desk.setLayout(inside)
        self._outer = QHBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(0)
        self._outer.addWidget(self.desk, 1)

    @property
    def stage(self) -> Stage:
        """What pages ask of the window; there once a house is attached."""
        assert self._stage is not None
        return self._stage

    def attach(self, house: HousePort) -> None:
        """Bring the window to life over a house."""
        self._stage = stage = Stage(house, self)
        self.flows = Flows(stage)
        self.drawer = Overlay(self.desk, "drawer", drawer=True)
        self.drawer.escaped.connect(self.drawer.clear)
        self.asking = Asking(stage, self.flows, self.desk)
        self.shelf = Shelf(self.stack, lambda key: make_page(key, stage, self.flows))
        self.who = Who(stage, self.flows, self.strip, self.bar, self.band)
        self.turns = Turns(stage, self.flows, self.shelf, self.who, self.rail, self.notice, self.go)
        self.turns.emptied.connect(self.drawer.clear)
        self.presence = Presence(stage, self.flows, self.asking)
        self.presence.told.connect(self.notice.tell)
        self.tray = Tray(stage, self._outer, self.open_drawer, self._fold)
        stage.went.connect(self.go)
        stage.failed.connect(self._tell_failure)
        stage.said.connect(self.notice.tell)
        stage.drawer.connect(self.open_drawer)
        stage.listed.connect(self._count_waiting)
        stage.looks.connect(self.dress)
        stage.jobs.told.connect(self._news)
        for signal, page in ((self.strip.outbox, "outbox"), (self.strip.diagnose, "diagnostic")):
            signal.connect(lambda page=page: self.go(page))
        self.strip.lock.connect(self.lock)
        self.strip.card.connect(self._show_card)
        self.strip.simulate.connect(lambda: self.tray.turn(self.width()))
        self.rail.chosen.connect(self.go)
        self.bar.leave.connect(self.flows.leave_patient)
        self.band.ended.connect(lambda: stage.start("end-access"))
        for number, desk in enumerate(DESKS):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number + 1}"), self)
            shortcut.activated.connect(lambda key=desk: self._go_desk(key))
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)
        self.rail.setEnabled(True)
        self.ribbon.setVisible(house.simulation is not None)
        self.ribbon.say_readers(real=house.simulation is not None and house.simulation.real_pcsc)
        self.turns.show_session()
        stage.read_outbox()
        self.flows.look()
        self.readying = Readying(stage, self.shelf, self.asking.overlay)

    def fail_to_start(self, failure: Failure) -> None:
        """Say why the house could not be opened."""
        self._starting.say(failure.sentence("fr"), failure.remedy("fr"))
        self.stack.setCurrentWidget(self._starting)

    def ask_passphrase(
        self, wrong: Failure | None, answer: Callable[[bytearray], None], *, first: bool = False
    ) -> None:
        """Ask for the passphrase of the vault in the place where pages will be."""
        if self._passphrase is None:
            self._passphrase = PassphraseAsk()
            self._passphrase.given.connect(answer)
            self.stack.addWidget(self._passphrase)
        self.stack.setCurrentWidget(self._passphrase)
        self._passphrase.ask(wrong, first=first)

    def page(self, key: str) -> Page:
        """Give a page, made at its first use."""
        return self.shelf.page(key)

    def go(self, key: str) -> None:
        """Show a page."""
        page = self.shelf.show(key)
        self.rail.select(key)
        self.notice.drop()
        page.refresh()
        page.shown()
        page.take_keyboard()

    def current(self) -> str:
        """Give the key of the page shown."""
        shown = self.shelf.shown() if self._stage is not None else None
        return shown.key if shown is not None else ""

    def lock(self) -> None:
        """End the session by hand."""
        if self._stage is None or self._stage.house.session is None:
            return
        self._stage.jobs.cancel_all()
        self._stage.start("lock")

    def dress(self, look: str) -> None:
        """Change the appearance."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply(app, look)
            for button in self.findChildren(Button):
                button.draw_icon()
            for picture in self.findChildren(Picture):
                picture.draw()
            self.who.show()

    def open_drawer(self, content: QWidget) -> None:
        """Open a drawer from the right."""
        closed = getattr(content, "closed", None)
        if closed is not None:
            closed.connect(self.drawer.clear)
        self.drawer.show_content(content)

    def _show_card(self) -> None:
        from gui.card_panel import CardPanel

        panel = CardPanel(self.stage, self.flows)
        panel.locked.connect(self.lock)
        self.open_drawer(panel)

    def _go_desk(self, key: str) -> None:
        session = self.stage.house.session
        if session is not None and key in desks_of(session.professional):
            self.go(key)

    def _focus_moved(self, old: QWidget | None, now: QWidget | None) -> None:
        """When the widget that had the keyboard went away, Qt gives it to the strip: the page takes it back."""
        left_by_itself = old is None or not old.isVisible() or not old.isEnabled()
        page = self.shelf.shown()
        if left_by_itself and now is not None and self.strip.isAncestorOf(now) and page is not None:
            QTimer.singleShot(0, page, page.take_keyboard)

    def _news(self, job: Job, news: Any) -> None:
        hear = getattr(self.shelf.shown(), "news", None)
        if hear is not None:
            hear(job, news)

    def _count_waiting(self, items: tuple[Any, ...]) -> None:
        number = sum(each.state.value in _WAITING for each in items)
        self.strip.show_waiting(number)
        self.rail.badge("outbox", number)

    def _tell_failure(self, failure: Failure) -> None:
        if failure.code == "PIN_BLOCKED" and self.flows.is_blocked():
            self.notice.tell_failure(failure, "Débloquer la carte", self.flows.unblock)
        else:
            self.notice.tell_failure(failure)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fold the rail when the window is narrow."""
        super().resizeEvent(event)
        self._fold()

    def _fold(self) -> None:
        beside = self.tray.width() if self._stage is not None else 0
        self.rail.fold(self.width() - beside < t.RAIL_FOLDS_BELOW)

    def somebody_is_there(self) -> None:
        """Begin the idle time anew."""
        if self._stage is not None:
            self.presence.somebody_is_there()

    def hear_key(self, event: QKeyEvent) -> bool:
        """Hear a key before the widgets do; True when a scanner typed it."""
        return self._stage is not None and self.presence.hear_key(event)

    def close_down(self) -> None:
        """Unwind what waits for a person, and hear nothing more."""
        app = QApplication.instance()
        if self._stage is not None and isinstance(app, QApplication):
            app.focusChanged.disconnect(self._focus_moved)
            self.turns.stop()
            self.presence.close()
            self._stage.close()
