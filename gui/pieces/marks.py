"""Radio buttons, tick boxes and drop-down lists that paint their own mark, in the colours of the tokens."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QRadioButton

from gui import icons
from gui import tokens as t
from gui.style import Appearance

_SIDE = t.ICON
_GAP = t.GROUP


def _size(button: QAbstractButton) -> QSize:
    words = button.fontMetrics().size(0, button.text().replace("&&", "&"))
    return QSize(_SIDE + _GAP + words.width() + t.TIGHT, max(_SIDE, words.height()) + t.GROUP)


def _paint_words(button: QAbstractButton, painter: QPainter) -> None:
    area = button.rect().adjusted(_SIDE + _GAP, 0, 0, 0)
    painter.setPen(Appearance.colour("ink" if button.isEnabled() else "disabled_ink"))
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(area, flags, button.text().replace("&&", "&"))


def _box(button: QAbstractButton) -> QRectF:
    return QRectF(1, (button.height() - _SIDE) / 2 + 1, _SIDE - 2, _SIDE - 2)


def _pen(button: QAbstractButton) -> QPen:
    if button.isChecked():
        return QPen(Appearance.colour("primary"), t.RING)
    focused = button.hasFocus()
    return QPen(Appearance.colour("focus" if focused else "field_line"), t.RING if focused else 1.5)


class Radio(QRadioButton):
    """A radio button."""

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Mark, gap and words."""
        return _size(self)

    def hitButton(self, pos: QPoint) -> bool:  # noqa: N802 - Qt's name
        """Answer a click anywhere on the button."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint a ring, its point when chosen, and the words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = _box(self)
        painter.setPen(_pen(self))
        painter.setBrush(Appearance.colour("paper"))
        painter.drawEllipse(box)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(Appearance.colour("primary"))
            painter.drawEllipse(box.center(), t.TIGHT + 1, t.TIGHT + 1)
        _paint_words(self, painter)
        painter.end()


class Tick(QCheckBox):
    """A tick box."""

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Mark, gap and words."""
        return _size(self)

    def hitButton(self, pos: QPoint) -> bool:  # noqa: N802 - Qt's name
        """Answer a click anywhere on the button."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint a square, its tick when chosen, and the words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = _box(self)
        painter.setPen(_pen(self))
        painter.setBrush(Appearance.colour("primary" if self.isChecked() else "paper"))
        painter.drawRoundedRect(box, t.TIGHT, t.TIGHT)
        if self.isChecked():
            side = _SIDE - t.TIGHT
            drawn = icons.pixmap("check", Appearance.palette.on_primary, side, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(box.center().x() - side / 2, box.center().y() - side / 2), drawn)
        _paint_words(self, painter)
        painter.end()


class Select(QComboBox):
    """A drop-down list with its arrow; as narrow as it must be."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the list, then its arrow."""
        super().paintEvent(event)
        painter = QPainter(self)
        colour = Appearance.palette.secondary if self.isEnabled() else Appearance.palette.disabled_ink
        drawn = icons.pixmap("down", colour, t.BETWEEN, self.devicePixelRatioF())
        painter.drawPixmap(self.width() - t.BETWEEN - t.GROUP, (self.height() - t.BETWEEN) // 2, drawn)
        painter.end()
