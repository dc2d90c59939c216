"""The ways to name a patient without a Vitale card, as one line of links."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gui import tokens as t
from gui.pieces.boxes import holder, row
from gui.pieces.buttons import Button
from gui.pieces.text import Text

_WAYS = (
    ("datamatrix", "Datamatrix INS"),
    ("application", "Appli carte Vitale"),
    ("traits", "Saisie à la main"),
)


class OtherWays(QWidget):
    """Emits ``chosen`` with the source: datamatrix, application, traits; label: what stands before the links."""

    chosen = Signal(str)

    def __init__(self, name: str, label: str = "") -> None:
        super().__init__()
        self.setObjectName(f"{name}.ways")
        buttons = [self._button(name, source, words) for source, words in _WAYS]
        line = row(*buttons, gap=t.PAGE)
        if label:
            line.insertWidget(0, Text(label, "muted"))
        self.setLayout(row(holder(line)))

    def _button(self, name: str, source: str, words: str) -> Button:
        return Button(words, "link", name=f"{name}.way.{source}", on_click=lambda: self.chosen.emit(source))
