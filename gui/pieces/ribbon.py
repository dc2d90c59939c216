"""The quiet striped ribbon that says: simulation."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from gui import tokens as t
from gui.style import Appearance, font
from gui.words import fr

_WORDS = (
    "Simulation : cartes et hôte fictifs, {readers}. Code des cartes : 1234, sauf mention. Rien ne sort de ce poste."
)
READERS = {
    True: "lues par le vrai service PC/SC de ce poste",
    False: "lecteurs simulés dans le programme, sans le service PC/SC",
}


class SimulationRibbon(QWidget):
    """A band of oblique stripes with one sentence, above everything."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("simulation.ribbon")
        self.setFixedHeight(t.RIBBON_HEIGHT)
        self.say_readers(real=True)

    def say_readers(self, *, real: bool) -> None:
        """Say whether the cards are behind the real PC/SC service, or in readers inside the program."""
        self._words = fr(_WORDS.format(readers=READERS[real]))
        self.setAccessibleName(self._words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the stripes, then the words on a plain ground."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Appearance.colour("ground"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Appearance.colour("line"))
        high, step = self.height(), t.STRIPE_STEP
        for left in range(-high, self.width() + high, 2 * step):
            points = [
                QPointF(left, high),
                QPointF(left + high, 0),
                QPointF(left + high + step, 0),
                QPointF(left + step, high),
            ]
            painter.drawPolygon(QPolygonF(points))
        painter.setFont(font(t.SECONDARY_TEXT, strong=True))
        width = painter.fontMetrics().horizontalAdvance(self._words) + 2 * t.BETWEEN
        middle = self.rect().adjusted((self.width() - width) // 2, 0, -(self.width() - width) // 2, 0)
        painter.fillRect(middle, Appearance.colour("ground"))
        painter.setPen(Appearance.colour("secondary"))
        painter.drawText(middle, Qt.AlignmentFlag.AlignCenter, self._words)
        painter.end()
