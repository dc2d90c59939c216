"""The PIN of the professional's card."""

from __future__ import annotations

from cps_bridge.workflows.user import AskPin
from gui import tokens as t
from gui.pieces.boxes import holder, row
from gui.pieces.pin_boxes import PinBoxes
from gui.pieces.text import Picture, Text
from gui.questions.panel import QuestionPanel
from gui.words import NBSP


class PinPanel(QuestionPanel):
    """Four masked boxes, the tries left, and what a wrong code costs."""

    def __init__(self, question: AskPin) -> None:
        super().__init__(question, "Code de votre carte CPS", "Valider", "pin.go")
        self._boxes = PinBoxes()
        self._boxes.filled.connect(self.go.setEnabled)
        self._boxes.entered.connect(self._enter)
        self.go.setEnabled(False)
        holder_line = holder(row(Picture("card", "primary"), Text(question.holder, "strong", name="pin.holder"), 1))
        tries = Text(tries_sentence(question.tries_left), wrap=True, name="pin.tries")
        tries.say(tries_sentence(question.tries_left), "" if (question.tries_left or 0) > 2 else "danger")
        hint = "Le logiciel présente ce code une seule fois à la carte et ne le garde pas."
        self.body(holder_line, holder(row(self._boxes, 1)), tries, Text(hint, "secondary", wrap=True))
        self.column.setSpacing(t.BETWEEN)
        self.setFocusProxy(self._boxes)

    def value(self) -> bytearray:
        """Give the digits away; the one who asked wipes them."""
        return self._boxes.take()

    def wipe(self) -> None:
        """Overwrite what was typed."""
        self._boxes.wipe()

    def _enter(self) -> None:
        if self.go.isEnabled():
            self.go.click()


def tries_sentence(tries: int | None) -> str:
    """Say how many tries are left, and that the last one blocks the card."""
    if tries is None:
        return "La carte ne dit pas combien d'essais il reste."
    if tries == 1:
        return "Dernier essai : un code faux bloquerait la carte."
    return f"Il reste {tries}{NBSP}essais avant le blocage de la carte."
