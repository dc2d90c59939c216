"""The card chip: a small card that says whether a card is there and whose it is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy

from gui import tokens as t
from gui.pieces.boxes import Panel, column, row
from gui.pieces.text import ElidedText, Picture, tip
from gui.style import mark


class CardChip(Panel):
    """State: absent, present, locked (with what unlocks it), error (with its remedy)."""

    def __init__(self, icon: str, kind: str, name: str) -> None:
        super().__init__("chip", margin=0)
        self.setObjectName(name)
        self._kind = kind
        self._picture = Picture(icon)
        self._icon = icon
        self._first = ElidedText("", "strong", name=f"{name}.first")
        self._second = ElidedText("", "secondary", name=f"{name}.second")
        for each in (self._first, self._second):
            # The chip under them has the tooltip with every word.
            each.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        texts = column(self._first, self._second, gap=0)
        inside = row(self._picture, texts, gap=t.INNER)
        inside.setContentsMargins(t.INNER, t.TIGHT, t.INNER, t.TIGHT)
        inside.setStretch(1, 1)
        self.column.addLayout(inside)
        self.setFixedHeight(t.CHIP_HEIGHT)
        self.setMinimumWidth(t.CHIP_MINIMUM)
        self.setMaximumWidth(t.CHIP_MAXIMUM)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.absent()

    def absent(self) -> None:
        """No card in any reader."""
        self._show("absent", f"Carte {self._kind} absente", "Insérez la carte dans un lecteur", "secondary")

    def present(self, first: str, second: str) -> None:
        """A card that was read: whose it is."""
        self._show("present", first, second, "primary")

    def locked(self, second: str) -> None:
        """A card is there and waits for its code."""
        self._show("locked", f"Carte {self._kind} verrouillée", second, "warning")

    def error(self, sentence: str, remedy: str) -> None:
        """A card, or a reader, that cannot be used; the remedy is in the tooltip, and on the page without session."""
        self._show("error", f"Carte {self._kind} inutilisable", sentence, "danger", remedy)

    def state(self) -> str:
        """Give the state shown."""
        return str(self.property("state"))

    def _show(self, state: str, first: str, second: str, colour: str, more: str = "") -> None:
        mark(self, state=state)
        self._picture.show_icon(self._icon, colour)
        self._first.say(first)
        self._second.say(second)
        tip(self, " · ".join(each for each in (first, second, more) if each))
        self.setAccessibleName(f"{first}. {second} {more}".strip())
