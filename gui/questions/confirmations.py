"""The last looks: what leaves, for whom; what is masked."""

from __future__ import annotations

from cps_bridge.workflows.user import ConfirmDeposit, ConfirmMask
from gui import tokens as t
from gui.pieces.boxes import Panel
from gui.pieces.text import Text
from gui.questions.panel import QuestionPanel
from gui.words import count, foreign, three_traits

_TITLES_SHOWN = 8


class DepositPanel(QuestionPanel):
    """The patient's three traits and the titles, before anything leaves."""

    def __init__(self, question: ConfirmDeposit) -> None:
        number = count(len(question.titles), "document")
        super().__init__(question, f"Envoyer {number} au dossier ?", "Envoyer", "deposit.confirm")
        seen = Panel("well", margin=t.BETWEEN)
        seen.column.addWidget(Text(three_traits(question.patient), "trait", wrap=True, name="deposit.patient"))
        for title in question.titles[:_TITLES_SHOWN]:
            seen.column.addWidget(Text(f"•  {foreign(title)}", wrap=True))
        if more := len(question.titles[_TITLES_SHOWN:]):
            seen.column.addWidget(Text(f"et {count(more, 'autre document', 'autres documents')}", "muted"))
        self.body(seen)
        self.setFocusProxy(self.go)

    def value(self) -> bool:
        """Give the agreement."""
        return True


class MaskPanel(QuestionPanel):
    """What masking does, before it is done."""

    def __init__(self, question: ConfirmMask) -> None:
        verb = "Masquer" if question.mask else "Démasquer"
        super().__init__(question, f"{verb} ce document ?", verb, "mask.confirm", explain=foreign(question.title))
        told = (
            "À la demande du patient, le document ne sera plus lu par les autres professionnels. Vous, son auteur, le"
            " médecin traitant et le patient le lirez toujours."
            if question.mask
            else "Le document sera de nouveau lu par les professionnels que le patient autorise."
        )
        self.body(Text(told, wrap=True))
        self.setFocusProxy(self.go)

    def value(self) -> bool:
        """Give the agreement."""
        return True
