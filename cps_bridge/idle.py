"""The idle time of a session: nobody has done anything for a while.

One thread waits for an Event until the moment the time would be over; a sign of life only notes the moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

Tick = Callable[[], float]
_LONGEST_WAIT = 3600.0


def boot_seconds() -> float:
    """Give seconds that also pass while the computer sleeps, where the system counts them."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class IdleWatch:
    """Calls ``at_end`` on its own thread once ``seconds`` have passed since the last sign of life, while armed."""

    def __init__(self, seconds: float, at_end: Callable[[], None], tick: Tick = boot_seconds) -> None:
        self._seconds, self._at_end, self._tick = seconds, at_end, tick
        self._last = tick()
        self._armed = self._closed = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="idle", daemon=True)
        self._thread.start()

    def touch(self) -> None:
        """Note a sign of life; any thread, at once. It comes too late when the time is over: then the end is near."""
        if self.is_over():
            self._wake.set()
        else:
            self._last = self._tick()

    def is_over(self) -> bool:
        """Whether the time has passed, even if the computer slept and nobody has acted on it yet."""
        return self._armed and self._tick() - self._last >= self._seconds

    def arm(self, armed: bool) -> None:
        """Begin to count anew, or stop counting."""
        self._last, self._armed = self._tick(), armed
        self._wake.set()

    def close(self) -> None:
        """Stop the thread."""
        self._closed = True
        self._wake.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _left(self) -> float:
        """Give the seconds to wait: a very long time is looked at again, since a wait has a longest length."""
        return min(max(0.0, self._last + self._seconds - self._tick()), _LONGEST_WAIT)

    def _watch(self) -> None:
        while not self._closed:
            self._wake.wait(self._left() if self._armed else None)
            self._wake.clear()
            if not self._closed and self.is_over():
                self._at_end()
