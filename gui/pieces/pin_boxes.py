"""The boxes of a code: digits go from the key press into a bytearray; no text field, no copy, nothing to select.

The bytearray has its whole length from the start: one that grows would leave its shorter selves behind in memory.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import tokens as t
from gui.style import Appearance
from gui.words import fr

_ZERO, _NINE = ord("0"), ord("9")
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class PinBoxes(QWidget):
    """As many masked boxes as the code may have digits; ``take`` gives the digits away and forgets them.

    filled: whether there are enough digits; entered: Enter was pressed.
    """

    filled = Signal(bool)
    entered = Signal()

    def __init__(self, name: str = "pin.box", minimum: int = 4, maximum: int = 4, title: str = "Code") -> None:
        super().__init__()
        self.setObjectName(name)
        self._minimum, self._maximum, self._title = minimum, maximum, title
        self._digits = bytearray(maximum)
        self._count = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on=False)
        self._tell()

    def take(self) -> bytearray:
        """Give the digits, which the caller wipes, and keep none."""
        given = bytearray(self._count)
        for place in range(self._count):  # one by one: a slice would be a copy that nobody wipes
            given[place] = self._digits[place]
        self.wipe()
        return given

    def wipe(self) -> None:
        """Overwrite and forget the digits."""
        for place in range(self._maximum):
            self._digits[place] = 0
        self._count = 0
        self._tell()

    def count(self) -> int:
        """Give how many digits were typed."""
        return self._count

    def is_filled(self) -> bool:
        """Whether there are enough digits."""
        return self._count >= self._minimum

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The boxes and the gaps between them."""
        return QSize(self._maximum * t.PIN_BOX + (self._maximum - 1) * t.INNER, t.PIN_BOX)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Take digits, Backspace and Enter; leave the rest to the panel."""
        key = event.key()
        digit = _digit(event)
        if digit:
            if self._count < self._maximum and not event.isAutoRepeat():
                self._digits[self._count] = digit
                self._count += 1
        elif key == Qt.Key.Key_Backspace:
            if self._count:
                self._count -= 1
                self._digits[self._count] = 0
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
            return
        else:
            super().keyPressEvent(event)
            return
        self._tell()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show where the next digit goes."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Hide the mark of the next digit."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the boxes, a disc for each digit, the ring on the next one; those that may stay empty are dashed."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index in range(self._maximum):
            box = QRectF(index * (t.PIN_BOX + t.INNER), 0, t.PIN_BOX, t.PIN_BOX).adjusted(1, 1, -1, -1)
            now = self.hasFocus() and index == min(self._count, self._maximum - 1)
            pen = QPen(Appearance.colour("focus" if now else "field_line"), t.RING if now else t.HAIR)
            if index >= max(self._minimum, self._count) and not now:
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setBrush(Appearance.colour("paper"))
            painter.drawRoundedRect(box, t.RADIUS_CONTROL, t.RADIUS_CONTROL)
            if index < self._count:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(Appearance.colour("ink"))
                painter.drawEllipse(QPointF(box.center()), t.TIGHT + 2, t.TIGHT + 2)
        painter.end()

    def _tell(self) -> None:
        wanted = digits_words(self._minimum, self._maximum)
        self.setAccessibleName(fr(f"{self._title} : {self._count} saisis sur {wanted}"))
        self.filled.emit(self.is_filled())
        self.update()


def digits_words(minimum: int, maximum: int) -> str:
    """Write how many digits a code has: 4 chiffres, 4 à 8 chiffres."""
    return f"{maximum} chiffres" if minimum == maximum else f"{minimum} à {maximum} chiffres"


def _digit(event: QKeyEvent) -> int:
    """Give the ASCII byte of the digit pressed, 0 when the key is none."""
    if event.modifiers() & _COMMANDS:
        return 0
    key = int(event.key())
    if _ZERO <= key <= _NINE:
        return key
    typed = event.text()
    return ord(typed[0]) if typed and _ZERO <= ord(typed[0]) <= _NINE else 0
