"""What the moment of the card must not wait for, made ready while the person goes for it.

Modules, sentences and value sets are read in another thread. Then the pages of the desks are made part by part, and
each is painted once out of sight, since much of Qt is only loaded by a first painting: one step in a turn of the event
loop, so that the window answers between two of them. Last come the libraries of the host: a worker that imports them
while the first patient waits would hold the lock of Python, which the window needs too.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from cps_bridge.workflows.user import AskPin
from dossier import codes
from dossier.failure import catalogue
from gui import icons
from gui.places import DESKS
from gui.questions.pin import PinPanel
from gui.shelf import Shelf
from gui.stage import Stage
from gui.style import Appearance

_DRESSED_AT_ONCE = 40
"""Widgets that are given their style in one turn: one or two milliseconds."""

_AFTER_PAINT = 60
"""Milliseconds that the window has for itself first: importing elsewhere takes the lock of Python from its painting."""

_PAUSE = 1
"""Milliseconds between two steps: without any, Qt does several in one turn."""


class Readying(QObject):
    """Begins when made. ``finished`` is emitted once, when each desk can be shown without being made.

    shelf: makes the pages; veil: what lies over a page.
    """

    finished = Signal()

    def __init__(self, stage: Stage, shelf: Shelf, veil: QWidget) -> None:
        super().__init__(stage)
        self._shelf, self._veil = shelf, veil
        self._steps = self._ready()
        self._stage = stage
        QTimer.singleShot(_AFTER_PAINT, self, self._begin)

    def _begin(self) -> None:
        self._stage.errand("ready", _load).done.connect(self._turn)

    def _turn(self, _: object = None) -> None:
        if next(self._steps, None) is None:
            self._stage.errand("ready.workflows", _load_workflows).ended.connect(self.finished)
        else:
            QTimer.singleShot(_PAUSE, self, self._turn)

    def _ready(self) -> Iterator[str]:
        for name in icons.names():
            icons.icon(name, Appearance.palette.ink, Appearance.palette.disabled_ink)
            yield name
        self._veil.grab()
        yield "veil"
        question = PinPanel(AskPin("", None))
        yield "question"
        question.grab()
        question.deleteLater()
        yield "question painted"
        for key in DESKS:
            for _ in self._shelf.furnish(key):
                yield key
            page = self._shelf.page(key)
            page.resize(self._veil.size())
            parts = page.findChildren(QWidget)  # PySide makes the types of the parts that Qt itself added
            for start in range(0, len(parts), _DRESSED_AT_ONCE):
                for part in parts[start : start + _DRESSED_AT_ONCE]:
                    part.ensurePolished()
                yield f"{key} dressed"
            page.grab()
            yield f"{key} painted"


def _load() -> None:
    """Read what the first page of a session and the first failure want; not in the thread of the window."""
    for module in ("card_panel", *(f"pages.{key}" for key in DESKS)):
        import_module(f"gui.{module}")
    catalogue("fr")
    for each in (codes.SPECIALTY, codes.PROFESSION):
        codes.load(each)


def _load_workflows() -> None:
    """Read what the workers of a session and of its first patient want; not in the thread of the window."""
    from cps_bridge.workflows import identify_patient, open_session  # noqa: F401 - read now, used by the workers
    from soap_clients import connections, insi, services  # noqa: F401
