"""The last looks before a dossier or a document changes: what is done, what cannot be undone, what differs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from cps_bridge.workflows.acts import Act
from cps_bridge.workflows.user import Change, ConfirmAct, ConfirmChanges, ConfirmTyped
from gui import tokens as t
from gui.pieces.boxes import Panel, column, holder, scrolled
from gui.pieces.text import Text
from gui.questions.panel import QuestionPanel
from gui.words import foreign, fr, three_traits

_SHOWN_AT_ONCE = 5
_SCROLLED_HEIGHT = 8 * t.PRIMARY_HEIGHT
_ASKED = {
    Act.ARCHIVE: ("Archiver ce document ?", "Archiver"),
    Act.UNARCHIVE: ("Désarchiver ce document ?", "Désarchiver"),
    Act.DELETE: ("Supprimer ce document ?", "Supprimer"),
    Act.SHOW_TO_PATIENT: ("Rendre ce document visible par le patient ?", "Rendre visible"),
    Act.SHOW_TO_REPRESENTATIVES: ("Rendre ce document visible par les représentants ?", "Rendre visible"),
    Act.CLOSE: ("Fermer ce dossier ?", "Fermer le dossier"),
    Act.ATTENDING: ("Vous déclarer médecin traitant ?", "Déclarer"),
    Act.NOT_ATTENDING: ("Ne plus être médecin traitant ?", "Ne plus l'être"),
    Act.WITHDRAW: ("Retirer votre autorisation ?", "Retirer"),
    Act.RENEW_SECRETS: ("Donner de nouveaux identifiants ?", "Renouveler"),
    Act.REMOVE_CHANNEL: ("Retirer ce moyen de contact ?", "Retirer"),
    Act.SECRET: ("Ouvrir une connexion secrète ?", "Ouvrir"),
}


class ActPanel(QuestionPanel):
    """One act, what it does, for whom and on what."""

    def __init__(self, question: ConfirmAct) -> None:
        title, verb = _ASKED[question.act]
        super().__init__(question, title, verb, "act.confirm", explain=foreign(question.about))
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
        title, verb = _ASKED[question.act]
        super().__init__(question, title, verb, "typed.confirm", kind="danger", explain=foreign(question.about))
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
    """Every difference, before and after: what is not read here is not sent."""

    def __init__(self, question: ConfirmChanges) -> None:
        super().__init__(question, "Envoyer ces changements ?", "Envoyer", "changes.confirm")
        seen = Panel("well", margin=t.BETWEEN, gap=t.INNER)
        for each in question.changes:
            seen.column.addWidget(_difference(each))
        patient = Text(three_traits(question.patient), "trait", wrap=True, name="changes.patient")
        self.body(patient, _scrolled(seen) if len(question.changes) > _SHOWN_AT_ONCE else seen)
        self.setFocusProxy(self.go)

    def value(self) -> bool:
        """Give the agreement."""
        return True


def _scrolled(seen: QWidget) -> QWidget:
    area = scrolled(seen, "changes.scroll", on="paper")
    area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the arrows move it: all of it must be readable without a mouse
    area.setAccessibleName("Changements")
    area.setMinimumHeight(_SCROLLED_HEIGHT)
    return area


def _difference(change: Change) -> QWidget:
    before, after = foreign(change.before) or "(rien)", foreign(change.after) or "(rien)"
    field = Text(change.field, "strong", name="changes.field")
    return holder(column(field, Text(f"{before} → {after}", wrap=True, name="changes.values"), gap=0))
