"""Progress with its figure and *Annuler*."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from gui import tokens as t
from gui.pieces.boxes import column, row
from gui.pieces.buttons import Button
from gui.pieces.text import Text
from gui.words import NBSP, size


class Progress(QWidget):
    """A line of text, a bar, a figure, and a way out; hidden when nothing runs."""

    cancelled = Signal()

    def __init__(self, name: str = "progress") -> None:
        super().__init__()
        self.setObjectName(name)
        self._text = Text("", wrap=True, name=f"{name}.text")
        self._figure = Text("", "secondary", name=f"{name}.figure")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._cancel = Button("Annuler", name=f"{name}.cancel", on_click=self.cancelled.emit)
        head = row(self._text, self._figure)
        head.setStretch(0, 1)
        body = row(column(head, self._bar, gap=t.GROUP), self._cancel, gap=t.BETWEEN)
        body.setStretch(0, 1)
        self.setLayout(body)
        self.hide()

    def begin(self, text: str, *, can_cancel: bool = True) -> None:
        """Show that something runs, without figure yet."""
        self._text.say(text)
        self._bar.setRange(0, 0)
        self._figure.say("")
        self._cancel.setVisible(can_cancel)
        self.setAccessibleName(text)
        self.show()

    def advance(self, done: int, total: int) -> None:
        """Show bytes done of bytes in all."""
        if total > 0:
            self._bar.setRange(0, 1000)
            self._bar.setValue(done * 1000 // total)
            self._figure.say(f"{size(done)} sur {size(total)} ({done * 100 // total}{NBSP}%)")

    def end(self) -> None:
        """Hide."""
        self.hide()
