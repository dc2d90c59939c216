"""Start the window: painted first, the house opened after; and the way to run it over a house that is already there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from gui.at_work import at_work
from gui.window import Window

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from gui.house_port import HousePort

_EXIT_AFTER_PAINT = "--exit-after-paint"


def main(argv: list[str] | None = None) -> int:
    """Open the window described by the options of ``cps-bridge window``; gives the exit code.

    Nothing heavy is imported before the first paint: neither the host's libraries nor those of documents.
    """
    given = sys.argv[1:] if argv is None else argv
    app = application()
    window = Window()
    if _EXIT_AFTER_PAINT in given:
        window.painted.connect(app.quit)
        window.show()
        return app.exec()
    return _live(app, window, given)


def run_window(house: HousePort, *, exit_after_paint: bool = False) -> int:
    """Show the window over a house; the caller closes the house. Gives the exit code."""
    app = application()
    window = Window()
    window.painted.connect(app.quit if exit_after_paint else lambda: window.attach(house))
    window.show()
    with at_work(window):
        code = app.exec()
        window.close()
    return code


def application() -> QApplication:
    """Give the one QApplication."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication(["cps-bridge"])
    app.setApplicationName("CPS Bridge")
    app.setApplicationDisplayName("CPS Bridge")
    return app


def _live(app: QApplication, window: Window, given: list[str]) -> int:
    from gui.keeper import AskPassphrase, HouseKeeper

    def opening(ask: AskPassphrase) -> AbstractContextManager[HousePort]:
        from connectors.opening import open_house
        from connectors.options import parser

        return open_house(parser().parse_args(["window", *given]), ask)

    keeper = HouseKeeper(opening)
    keeper.opened.connect(window.attach)
    keeper.failed.connect(window.fail_to_start)
    keeper.asked.connect(lambda wrong: window.ask_passphrase(wrong, keeper.answer, first=keeper.first))
    keeper.left.connect(app.exit)
    window.painted.connect(lambda: window.frame)
    window.painted.connect(keeper.start)
    window.show()
    with at_work(window):
        code = app.exec()
        window.close()
        keeper.close()
    return code
