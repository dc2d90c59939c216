"""Plays stories on the thread of the window: each goes on when what it waits for is there; no loop inside the loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from dossier.failure import Cancelled, Failure
from gui.tour.story import Story, TourError, Wait

_TURN_MILLISECONDS = 5


@dataclass(frozen=True)
class Chapter:
    """One journey of the tour: its title in French, and what begins its story."""

    title: str
    begin: Callable[[], Story[None]]


class Play(QObject):
    """Plays the chapters one after the other; before each, and at the end, the desk is cleared.

    say: told each line of the story; ended gives (journeys that held, journeys that failed).
    """

    ended = Signal(int, int)

    def __init__(
        self,
        chapters: Sequence[Chapter],
        clear_desk: Callable[[], Story[None]],
        say: Callable[[str], None],
        context: Callable[[], str],
    ) -> None:
        super().__init__()
        self._chapters, self._clear, self._say, self._context = list(chapters), clear_desk, say, context
        self._number = self._held = self._failed = 0
        self._clearing = True
        self._story: Story[None] = clear_desk()
        self._wait: Wait | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MILLISECONDS)
        self._timer.timeout.connect(self._turn)

    def start(self) -> None:
        """Begin with a clear desk."""
        self._timer.start()

    def stop(self) -> None:
        """Leave the story where it is."""
        self._timer.stop()
        self._story.close()

    def _turn(self) -> None:
        found: object = None
        try:
            if self._wait is not None:
                found = self._wait.reached()
                if not found:
                    if self._wait.is_late():
                        raise TourError(f"Attendu en vain : {self._wait.what}.{self._context()}")
                    return
            self._wait = self._story.send(found)
        except StopIteration:
            self._next(None)
        except Exception as error:
            self._next(error)

    def _next(self, error: Exception | None) -> None:
        """Count the end of a story, and take the next one: the clearing of the desk, or a chapter."""
        self._story.close()
        self._wait = None
        if error is not None:
            self._say(f"   ✗ {_sentence(error)}")
        if not self._clearing:
            self._held += error is None
            self._failed += error is not None
        self._clearing = not self._clearing
        if self._clearing:
            self._story = self._clear()
        elif self._number < len(self._chapters):
            chapter = self._chapters[self._number]
            self._number += 1
            self._say(f"\n{self._number}. {chapter.title}")
            self._story = chapter.begin()
        else:
            self._timer.stop()
            self.ended.emit(self._held, self._failed)


def _sentence(error: Exception) -> str:
    if isinstance(error, Failure):
        return f"{error.sentence('fr')} {error.remedy('fr')} ({error.code})"
    if isinstance(error, Cancelled):
        return "Abandonné."
    if isinstance(error, TourError):
        return str(error)
    trace: Any = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "?"
    return f"Erreur imprévue : {type(error).__name__}, {error} ({place})."
