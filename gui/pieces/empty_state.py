"""The empty state: one picture, one sentence, one action."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from gui import tokens as t
from gui.pieces.boxes import column
from gui.pieces.buttons import Button
from gui.pieces.text import Picture, Text


class EmptyState(QWidget):
    """Said where there is nothing to show; the action is optional."""

    acted = Signal()

    def __init__(self, icon: str, sentence: str, hint: str = "", action: str = "", name: str = "empty") -> None:
        super().__init__()
        self.setObjectName(name)
        self._sentence = Text(sentence, "title", wrap=True, name=f"{name}.sentence")
        self._hint = Text(hint, "muted", wrap=True, name=f"{name}.hint")
        self._action = Button(action, "primary", name=f"{name}.go", on_click=self.acted.emit)
        picture = Picture(icon, "secondary", t.ICON_LARGE)
        inside = column(1, picture, self._sentence, self._hint, self._action, 1, gap=t.BETWEEN, margin=t.PAGE)
        for label in (self._sentence, self._hint):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for each in (picture, self._action):
            inside.setAlignment(each, Qt.AlignmentFlag.AlignHCenter)
        self._inside = inside
        self.setLayout(inside)
        self.say(sentence, hint, action)

    def also(self, widget: QWidget) -> None:
        """Put something quieter under the action; its owner shows and hides it."""
        self._inside.insertWidget(self._inside.count() - 1, widget, 0, Qt.AlignmentFlag.AlignHCenter)

    def say(self, sentence: str, hint: str = "", action: str = "") -> None:
        """Show other words; no action hides the button."""
        self._sentence.say(sentence)
        self._hint.say(hint)
        self._hint.setVisible(bool(hint))
        self._action.say(action)
        self._action.setVisible(bool(action))
