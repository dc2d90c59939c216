"""The window: painted at once with one word; its frame is built after, and the house opened after that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from gui import tokens as t

if TYPE_CHECKING:
    from dossier.failure import Failure
    from gui.frame import Frame
    from gui.house_port import HousePort
    from gui.stage import Stage

_ACTIVITY = frozenset({QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.MouseMove})


class Window(QWidget):
    """``painted`` is emitted once, after the first paint; ``attach`` builds the frame and brings it to life.

    ``ready`` is emitted once after that, when the pages of the desks wait for a card.
    """

    painted = Signal()
    ready = Signal()

    def __init__(self, look: str = "system") -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("CPS Bridge")
        self._look = look
        self._was_painted = False
        self._frame: Frame | None = None
        self.setMinimumSize(*t.WINDOW_MINIMUM)
        self.resize(*t.WINDOW)

    @property
    def frame(self) -> Frame:
        """What is inside; built at the first use."""
        if self._frame is None:
            self._furnish()
        assert self._frame is not None
        return self._frame

    @property
    def stage(self) -> Stage:
        """What pages ask of the window; there once a house is attached."""
        return self.frame.stage

    def attach(self, house: HousePort) -> None:
        """Bring the window to life over a house."""
        self.frame.attach(house)
        self.frame.readying.finished.connect(self.ready)

    def fail_to_start(self, failure: Failure) -> None:
        """Say why the house could not be opened."""
        self.frame.fail_to_start(failure)

    def ask_passphrase(
        self, wrong: Failure | None, answer: Callable[[bytearray], None], *, first: bool = False
    ) -> None:
        """Ask for the passphrase of the vault, which no keyring keeps; wrong: what the answer before met.

        first: it is chosen now, and typed twice.
        """
        self.frame.ask_passphrase(wrong, answer, first=first)

    def _furnish(self) -> None:
        from gui.frame import Frame
        from gui.style import apply

        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply(app, self._look)
        self._frame = Frame()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._frame)
        self._frame.show()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the ground and one word until the frame is there; tell the first paint."""
        if self._frame is None:
            dark = QApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
            palette = t.DARK if self._look == "dark" or (self._look == "system" and dark) else t.LIGHT
            painter = QPainter(self)
            painter.fillRect(self.rect(), QColor(palette.ground))
            painter.setPen(QColor(palette.secondary))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "CPS Bridge démarre…")
            painter.end()
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self, self.painted.emit)
            handle = self.windowHandle()
            if handle is not None:
                handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Hear that somebody, or a 2D scanner, is there: at the window's door and not at each widget."""
        if self._frame is None or event.type() not in _ACTIVITY:
            return False
        self._frame.somebody_is_there()
        return isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and self._frame.hear_key(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Unwind what waits for a person, then leave."""
        if self._frame is not None:
            self._frame.close_down()
        super().closeEvent(event)
