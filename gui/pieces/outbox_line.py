"""One lot of the outbox: what it is, where it stands, why, what mends it, and its history folded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Signal

from gui import tokens as t
from gui.pieces.boxes import Panel, column, row
from gui.pieces.buttons import Button
from gui.pieces.text import ElidedText, Picture, Text

_ICONS = {
    "à envoyer": ("clock", "primary"),
    "en cours": ("send", "primary"),
    "incertain": ("help", "warning"),
    "refusé": ("cross", "danger"),
    "envoyé": ("check", "success"),
    "retenu": ("lock", "warning"),
}
_TONES = {"refusé": "danger", "incertain": "warning", "retenu": "warning", "envoyé": "success"}


@dataclass(frozen=True)
class Lot:
    """One line, every word ready; sentence and remedy are of the last failure, "" when there is none."""

    number: int
    title: str
    detail: str
    state: str
    sentence: str = ""
    remedy: str = ""
    code: str = ""
    action: str = ""


class OutboxLine(Panel):
    """Title, state word, reason with its remedy, the button that mends, the history on demand."""

    acted = Signal(int)

    def __init__(self, lot: Lot, history: Callable[[int], str]) -> None:
        name = f"outbox.line.{lot.number}"
        super().__init__(margin=t.INNER, gap=t.TIGHT, name=name)
        self._lot, self._ask_history = lot, history
        icon, colour = _ICONS.get(lot.state, ("document", "secondary"))
        texts = column(ElidedText(lot.title, "strong", name=f"{name}.title"), Text(lot.detail, "secondary"), gap=2)
        if lot.sentence:
            tone = _TONES.get(lot.state, "")
            texts.addWidget(Text(lot.sentence, wrap=True, tone=tone, name=f"{name}.sentence"))
            texts.addWidget(Text(lot.remedy, "muted", wrap=True))
        self._fold = Button("Historique", "link", name=f"{name}.fold", icon="right", on_click=self._unfold)
        self._history = Text("", "secondary", wrap=True, name=f"{name}.history")
        self._history.setContentsMargins(t.ICON + t.INNER, 0, 0, 0)
        self._history.hide()
        tag = Text(lot.state, "tag", tone=_TONES.get(lot.state, "info"), name=f"{name}.state")
        line = row(Picture(icon, colour), texts, self._fold, tag, gap=t.INNER)
        line.setStretch(1, 1)
        if lot.action:
            line.addWidget(Button(lot.action, name=f"{name}.go", on_click=lambda: self.acted.emit(lot.number)))
        self.column.addLayout(line)
        self.column.addWidget(self._history)

    def _unfold(self) -> None:
        shown = self._history.isHidden()
        if shown:
            self._history.say(self._ask_history(self._lot.number))
        self._history.setVisible(shown)
        self._fold.draw_icon("down" if shown else "right")
