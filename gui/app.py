"""Start the window: painted first, the house opened after; and the way to run it over a house that is already there."""

from __future__ import annotations

import argparse
import sys

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from gui.house_port import HousePort
from gui.style import apply
from gui.window import Window


def main(argv: list[str] | None = None) -> int:
    """Open the window described by the options of ``cps-bridge window``; gives the exit code."""
    given = sys.argv[1:] if argv is None else argv
    app = application()
    window = Window()
    window.show()
    if "--exit-after-paint" in given:
        window.painted.connect(app.quit)
        return app.exec()
    return _live(app, window, given)


def run_window(house: HousePort, *, exit_after_paint: bool = False) -> int:
    """Show the window over a house; the caller closes the house. Gives the exit code."""
    app = application()
    window = Window()
    window.attach(house)
    if exit_after_paint:
        window.painted.connect(app.quit)
    window.show()
    code = app.exec()
    window.close()
    return code


def application() -> QApplication:
    """Give the one QApplication, dressed."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication(["cps-bridge"])
    app.setApplicationName("CPS Bridge")
    app.setApplicationDisplayName("CPS Bridge")
    apply(app)
    return app


def _live(app: QApplication, window: Window, given: list[str]) -> int:
    from gui.keeper import HouseKeeper

    def options() -> argparse.Namespace:
        from connectors.options import parser

        return parser().parse_args(["window", *given])

    parsed = options()

    def opening() -> object:
        from connectors.opening import open_house

        return open_house(parsed)

    keeper = HouseKeeper(opening)  # type: ignore[arg-type]
    keeper.opened.connect(window.attach)
    keeper.failed.connect(window.fail_to_start)
    window.painted.connect(keeper.start)
    code = app.exec()
    window.close()
    keeper.close()
    return code
