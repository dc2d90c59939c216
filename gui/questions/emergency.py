"""The two questions of an emergency access: why, then whether its consequences are accepted."""

from __future__ import annotations

from PySide6.QtWidgets import QPlainTextEdit

from cps_bridge.workflows.user import AskBreakGlass, ConfirmBreakGlass
from dossier.access import BreakGlass, BreakGlassReason
from dossier.failure import Failure
from gui import tokens as t
from gui.pieces.boxes import Panel
from gui.pieces.choice import RadioCards
from gui.pieces.text import Text
from gui.questions.panel import QuestionPanel
from gui.words import fr, three_traits

_REASONS = tuple(BreakGlassReason)
_CONSEQUENCES = (
    "L'hôte enregistre votre nom, la date, l'heure et ce motif.",
    "Le patient est averti et voit cet accès dans son historique.",
    "Un accès sans urgence réelle expose à des poursuites.",
    "Un bandeau rouge reste affiché jusqu'à ce que vous terminiez l'accès.",
)


class BreakGlassPanel(QuestionPanel):
    """A reason of the list and a text of one's own: both are mandatory."""

    def __init__(self, question: AskBreakGlass) -> None:
        explain = three_traits(question.patient) if question.patient else ""
        super().__init__(question, "Pourquoi cet accès en urgence ?", "Continuer", "reason.go", explain=explain)
        self._cards = RadioCards(
            tuple((f"reason.{each.name.lower()}", each.value, "") for each in _REASONS),
        )
        self._text = QPlainTextEdit()
        self._text.setObjectName("reason.text")
        self._text.setAccessibleName(fr("Décrivez la situation en quelques mots"))
        self._text.setPlaceholderText("Décrivez la situation en quelques mots (10 caractères au moins)")
        self._text.setTabChangesFocus(True)
        self._text.setFixedHeight(2 * t.PRIMARY_HEIGHT)
        self._text.textChanged.connect(self._enable)
        self._cards.chosen.connect(lambda _: self._enable())
        self.body(self._cards, self._text)
        self.setFocusProxy(self._cards)
        self._enable()

    def value(self) -> BreakGlass:
        """Give the justification; raises Failure BREAK_GLASS_REASON_MISSING."""
        if self._cards.index() < 0:
            raise Failure("BREAK_GLASS_REASON_MISSING")
        return BreakGlass(_REASONS[self._cards.index()], self._text.toPlainText())

    def wipe(self) -> None:
        """Clear the text."""
        self._text.clear()

    def _enable(self) -> None:
        self.go.setEnabled(self._cards.index() >= 0 and len(self._text.toPlainText().strip()) >= 10)


class ConfirmBreakGlassPanel(QuestionPanel):
    """The second confirmation: it names the consequences, and the button names the act."""

    def __init__(self, question: ConfirmBreakGlass) -> None:
        explain = three_traits(question.patient) if question.patient else ""
        super().__init__(
            *(question, "Ouvrir le dossier sans l'accord du patient ?", "Ouvrir en urgence", "break_glass.confirm"),
            kind="danger",
            explain=explain,
        )
        told = Panel("well", margin=t.BETWEEN, gap=t.GROUP)
        for sentence in _CONSEQUENCES:
            told.column.addWidget(Text(f"•  {sentence}", wrap=True))
        reason = Text(f"Motif : {question.justification}", "strong", wrap=True, name="break_glass.reason")
        self.body(told, reason)
        self.setFocusProxy(self.cancel)

    def value(self) -> bool:
        """Give the agreement."""
        return True
