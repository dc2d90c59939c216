"""What all pages share: a title line, a message, and what the window calls."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from dossier.failure import Failure
from gui import tokens as t
from gui.flows import Flows
from gui.pieces.boxes import row
from gui.pieces.buttons import Button
from gui.pieces.message import Message
from gui.pieces.text import Text
from gui.stage import Stage
from gui.style import mark

_MADE = object()


class Page(QWidget):
    """One page. ``refresh`` is called when what the house knows changed, ``clear`` when somebody else may look.

    A page with many parts makes them in ``parts``; nothing is asked of it before ``furnish`` has come to their end.
    """

    key = ""
    title = ""

    def __init__(self, stage: Stage, flows: Flows) -> None:
        super().__init__()
        self.stage, self.flows, self.house = stage, flows, stage.house
        self.setObjectName(f"page.{self.key}")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        mark(self, ground="ground")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(t.PAGE, t.BETWEEN, t.PAGE, t.PAGE)
        self.body.setSpacing(t.INNER)
        self.heading = Text(self.title, "title", name=f"{self.key}.title")
        self.head = row(self.heading, 1, gap=t.GROUP)
        self.message = Message(f"{self.key}.message")
        if self.title:
            self.body.addLayout(self.head)
        self.body.addWidget(self.message)
        self._parts = self.parts()

    def parts(self) -> Iterator[None]:
        """Make the parts; what lies between two yields is done in one turn of the event loop, of a few milliseconds."""
        yield from ()

    def furnish(self) -> bool:
        """Make some more of the page; False when all of it is there."""
        return next(self._parts, _MADE) is not _MADE

    def refresh(self) -> None:
        """Show what the house knows now."""

    def shown(self) -> None:
        """The page comes to the front."""

    def take_keyboard(self) -> None:
        """Give the keyboard to the primary action, unless something of the page has it already."""
        now = QApplication.focusWidget()
        if now is not None and self.isAncestorOf(now) and now.isVisible():
            return
        for button in self.findChildren(Button):
            if button.property("kind") == "primary" and button.isVisible() and button.isEnabled():
                button.setFocus(Qt.FocusReason.OtherFocusReason)
                return
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def clear(self) -> None:
        """Drop everything about patients from the page and from memory."""
        self.message.clear()

    def fail(self, failure: Failure) -> None:
        """Say a failure of this page's own work."""
        self.message.say_failure(failure)
