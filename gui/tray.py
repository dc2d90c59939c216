"""The tray of the simulated cards: beside the desk, so that cards move under an open question too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QBoxLayout, QWidget

from gui import tokens as t

if TYPE_CHECKING:
    from gui.stage import Stage


class Tray:
    """Opens and closes in a row that holds the desk; over: where it goes when the row has no room for both."""

    def __init__(
        self, stage: Stage, line: QBoxLayout, over: Callable[[QWidget], None], moved: Callable[[], None]
    ) -> None:
        self._stage, self._line, self._over, self._moved = stage, line, over, moved
        self._panel: QWidget | None = None

    def width(self) -> int:
        """Give the pixels it takes from the desk now."""
        return t.TRAY_WIDTH if self._panel is not None else 0

    def turn(self, room: int) -> None:
        """Open it in so many pixels, or close it."""
        from gui.simulation_panel import SimulationPanel

        if self._panel is not None:
            self._close()
            return
        panel = SimulationPanel(self._stage)
        if room < t.TRAY_BESIDE_FROM:
            self._over(panel)
            return
        panel.setFixedWidth(t.TRAY_WIDTH)
        panel.closed.connect(self._close)
        self._panel = panel
        self._line.addWidget(panel)
        self._moved()

    def _close(self) -> None:
        if self._panel is not None:
            self._panel.hide()
            self._panel.deleteLater()
            self._panel = None
            self._moved()
