"""The step list: what is done, what is next, what failed."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import icons
from gui import tokens as t
from gui.style import Appearance, font
from gui.words import fr

_PITCH = t.PRIMARY_HEIGHT
_DISC = t.PAGE
_WORDS = {"done": "fait", "now": "en cours", "failed": "en échec", "todo": "à venir"}


class StepList(QWidget):
    """Numbered steps in a column; each is done, now, failed or todo. Steps that nobody has to take are not shown."""

    def __init__(self, steps: tuple[str, ...], name: str = "steps") -> None:
        super().__init__()
        self.setObjectName(name)
        self._steps = tuple(fr(each) for each in steps)
        self._now, self._failed, self._shown = 0, False, len(steps)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_PITCH * len(steps))
        self.at(0)

    def at(self, number: int, *, failed: bool = False, over: bool = False) -> None:
        """Stand at a step (0 is the first); beyond the last, all is done; over: those before it are all there is."""
        self._now, self._failed = number, failed
        self._shown = min(number, len(self._steps)) if over else len(self._steps)
        shown = enumerate(self._steps[: self._shown])
        told = [f"{index + 1} {text} : {_WORDS[self._state(index)]}" for index, text in shown]
        self.setAccessibleName("\n".join(told))
        self.update()

    def now(self) -> int:
        """Give the number of the step under way."""
        return self._now

    def _state(self, index: int) -> str:
        if index == self._now:
            return "failed" if self._failed else "now"
        return "done" if index < self._now else "todo"

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the discs, the thread between them and the words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index in range(self._shown):
            self._paint_step(painter, index)
        painter.end()

    def _paint_step(self, painter: QPainter, index: int) -> None:
        state, top = self._state(index), index * _PITCH
        disc = QRectF(1, top + (_PITCH - _DISC) / 2, _DISC, _DISC)
        if index + 1 < self._shown:
            painter.setPen(QPen(Appearance.colour("success" if state == "done" else "line"), t.RING))
            x = disc.center().x()
            painter.drawLine(QPointF(x, disc.bottom() + 2), QPointF(x, disc.bottom() + _PITCH - _DISC - 2))
        self._paint_disc(painter, disc, state, index)
        painter.setFont(font(t.BODY_TEXT, strong=state in ("now", "failed")))
        ink = {"now": "ink", "failed": "danger", "done": "secondary", "todo": "secondary"}[state]
        painter.setPen(Appearance.colour(ink))
        words = QRectF(_DISC + t.INNER, top, self.width() - _DISC - t.INNER, _PITCH)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, self._steps[index])

    def _paint_disc(self, painter: QPainter, disc: QRectF, state: str, index: int) -> None:
        colour = {"done": "success", "now": "primary", "failed": "danger", "todo": "field_line"}[state]
        painter.setPen(QPen(Appearance.colour(colour), 1.5))
        painter.setBrush(Appearance.colour("primary" if state == "now" else "paper"))
        painter.drawEllipse(disc)
        if state in ("done", "failed"):
            name = "check" if state == "done" else "cross"
            drawn = icons.pixmap(name, getattr(Appearance.palette, colour), t.INNER + 2, self.devicePixelRatioF())
            side = (t.INNER + 2) / 2
            painter.drawPixmap(QPointF(disc.center().x() - side, disc.center().y() - side), drawn)
            return
        painter.setFont(font(t.SECONDARY_TEXT, strong=True))
        painter.setPen(Appearance.colour("on_primary" if state == "now" else "secondary"))
        painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(index + 1))
