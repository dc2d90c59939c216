"""``python -m gui.tour``: the window on the simulated house; with --headless, the whole story by itself."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path


def main(argv: list[str] | None = None) -> int:
    """Run the tour; gives the exit code: 0 held, 1 a journey failed, 69 the simulators cannot be had."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.ERROR)  # a host that dies is part of the story, not news for the terminal
    if options.headless is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from gui.tour.stage import play_headless, show_window

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _leave)
    if options.headless is None:
        return show_window(options.authority)
    return play_headless(options.headless.resolve(), options.authority, _say)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gui.tour", description="Visite guidée sur cartes et hôte simulés.")
    parser.add_argument("--headless", type=Path, metavar="DOSSIER", help="joue tout sans écran, preuves dans DOSSIER")
    parser.add_argument("--authority", type=Path, metavar="DOSSIER", help="autorité de test déjà faite, à reprendre")
    return parser


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a door


def _leave(number: int, _: object) -> None:
    """End the event loop, so that everything is closed on the way out."""
    from PySide6.QtCore import QCoreApplication

    signal.signal(number, signal.SIG_DFL)
    QCoreApplication.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
