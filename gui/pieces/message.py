"""The inline message: what happened, what to do, and the technical details folded away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from dossier.failure import Failure, Kind
from gui import tokens as t
from gui.pieces.boxes import Panel, column, row
from gui.pieces.buttons import Button
from gui.pieces.text import Picture, Text
from gui.style import mark
from gui.words import foreign

_ICONS = {"info": "info", "success": "success", "warning": "warning", "danger": "warning"}
_WARNINGS = (Kind.UNKNOWN_OUTCOME, Kind.NETWORK, Kind.CARD)


class Message(Panel):
    """One message; hidden until it has something to say. tone: info, success, warning, danger."""

    acted = Signal()

    def __init__(self, name: str = "message", parent: QWidget | None = None) -> None:
        super().__init__("message", margin=t.INNER)
        self.setParent(parent)
        self.setObjectName(name)
        self._picture = Picture("info", "primary")
        self._sentence = Text("", "strong", wrap=True, name=f"{name}.sentence")
        self._remedy = Text("", wrap=True, name=f"{name}.remedy")
        self._action = Button("", name=f"{name}.action", on_click=self.acted.emit)
        self._fold = Button("Détails techniques", "link", name=f"{name}.fold", icon="right", on_click=self._unfold)
        self._details = Text("", "secondary", wrap=True, name=f"{name}.details")
        self._details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        texts = column(self._sentence, self._remedy, row(self._fold, 1), self._details, gap=t.TIGHT)
        line = row(self._picture, texts, self._action, gap=t.INNER)
        line.setStretch(1, 1)
        line.setAlignment(self._picture, Qt.AlignmentFlag.AlignTop)
        line.setAlignment(self._action, Qt.AlignmentFlag.AlignTop)
        self.column.addLayout(line)
        self.clear()

    def say(self, sentence: str, remedy: str = "", tone: str = "info", details: str = "", action: str = "") -> None:
        """Show a message; action: the word of a button, answered by the signal ``acted``."""
        mark(self, tone=tone)
        self._picture.show_icon(_ICONS[tone], "primary" if tone == "info" else tone)
        for label, text in ((self._sentence, sentence), (self._remedy, remedy), (self._details, details)):
            label.say(text)
            label.setVisible(bool(text))
        self._fold.setVisible(bool(details))
        self._details.hide()
        self._fold.draw_icon("right")
        self._action.say(action)
        self._action.setVisible(bool(action))
        self.setAccessibleName(f"{sentence} {remedy}".strip())
        self.show()

    def say_failure(self, failure: Failure, action: str = "") -> None:
        """Show a failure: its sentence, its remedy, its code and host text folded."""
        tone = "warning" if failure.kind in _WARNINGS else "danger"
        self.say(failure.sentence("fr"), failure.remedy("fr"), tone, details_of(failure), action)

    def clear(self) -> None:
        """Say nothing and leave no trace."""
        for label in (self._sentence, self._remedy, self._details):
            label.say("")
        self.hide()

    def sentence(self) -> str:
        """Give the sentence shown, "" when hidden."""
        return self._sentence.text()

    def _unfold(self) -> None:
        shown = self._details.isHidden()
        self._details.setVisible(shown)
        self._fold.draw_icon("down" if shown else "right")


def details_of(failure: Failure) -> str:
    """Write the code and the typed facts of a failure, each cut short, without direction marks."""
    facts = "\n".join(f"{name} : {foreign(str(value), 120)}" for name, value in sorted(failure.facts.items()))
    return f"Code : {failure.code}\n{facts}".strip()
