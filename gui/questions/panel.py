"""What all question panels share: a title, a body, *Annuler*, and one primary action."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from dossier.failure import Failure
from gui import tokens as t
from gui.pieces.boxes import Panel, row
from gui.pieces.buttons import Button
from gui.pieces.message import Message
from gui.pieces.text import Text


class QuestionPanel(Panel):
    """Emits ``answered`` with the answer, or ``given_up``; once answered, its buttons do nothing more."""

    answered = Signal(object)
    given_up = Signal()

    def __init__(
        self, question: Any, title: str, action: str, name: str, *, kind: str = "primary", explain: str = ""
    ) -> None:
        super().__init__(margin=t.PAGE, gap=t.BETWEEN, name=f"question.{name.partition('.')[0]}")
        self.question = question
        self._over = False
        self.column.addWidget(Text(title, "title", wrap=True, name="question.title"))
        if explain:
            self.column.addWidget(Text(explain, "muted", wrap=True))
        self.message = Message("question.message")
        self.go = Button(action, kind, name=name, on_click=self._go)
        self.cancel = Button("Annuler", name="question.cancel", on_click=self.give_up)
        self.setAccessibleName(title)

    def body(self, *widgets: QWidget) -> None:
        """Put the widgets of the question, then the message and the buttons."""
        for each in widgets:
            self.column.addWidget(each)
        self.column.addWidget(self.message)
        self.column.addLayout(row(self.cancel, 1, self.go))
        self.setFocusProxy(widgets[0] if widgets and widgets[0].focusPolicy() else self.go)

    def value(self) -> object:
        """Give the answer; raises Failure when the person must mend something first."""
        raise NotImplementedError

    def wipe(self) -> None:
        """Forget what was typed, before the panel goes."""

    def give_up(self) -> None:
        """Leave without answer."""
        if not self._over:
            self._over = True
            self.wipe()
            self.given_up.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter answers, Esc gives up."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.go.isEnabled():
            self._go()
        elif event.key() == Qt.Key.Key_Escape:
            self.give_up()
        else:
            super().keyPressEvent(event)

    def _go(self) -> None:
        if self._over:
            return
        try:
            value = self.value()
        except Failure as failure:
            self.message.say_failure(failure)
            return
        self.finish(value)

    def finish(self, value: object) -> None:
        """Answer once."""
        if not self._over:
            self._over = True
            self.answered.emit(value)
