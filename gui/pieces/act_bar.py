"""What may be done to one thing, beside its first actions: buttons, and under them why some are closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import Signal

from gui import tokens as t
from gui.pieces.boxes import Panel, column, empty, holder
from gui.pieces.buttons import Button
from gui.pieces.flow import Flow
from gui.pieces.text import Text, tip
from gui.words import fr


@dataclass(frozen=True)
class Offer:
    """One action; reason: the sentence that says why it is closed, "" when it is open."""

    key: str
    words: str
    icon: str
    reason: str = ""


class ActBar(Panel):
    """``acted`` gives the key of the action."""

    acted = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__("well", margin=t.INNER, gap=t.GROUP, name=name)
        self._name = name
        self._buttons = Flow(t.GROUP)
        self._reasons = column(gap=t.TIGHT)
        self.column.addWidget(holder(self._buttons))
        self.column.addLayout(self._reasons)

    def offer(self, offers: Iterable[Offer]) -> None:
        """Show these actions; a sentence that closes several of them is told once."""
        empty(self._buttons)
        empty(self._reasons)
        closed: dict[str, list[str]] = {}
        for each in offers:
            self._buttons.addWidget(self._button(each))
            if each.reason:
                closed.setdefault(each.reason, []).append(each.words)
        for reason, words in closed.items():
            self._reasons.addWidget(
                Text(f"{', '.join(words)} : {reason}", "muted", wrap=True, name=f"{self._name}.why")
            )

    def _button(self, offer: Offer) -> Button:
        made = Button(offer.words, name=f"{self._name}.{offer.key}", icon=offer.icon)
        made.clicked.connect(lambda: self.acted.emit(offer.key))
        close(made, offer.reason)
        return made


def close(button: Button, reason: str) -> None:
    """Grey a button and say why; "" opens it."""
    button.setEnabled(not reason)
    button.setAccessibleDescription(fr(reason))
    tip(button, reason)
