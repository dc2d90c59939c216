"""The heartbeat of the window's event loop: how long it stood still at most, and whether a card was the reason.

For tests and measures: a beat is asked of the event loop every few milliseconds; a second thread looks at what the
window's thread is doing when a beat is late.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QObject, Qt, QTimer

LIMIT = 0.016
"""Seconds that a person does not notice: one picture of a screen."""

_BEAT_MILLISECONDS = 2
_LOOK_SECONDS = 0.004
_SURE = 3
"""Looks in a row: fewer are a thread that passes by while others compute, not one that waits."""

_CARD_PLACES = (str(Path("cps_bridge") / "cards"), "smartcard", "card_sim")


class Heartbeat(QObject):
    """Made on the window's thread.

    largest: seconds between two beats at most; late: where the thread was at each late one; on_card: where it stayed in
    the cards room.
    """

    def __init__(self) -> None:
        super().__init__()
        self.largest = 0.0
        self.beats = 0
        self.late: list[str] = []
        self.on_card: list[str] = []
        self._last = time.perf_counter()
        self._window = threading.get_ident()
        self._stopped = threading.Event()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_BEAT_MILLISECONDS)
        self._timer.timeout.connect(self._beat)
        self._watch = threading.Thread(target=self._look, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._last = time.perf_counter()
        self._timer.start()
        self._watch.start()

    def stop(self) -> None:
        """End the beating."""
        self._beat()
        self._timer.stop()
        self._stopped.set()
        self._watch.join()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.largest = max(self.largest, now - self._last)
        self._last = now
        self.beats += 1

    def _look(self) -> None:
        late, times = 0.0, 0
        while not self._stopped.wait(_LOOK_SECONDS):
            last = self._last
            if time.perf_counter() - last <= LIMIT:
                continue
            places = _places(sys._current_frames().get(self._window))
            if last != late:
                late, times = last, 0
                self.late.append(places[0] if places else "?")
            card = next((each for each in places if any(part in each for part in _CARD_PLACES)), "")
            times = times + 1 if card else 0
            if times == _SURE:
                self.on_card.append(card)


def _places(frame: FrameType | None) -> list[str]:
    """Write where a thread is, innermost first: file, line and function."""
    found = []
    while frame is not None:
        found.append(f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return found


@contextmanager
def heartbeat() -> Iterator[Heartbeat]:
    """Record the event loop's largest gap while the body runs it; on the window's thread."""
    made = Heartbeat()
    made.start()
    try:
        yield made
    finally:
        made.stop()
