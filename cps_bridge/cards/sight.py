"""Looks at the readers for those who must not wait for a PC/SC service that never answers."""

from __future__ import annotations

import threading
from collections.abc import Callable

from cps_bridge.cards.port import ReaderPort, View
from cps_bridge.cards.thread import CardThread
from dossier.failure import Cancelled, Failure

_CALM, _RECOVERY, _NUDGE = 1.0, 1.0, 0.05  # seconds


class Sight:
    """One look at a time, given up after limit seconds; while one is stuck in the service there is no other."""

    def __init__(self, port: ReaderPort, limit: float) -> None:
        self._port = port
        self._limit = limit
        self._thread = CardThread(limit, "cards-sight")
        self._closing = threading.Event()
        self._stuck: threading.Event | None = None
        self._sentinel = threading.Thread()

    def look(self) -> View:
        """Give the present view; raises Failure PCSC_DOWN. Not for two threads at once."""
        if self._stuck and not self._stuck.is_set():
            raise Failure("PCSC_DOWN", cause="TimeoutError")
        ended = threading.Event()

        def read() -> View:
            try:
                return self._port.readers()
            finally:
                ended.set()

        def late() -> Failure:
            self._stuck = ended
            return Failure("PCSC_DOWN", cause="TimeoutError")

        try:
            return self._thread.submit(read, late).result()
        except OSError as error:
            raise Failure("PCSC_DOWN", cause=type(error).__name__) from error
        except Cancelled:
            return ()

    def answers(self, patience: float) -> bool:
        """Tell whether the service answers at once, be it that there is nothing to see."""
        ended = threading.Event()

        def read() -> None:
            try:
                self._port.readers()
                ended.set()
            except (OSError, Failure):
                return

        threading.Thread(target=read, name="cards-probe", daemon=True).start()
        return ended.wait(patience)

    def begin(self, changed: Callable[[], None]) -> None:
        """Call changed, from a thread of its own, whenever the readers may be in another state."""
        self._sentinel = threading.Thread(target=self._stare, args=(changed,), name="cards-sentinel", daemon=True)
        self._sentinel.start()

    def _stare(self, changed: Callable[[], None]) -> None:
        known: View = ()
        while not self._closing.is_set():
            try:
                view = self._port.wait(known, _CALM)
            except (OSError, Failure):
                changed()
                self._closing.wait(_RECOVERY)
                continue
            if view != known:
                known = view
                changed()

    def close(self) -> None:
        """Stop looking, and let go of the port if its service answers."""
        self._closing.set()

        def let_go() -> None:
            while self._sentinel.is_alive():
                self._port.wake()  # again and again: it may be between two waits
                self._sentinel.join(_NUDGE)
            self._port.close()

        leaving = threading.Thread(target=let_go, name="cards-leave", daemon=True)
        leaving.start()
        leaving.join(_NUDGE if self._stuck and not self._stuck.is_set() else self._limit)
        self._thread.close()
