"""The card chip: a small card that says whether a card is there and whose it is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy

from gui import tokens as t
from gui.pieces.boxes import Panel, column, row
from gui.pieces.focus import paint_focus
from gui.pieces.text import ElidedText, Picture, Text, tip
from gui.style import mark


class CardChip(Panel):
    """State: absent, present, locked (with what unlocks it), error (with its remedy).

    A chip that opens something takes clicks, Enter and the space bar, and says them by ``pressed``.
    """

    pressed = Signal()

    def __init__(self, icon: str, kind: str, name: str) -> None:
        super().__init__("chip", margin=0)
        self.setObjectName(name)
        self._kind = kind
        self._opens = ""
        self._is_test = False
        self._remedy = ""
        self._picture = Picture(icon)
        self._icon = icon
        self._first = ElidedText("", "strong", name=f"{name}.first")
        self._second = ElidedText("", "secondary", name=f"{name}.second")
        texts = column(self._first, self._second, gap=0)
        self._test = Text("test", "tag", tone="warning", name=f"{name}.test")
        self._more = Picture("down", "secondary", t.BETWEEN)
        for each in (self._first, self._second, self._test, self._more):
            # The chip under them has the tooltip with every word, and takes the clicks.
            each.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._test.hide()
        self._more.hide()
        inside = row(self._picture, texts, self._test, self._more, gap=t.INNER)
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

    def blocked(self, second: str) -> None:
        """A card is there whose code was blocked by wrong ones."""
        self._show("error", f"Carte {self._kind} bloquée", second, "danger")

    def error(self, sentence: str, remedy: str) -> None:
        """A card, or a reader, that cannot be used; the remedy is in the tooltip, and on the page without session."""
        self._show("error", f"Carte {self._kind} inutilisable", sentence, "danger", remedy)

    def too_many(self, sentence: str, remedy: str) -> None:
        """Two cards where one is wanted; the whole sentence and its remedy are in the tooltip, and on the page."""
        self._show("error", f"Deux cartes {self._kind}", "Retirez l'une des deux", "danger", f"{sentence} {remedy}")

    def opens(self, words: str) -> None:
        """Open something from now on, or nothing any more; words: what, for assistive tools and the tooltip."""
        self._opens = words
        self._more.setVisible(bool(words))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if words else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if words else Qt.CursorShape.ArrowCursor)
        self.setAccessibleDescription(words)

    def show_test(self, test: bool) -> None:
        """Mark a test card, where its holder's words leave room for the mark; its tooltip says it anyway."""
        self._is_test = test
        words = max(self._first.sizeHint().width(), self._second.sizeHint().width())
        beside = [self._picture.width(), self._test.sizeHint().width(), self._more.width() if self._opens else 0]
        taken = sum(each + t.INNER for each in beside if each) + 2 * t.INNER
        self._test.setVisible(test and words + taken <= self.width())
        self._tell()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the mark out when the chip is narrow."""
        super().resizeEvent(event)
        self.show_test(self._is_test)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Open by a click."""
        if self._opens and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Open by Enter or the space bar."""
        if self._opens and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the card, then the focus ring inside its edge."""
        super().paintEvent(event)
        paint_focus(self)

    def state(self) -> str:
        """Give the state shown."""
        return str(self.property("state"))

    def _show(self, state: str, first: str, second: str, colour: str, more: str = "") -> None:
        mark(self, state=state)
        self._picture.show_icon(self._icon, colour)
        self._first.say(first)
        self._second.say(second)
        self._remedy = more
        self.show_test(self._is_test)

    def _tell(self) -> None:
        """Say every word in the tooltip and to assistive tools."""
        words = [self._first.whole(), self._second.whole(), self._remedy, "Carte de test" if self._is_test else ""]
        tip(self, " · ".join(each for each in words if each))
        self.setAccessibleName(". ".join(each.rstrip(".") for each in words if each))
