"""The rail: desks above, services below; icons alone when the window is narrow."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup

from gui import tokens as t
from gui.pieces.boxes import Panel
from gui.pieces.buttons import Button
from gui.pieces.text import Rule, tip


@dataclass(frozen=True)
class Place:
    """One entry of the rail."""

    key: str
    title: str
    icon: str
    is_desk: bool = False


class Rail(Panel):
    """One button per page."""

    chosen = Signal(str)

    def __init__(self, places: tuple[Place, ...]) -> None:
        super().__init__("rail", margin=t.GROUP, gap=t.TIGHT)
        self.setObjectName("rail")
        self._places = {each.key: each for each in places}
        self._badges: dict[str, int] = {}
        self._folded = False
        self._group = QButtonGroup(self)
        self.buttons: dict[str, Button] = {}
        self._rule = Rule()
        for place in places:
            if not place.is_desk and self.column.indexOf(self._rule) < 0:
                self.column.addWidget(self._rule)
            self._add(place)
        self.column.addStretch(1)
        self.setFixedWidth(t.RAIL_WIDTH)

    def _add(self, place: Place) -> None:
        button = Button(place.title, "rail", name=f"rail.{place.key}", icon=place.icon)
        button.setCheckable(True)
        button.toggled.connect(lambda on: button.draw_icon(colour="primary" if on else "secondary"))
        button.clicked.connect(lambda: self.chosen.emit(place.key))
        self._group.addButton(button)
        self.buttons[place.key] = button
        self.column.addWidget(button)

    def offer(self, desks: tuple[str, ...]) -> None:
        """Show the desks of a profession, in the order of the rail; services are always there."""
        for key, place in self._places.items():
            self.buttons[key].setVisible(not place.is_desk or key in desks)
        self._rule.setVisible(bool(desks))

    def select(self, key: str) -> None:
        """Mark the page shown; a page that is not in the rail leaves it unmarked."""
        if key in self.buttons:
            self.buttons[key].setChecked(True)
            return
        self._group.setExclusive(False)
        for button in self.buttons.values():
            button.setChecked(False)
        self._group.setExclusive(True)

    def badge(self, key: str, number: int) -> None:
        """Show a number beside a word; 0 shows none."""
        self._badges[key] = number
        self._write(key)

    def fold(self, folded: bool) -> None:
        """Show icons alone, words in tooltips."""
        if folded == self._folded:
            return
        self._folded = folded
        self.setFixedWidth(t.RAIL_FOLDED if folded else t.RAIL_WIDTH)
        for key in self._places:
            self._write(key)

    def _write(self, key: str) -> None:
        place, number = self._places[key], self._badges.get(key, 0)
        words = f"{place.title}  {number}" if number else place.title
        self.buttons[key].say("" if self._folded else words)
        self.buttons[key].setAccessibleName(words)
        tip(self.buttons[key], words if self._folded else "")
