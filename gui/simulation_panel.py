"""The drawer of the simulation: put fictional cards in the two readers and take them out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication

from gui import tokens as t
from gui.pieces.boxes import Panel, row
from gui.pieces.buttons import Button
from gui.pieces.marks import Select
from gui.pieces.message import Message
from gui.pieces.text import Text
from gui.stage import Stage
from gui.words import fr

_VITALE = "Vitale"


class SimulationPanel(Panel):
    """One block per reader: the card that is in, the one to put in."""

    closed = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__("drawer", margin=t.PAGE, gap=t.BETWEEN, name="simulation")
        self._stage = stage
        self._states: list[Text] = []
        self._inserts: list[Button] = []
        self._removes: list[Button] = []
        self._busy = False
        self._pressed: Button | None = None
        self.column.addWidget(Text("Cartes simulées", "title"))
        self.column.addWidget(Text("Des personnes fictives, de vrais échanges avec les lecteurs.", "muted", wrap=True))
        self.message = Message("simulation.message")
        self.column.addWidget(self.message)
        for slot in range(len(stage.house.simulation.inserted)):
            self.column.addWidget(self._reader(slot))
        self.column.addStretch(1)
        close = Button("Fermer", name="simulation.close", on_click=self.closed.emit)
        self.column.addLayout(row(1, close))
        stage.changed.connect(self._look)
        self.setFocusProxy(close)
        self._look("slots")

    def _reader(self, slot: int) -> Panel:
        block = Panel("well", margin=t.BETWEEN, gap=t.GROUP)
        state = Text("", wrap=True, name=f"simulation.state.{slot}")
        choice = Select(f"simulation.card.{slot}", f"Carte du lecteur {slot + 1}")
        for name in self._ordered(slot):
            choice.addItem(self._words(name), name)
        insert = Button("Insérer", name=f"simulation.insert.{slot}", icon="card")
        insert.clicked.connect(lambda: self._insert(slot, str(choice.currentData())))
        remove = Button("Retirer", name=f"simulation.remove.{slot}")
        remove.clicked.connect(lambda: self._remove(slot))
        block.column.addWidget(Text(f"Lecteur {slot + 1}", "trait"))
        block.column.addWidget(state)
        block.column.addWidget(choice)
        block.column.addLayout(row(insert, remove, 1))
        self._states.append(state)
        self._inserts.append(insert)
        self._removes.append(remove)
        return block

    def _ordered(self, slot: int) -> list[str]:
        """Professional cards first in the first reader, Vitale cards first in the second."""
        names = list(self._stage.house.simulation.names())
        return sorted(names, key=lambda name: self._words(name).startswith(_VITALE) is (slot == 0))

    def _words(self, name: str) -> str:
        describe = getattr(self._stage.house.simulation, "describe", None)
        return fr(describe(name)) if describe else name

    def _insert(self, slot: int, name: str) -> None:
        self._do(slot, self._inserts[slot], lambda: self._stage.house.simulation.insert(slot, name))

    def _remove(self, slot: int) -> None:
        self._do(slot, self._removes[slot], lambda: self._stage.house.simulation.remove(slot))

    def _do(self, slot: int, pressed: Button, act: Callable[[], Any]) -> None:
        """Move a card away from the GUI thread: PC/SC may take seconds to see it; one card at a time."""
        if self._busy:
            return
        self.message.clear()
        self._busy, self._pressed = True, pressed if pressed.hasFocus() else None
        self._look("slots")
        job = self._stage.work(f"simulation.{slot}", act)
        # Bound methods, not lambdas: they are let go with a drawer that was closed meanwhile.
        job.failed.connect(self.message.say_failure)
        job.ended.connect(self._moved)

    def _moved(self) -> None:
        self._busy = False
        self._look("slots")
        pressed, now = self._pressed, QApplication.focusWidget()
        self._pressed = None
        if pressed is not None and pressed.isEnabled() and now is not None and self.isAncestorOf(now):
            pressed.setFocus()

    def _look(self, what: str) -> None:
        if what != "slots":
            return
        inserted = self._stage.house.simulation.inserted
        for state, insert, remove, name in zip(self._states, self._inserts, self._removes, inserted, strict=False):
            state.say(self._words(name) if name else "Vide")
            insert.setEnabled(not self._busy)
            remove.setEnabled(bool(name) and not self._busy)
