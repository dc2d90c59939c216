"""A 2D scanner that types like a keyboard: an INS datamatrix is recognised wherever the keyboard is.

The content of an INS datamatrix begins with ``IS`` and its version ``01``; a scanner types it faster than a person and
ends with Enter. Its separators (GS, ASCII 29) arrive as Ctrl+] or F8, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit

_PREFIX = "IS01"
_WRONG_LAYOUT = "ISà&"  # what a scanner set to an English keyboard types on a French one
_GS = "\x1d"
_GAP = 150
"""Milliseconds between two keys of the first four, at most."""
_SILENCE = 400
"""Milliseconds after which a scan that does not end with Enter is over."""
_LONGEST = 600
_SHORTEST = 26


class Scanner(QObject):
    """Hears each key before the widgets do. scanned: the whole text; misread: the scanner's keyboard is set wrong.

    wanted: whether a datamatrix would be of use now; when it is not, keys go where they always go.
    """

    scanned = Signal(str)
    misread = Signal()

    def __init__(self, wanted: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted = wanted
        self._begun = ""
        self._text: list[str] | None = None
        self._last = 0
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.setInterval(_SILENCE)
        self._silence.timeout.connect(self._end)

    def hear(self, event: QKeyEvent) -> bool:
        """Take a key press; True when it belongs to a scan and must go no further."""
        if self._text is not None:
            self._go_on(event)
            return True
        at = event.timestamp() or self._last  # some platforms do not say when
        gap, self._last = at - self._last, at
        typed = event.text()
        if not typed:
            return False  # Shift alone
        begun = typed if gap > _GAP else self._begun + typed
        self._begun = begun if _begins(begun) else typed if _begins(typed) else ""
        if len(self._begun) < len(_PREFIX) or not self._wanted():
            return False
        self._text = list(self._begun)
        self._begun = ""
        _take_back(len(_PREFIX) - 1)
        self._silence.start()
        return True

    def _go_on(self, event: QKeyEvent) -> None:
        self._silence.start()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._end()
        elif self._text is not None and len(self._text) < _LONGEST:
            self._text.append(_GS if event.key() == Qt.Key.Key_F8 else event.text())

    def _end(self) -> None:
        self._silence.stop()
        text, self._text = "".join(self._text or ()), None
        if text.upper().startswith(_WRONG_LAYOUT.upper()):
            self.misread.emit()
        elif len(text) >= _SHORTEST:
            self.scanned.emit(text)


def _begins(text: str) -> bool:
    return any(each.startswith(text.upper()) for each in (_PREFIX, _WRONG_LAYOUT.upper()))


def _take_back(number: int) -> None:
    """Take out of a text field what the scanner typed there before it was recognised."""
    field = QApplication.focusWidget()
    if isinstance(field, QLineEdit):
        place = field.cursorPosition()
        field.setText(field.text()[: max(0, place - number)] + field.text()[place:])
