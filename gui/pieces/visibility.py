"""The visibility chooser of a document: everybody who may, masked to professionals, hidden from the patient."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui import tokens as t
from gui.pieces.boxes import column
from gui.pieces.choice import RadioCards

_OPTIONS = (
    ("visibility.normal", "Visible", "Le patient et les professionnels autorisés le lisent."),
    ("visibility.masked", "Masqué aux professionnels", "Seuls vous, le médecin traitant et le patient le lisent."),
    (
        "visibility.hidden",
        "Non visible par le patient",
        "Le temps d'une annonce en consultation ; le délai est fixé par l'hôte.",
    ),
)


class VisibilityChooser(QWidget):
    """Three cards, the first chosen; masked and hidden exclude each other (EX_2.1-1050)."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("visibility")
        self._cards = RadioCards(_OPTIONS, start=0)
        self.setLayout(column(self._cards, gap=t.GROUP))

    def masked(self) -> bool:
        """Whether the document is masked to professionals."""
        return self._cards.index() == 1

    def hidden(self) -> bool:
        """Whether the document is hidden from the patient."""
        return self._cards.index() == 2
