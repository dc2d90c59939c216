"""A field for a small number."""

from __future__ import annotations

from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QLineEdit

from gui import tokens as t
from gui.words import fr


class NumberField(QLineEdit):
    """Digits between two bounds; an empty field counts as the least."""

    def __init__(self, name: str, title: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(fr(title))
        self.setFixedWidth(t.NUMBER_WIDTH)
        self._least = 0

    def begin(self, value: int, least: int, greatest: int) -> None:
        """Show a value, and take those between two bounds."""
        self._least, self._greatest = least, greatest
        self.setValidator(QIntValidator(least, greatest, self))
        self.setText(str(value))

    def value(self) -> int:
        """Give the number, brought between the bounds."""
        typed = self.text().strip()
        return min(self._greatest, max(self._least, int(typed))) if typed.isdecimal() else self._least
