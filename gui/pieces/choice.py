"""Choice cards: large radio buttons, each with its words and one plain sentence; and tick cards."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont, QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QWidget

from gui import tokens as t
from gui.pieces.boxes import Panel, column, row
from gui.pieces.marks import Radio, Tick
from gui.pieces.text import Text
from gui.style import mark
from gui.words import fr


class ChoiceCard(Panel):
    """One card around a radio button or a tick box; a click anywhere answers."""

    def __init__(self, button: QAbstractButton, title: str, hint: str, name: str) -> None:
        super().__init__("choice", margin=t.INNER, gap=t.TIGHT)
        self.button = button
        button.setText(fr(title).replace("&", "&&"))
        button.setObjectName(name)
        button.setFont(_title_font(button))
        button.toggled.connect(lambda chosen: mark(self, chosen=chosen))
        self.column.addWidget(button)
        if hint:
            under = Text(hint, "muted", wrap=True, name=f"{name}.hint")
            indented = row(under)
            indented.setContentsMargins(t.PAGE + t.TIGHT, 0, 0, 0)
            self.column.addLayout(indented)
            button.setAccessibleDescription(fr(hint))
        self.column.addStretch(1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Answer a click anywhere on the card."""
        if self.rect().contains(event.position().toPoint()) and self.button.isEnabled():
            self.button.click()
            self.button.setFocus()


def _title_font(button: QAbstractButton) -> QFont:
    made = button.font()
    made.setWeight(made.Weight.DemiBold)
    return made


class RadioCards(QWidget):
    """A group of cards of which one at most is chosen; nothing is chosen at first unless said."""

    chosen = Signal(int)

    def __init__(
        self, options: tuple[tuple[str, str, str], ...], *, side_by_side: bool = False, start: int = -1
    ) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        self.cards = [ChoiceCard(Radio(), title, hint, name) for name, title, hint in options]
        for number, card in enumerate(self.cards):
            self._group.addButton(card.button, number)
        self.setLayout(row(*self.cards, gap=t.INNER) if side_by_side else column(*self.cards, gap=t.GROUP))
        if start >= 0:
            self.cards[start].button.setChecked(True)
        self.setFocusProxy(self.cards[max(start, 0)].button)
        self._group.idToggled.connect(lambda number, on: self.chosen.emit(number) if on else None)

    def index(self) -> int:
        """Give the number of the chosen card, -1 when none is."""
        return self._group.checkedId()


class TickCard(ChoiceCard):
    """A card with a tick box."""

    def __init__(self, title: str, hint: str, name: str, *, ticked: bool = False) -> None:
        super().__init__(Tick(), title, hint, name)
        self.button.setChecked(ticked)

    def ticked(self) -> bool:
        """Tell whether the box is ticked."""
        return self.button.isChecked()
