"""What is said above the page: one message, closed by hand, or with the action that mends it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from dossier.failure import Failure
from gui import tokens as t
from gui.pieces.boxes import column
from gui.pieces.message import Message


class Notice(QWidget):
    """Hidden until it has something to say; another page, or its button, takes it away."""

    def __init__(self) -> None:
        super().__init__()
        self._message = Message("notice")
        self._message.acted.connect(self._act)
        self._then: Callable[[], object] | None = None
        inside = column(self._message)
        inside.setContentsMargins(t.PAGE, t.INNER, t.PAGE, 0)
        self.setLayout(inside)
        self.hide()

    def tell(self, sentence: str, remedy: str, tone: str) -> None:
        """Say something."""
        self._then = None
        self._message.say(sentence, remedy, tone, action="Fermer")
        self.show()

    def tell_failure(self, failure: Failure, action: str = "", then: Callable[[], object] | None = None) -> None:
        """Say a failure; action: the word of what mends it, done by ``then``."""
        self._then = then
        self._message.say_failure(failure, action or "Fermer")
        self.show()

    def drop(self) -> None:
        """Say nothing any more."""
        self._then = None
        self._message.clear()
        self.hide()

    def _act(self) -> None:
        then = self._then
        self.drop()
        if then is not None:
            then()
