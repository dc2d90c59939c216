"""The last looks before a dossier or a document changes: what is done, what cannot be undone, what differs."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from cps_bridge.workflows.user import ConfirmAct, ConfirmChanges, ConfirmTyped
from gui import tokens as t
from gui.pieces.boxes import Panel
from gui.pieces.text import Text
from gui.questions.panel import QuestionPanel
from gui.words import foreign, fr, three_traits

_MOST_LINES = 9


class ActPanel(QuestionPanel):
    """One act, what it does, for whom and on what."""

    def __init__(self, question: ConfirmAct) -> None:
        super().__init__(question, "Confirmer ?", "Confirmer", "act.confirm", explain=foreign(question.about))
        self.body(
            Text(question.act.value, wrap=True, name="act.what"),
            Text(three_traits(question.patient), "trait", wrap=True, name="act.patient"),
        )
        self.setFocusProxy(self.go)

    def value(self) -> bool:
        """Give the agreement."""
        return True


class TypedPanel(QuestionPanel):
    """An act that cannot be undone; the way on only opens for the word, typed in full."""

    def __init__(self, question: ConfirmTyped) -> None:
        super().__init__(
            question,
            "Confirmer par écrit",
            "Confirmer",
            "typed.confirm",
            kind="danger",
            explain=foreign(question.about),
        )
        self._word = question.word
        told = Panel("message", margin=t.INNER, gap=t.TIGHT)
        told.setProperty("tone", "danger")
        told.column.addWidget(Text(question.act.value, "strong", wrap=True, name="typed.what"))
        self._typed = QLineEdit()
        self._typed.setObjectName("typed.word")
        self._typed.setAccessibleName(fr(f"Recopiez : {question.word}"))
        self._typed.setMaxLength(40)
        self._typed.textChanged.connect(lambda _: self.go.setEnabled(self._is_the_word()))
        self.go.setEnabled(False)
        patient = Text(three_traits(question.patient), "trait", wrap=True, name="typed.patient")
        ask = Text(f"Pour continuer, recopiez « {question.word} » :", wrap=True, name="typed.ask")
        self.body(patient, told, ask, self._typed)
        self.setFocusProxy(self._typed)

    def value(self) -> str:
        """Give what was typed."""
        return self._typed.text()

    def _is_the_word(self) -> bool:
        return self._typed.text().strip().casefold() == self._word.casefold()


class ChangesPanel(QuestionPanel):
    """What differs, before and after, and nothing else is sent."""

    def __init__(self, question: ConfirmChanges) -> None:
        super().__init__(question, "Envoyer ces changements ?", "Envoyer", "changes.confirm")
        seen = Panel("well", margin=t.BETWEEN)
        seen.column.addWidget(Text(three_traits(question.patient), "trait", wrap=True, name="changes.patient"))
        for each in question.changes[:_MOST_LINES]:
            before, after = foreign(each.before) or "(rien)", foreign(each.after) or "(rien)"
            seen.column.addWidget(Text(f"{each.field} : {before} → {after}", wrap=True))
        self.body(seen)
        self.setFocusProxy(self.go)

    def value(self) -> bool:
        """Give the agreement."""
        return True
