"""The focus ring of pieces that paint their own."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui import tokens as t
from gui.style import Appearance


def paint_focus(widget: QWidget, colour: str = "focus", inset: int = 1) -> None:
    """Paint the ring inside the edge of a widget that has the keyboard; nothing on another."""
    if not widget.hasFocus():
        return
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(Appearance.colour(colour), t.RING))
    area = QRectF(widget.rect()).adjusted(inset, inset, -inset, -inset)
    painter.drawRoundedRect(area, t.RADIUS_CONTROL - 1, t.RADIUS_CONTROL - 1)
    painter.end()
