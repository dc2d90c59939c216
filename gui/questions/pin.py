"""The codes of the professional's card: its PIN, a new one, the code that unblocks it, and the reader's own keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from cps_bridge.workflows.user import AskNewPin, AskPin, AskUnblockingCode, ConfirmLastTry, PinOnReader
from dossier.failure import Failure
from gui import tokens as t
from gui.pieces.boxes import Panel, holder, row
from gui.pieces.pin_boxes import PinBoxes, digits_words
from gui.pieces.text import Picture, Text
from gui.questions.panel import QuestionPanel
from gui.words import NBSP, foreign, fr

_KEPT = "Le logiciel présente ce code une seule fois à la carte et ne le garde pas."
_SPARSE = 3


class _CodePanel(QuestionPanel):
    """One line of boxes, the holder of the card, and what a wrong code costs."""

    boxes: PinBoxes

    def line(self, question: AskPin | AskNewPin | AskUnblockingCode, name: str, title: str) -> PinBoxes:
        """Make the boxes that a question asks for; Enter answers when they have enough digits."""
        boxes = PinBoxes(name, question.minimum, question.maximum, title)
        boxes.filled.connect(lambda _: self.enable())
        boxes.entered.connect(self.enter)
        return boxes

    def enable(self) -> None:
        """Open the action when there are enough digits."""
        self.go.setEnabled(self.boxes.is_filled())

    def enter(self) -> None:
        """Answer by Enter."""
        if self.go.isEnabled():
            self.go.click()

    def value(self) -> bytearray:
        """Give the digits away; the one who asked wipes them."""
        return self.boxes.take()

    def wipe(self) -> None:
        """Overwrite what was typed."""
        self.boxes.wipe()


class PinPanel(_CodePanel):
    """The masked boxes of the PIN, the tries left, and what a wrong code costs."""

    def __init__(self, question: AskPin) -> None:
        changing = question.purpose == "change"
        title = "Code actuel de votre carte CPS" if changing else "Code de votre carte CPS"
        super().__init__(question, title, "Continuer" if changing else "Valider", "pin.go")
        self.boxes = self.line(question, "pin.box", "Code de la carte")
        self.enable()
        tries = _tries(question.tries_left, "pin.tries")
        hint = f"{_open_length(question.minimum, question.maximum)}{_KEPT}"
        self.body(
            _holder(question.holder), _boxes(self.boxes), tries, Text(hint, "secondary", wrap=True, name="pin.hint")
        )
        self.setFocusProxy(self.boxes)


class UnblockingPanel(_CodePanel):
    """The code that unblocks the card: where it is found, and what a wrong one costs."""

    def __init__(self, question: AskUnblockingCode) -> None:
        explain = "Il vous a été remis avec la carte, sur le même courrier que son code."
        super().__init__(question, "Code de déblocage de la carte", "Continuer", "puk.go", explain=explain)
        self.boxes = self.line(question, "puk.box", "Code de déblocage")
        self.enable()
        tries = _tries(question.tries_left, "puk.tries", "la perte définitive de la carte")
        hint = f"{_open_length(question.minimum, question.maximum)}{_KEPT}"
        self.body(_holder(question.holder), _boxes(self.boxes), tries, Text(hint, "secondary", wrap=True))
        self.setFocusProxy(self.boxes)


class NewPinPanel(_CodePanel):
    """A new code, typed twice and compared here: the card is given one that the person knows."""

    def __init__(self, question: AskNewPin) -> None:
        explain = f"{digits_words(question.minimum, question.maximum).capitalize()}, que vous seul connaissez."
        super().__init__(question, "Nouveau code de votre carte CPS", "Changer le code", "new_pin.go", explain=explain)
        self.boxes = self.line(question, "new_pin.box", "Nouveau code")
        self._again = self.line(question, "new_pin.again", "Nouveau code, encore une fois")
        self.enable()
        self.body(
            _holder(question.holder),
            Text("Nouveau code", "strong"),
            _boxes(self.boxes),
            Text("Le même code, encore une fois", "strong"),
            _boxes(self._again),
            Text("Évitez une date, une suite ou un chiffre répété.", "secondary", wrap=True),
        )
        self.setFocusProxy(self.boxes)

    def enable(self) -> None:
        """Open the action when both lines have enough digits."""
        self.go.setEnabled(self.boxes.is_filled() and getattr(self, "_again", self.boxes).is_filled())

    def enter(self) -> None:
        """Go to the second line, then answer."""
        if self.boxes.is_filled() and not self._again.count():
            self._again.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().enter()

    def value(self) -> bytearray:
        """Give the new code; raises Failure NEW_PINS_DIFFER, and wipes both lines."""
        first, second = self.boxes.take(), self._again.take()
        same = len(first) == len(second)
        for place in range(min(len(first), len(second))):
            same &= first[place] == second[place]
        second[:] = bytes(len(second))
        if same:
            return first
        first[:] = bytes(len(first))
        self.boxes.setFocus(Qt.FocusReason.OtherFocusReason)
        raise Failure("NEW_PINS_DIFFER")

    def wipe(self) -> None:
        """Overwrite what was typed, in both lines."""
        super().wipe()
        self._again.wipe()


_COSTS = {
    "pin": (
        "C'est peut-être le dernier essai",
        "Un code faux bloquerait maintenant la carte.",
        "Pour la débloquer, il faut son code de déblocage, reçu avec elle ; sans lui, il faut commander une autre"
        " carte et travailler plusieurs jours sans.",
    ),
    "puk": (
        "C'est peut-être le dernier essai de déblocage",
        "Un code de déblocage faux rendrait maintenant la carte inutilisable pour toujours.",
        "Il faudrait en commander une autre et travailler plusieurs jours sans. Dans le doute, arrêtez ici et"
        " demandez le code à l'organisme qui a remis la carte.",
    ),
}


class LastTryPanel(QuestionPanel):
    """What the next code may cost; the way on only opens for the word, typed in full."""

    def __init__(self, question: ConfirmLastTry) -> None:
        title, danger, cost = _COSTS.get(question.code, _COSTS["pin"])
        super().__init__(question, title, "Tenter quand même", "last_try.go", kind="danger")
        self._word = question.word
        told = Panel("message", margin=t.INNER, gap=t.TIGHT)
        told.setProperty("tone", "danger")
        told.column.addWidget(Text(danger, "strong", wrap=True, name="last_try.danger"))
        told.column.addWidget(Text(cost, wrap=True, name="last_try.cost"))
        self._typed = QLineEdit()
        self._typed.setObjectName("last_try.word")
        self._typed.setAccessibleName(fr(f"Recopiez : {question.word}"))
        self._typed.setMaxLength(40)
        self._typed.textChanged.connect(lambda _: self.go.setEnabled(self._is_the_word()))
        self.go.setEnabled(False)
        ask = Text(f"Pour continuer, recopiez « {question.word} » :", wrap=True, name="last_try.ask")
        self.body(_holder(question.holder), told, ask, self._typed)
        self.setFocusProxy(self._typed)

    def value(self) -> str:
        """Give what was typed."""
        return self._typed.text()

    def _is_the_word(self) -> bool:
        return " ".join(self._typed.text().split()).casefold() == self._word.casefold()


class ReaderPanel(Panel):
    """Nothing to do at the screen: the code is typed on the reader, and given up there."""

    def __init__(self, news: PinOnReader) -> None:
        super().__init__(margin=t.PAGE, gap=t.BETWEEN, name="pin_pad")
        self.column.addWidget(Text("Saisissez votre code sur le lecteur", "title", wrap=True, name="pin_pad.title"))
        self.column.addWidget(_holder(news.holder))
        self.column.addWidget(_tries(news.tries_left, "pin_pad.tries"))
        told = "Tapez le code sur les touches du lecteur, puis sa touche verte. Sa touche rouge annule."
        self.column.addWidget(Text(told, wrap=True, name="pin_pad.hint"))
        kept = "Le code ne passe pas par cet ordinateur."
        self.column.addWidget(Text(kept, "secondary", wrap=True))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Saisissez votre code sur le lecteur")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Take no key: a code typed here by mistake goes nowhere."""
        event.accept()


def _holder(name: str) -> QWidget:
    return holder(row(Picture("card", "primary"), Text(foreign(name), "strong", name="pin.holder"), 1))


def _boxes(boxes: PinBoxes) -> QWidget:
    return holder(row(boxes, 1))


def _open_length(minimum: int, maximum: int) -> str:
    if minimum == maximum:
        return ""
    return f"Votre code a de {minimum} à {maximum} chiffres ; terminez par Entrée. "


def _tries(tries: int | None, name: str, until: str = "le blocage de la carte") -> Text:
    tone = "danger" if tries is not None and tries < _SPARSE else ""
    return Text(tries_sentence(tries, until), wrap=True, tone=tone, name=name)


def tries_sentence(tries: int | None, until: str = "le blocage de la carte") -> str:
    """Say how many tries are left, and what comes after the last one."""
    if tries is None:
        return "La carte ne dit pas combien d'essais il reste."
    if tries == 1:
        return f"Dernier essai avant {until}."
    return f"Il reste {tries}{NBSP}essais avant {until}."
