"""The boxes of the PIN: digits go from the key press into a bytearray; no text field, no copy, nothing to select."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import tokens as t
from gui.style import Appearance
from gui.words import fr

LENGTH = 4
_ZERO, _NINE = ord("0"), ord("9")


class PinBoxes(QWidget):
    """Four masked boxes. ``take`` gives the digits away and forgets them."""

    filled = Signal(bool)
    entered = Signal()

    def __init__(self, name: str = "pin.box") -> None:
        super().__init__()
        self.setObjectName(name)
        self._digits = bytearray()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on=False)
        self._tell()

    def take(self) -> bytearray:
        """Give the digits, which the caller wipes, and keep none."""
        given, self._digits = self._digits, bytearray()
        self._tell()
        return given

    def wipe(self) -> None:
        """Overwrite and forget the digits."""
        self._digits[:] = bytes(len(self._digits))
        self._digits.clear()
        self._tell()

    def count(self) -> int:
        """Give how many digits were typed."""
        return len(self._digits)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Four boxes and three gaps."""
        return QSize(LENGTH * t.PIN_BOX + (LENGTH - 1) * t.INNER, t.PIN_BOX)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Take digits, Backspace and Enter; leave the rest to the panel."""
        key = int(event.key())
        if _ZERO <= key <= _NINE or (event.text() and _ZERO <= ord(event.text()[0]) <= _NINE):
            if len(self._digits) < LENGTH:
                self._digits.append(key if _ZERO <= key <= _NINE else ord(event.text()[0]))
        elif key == Qt.Key.Key_Backspace:
            if self._digits:
                self._digits[-1] = 0
                del self._digits[-1]
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
        """Paint the boxes, a disc for each digit, the ring on the next one."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index in range(LENGTH):
            box = QRectF(index * (t.PIN_BOX + t.INNER), 0, t.PIN_BOX, t.PIN_BOX).adjusted(1, 1, -1, -1)
            now = self.hasFocus() and index == min(len(self._digits), LENGTH - 1)
            painter.setPen(QPen(Appearance.colour("focus" if now else "field_line"), t.RING if now else t.HAIR))
            painter.setBrush(Appearance.colour("paper"))
            painter.drawRoundedRect(box, t.RADIUS_CONTROL, t.RADIUS_CONTROL)
            if index < len(self._digits):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(Appearance.colour("ink"))
                painter.drawEllipse(QPointF(box.center()), t.TIGHT + 2, t.TIGHT + 2)
        painter.end()

    def _tell(self) -> None:
        self.setAccessibleName(fr(f"Code de la carte : {len(self._digits)} chiffres saisis sur {LENGTH}"))
        self.filled.emit(len(self._digits) == LENGTH)
        self.update()
