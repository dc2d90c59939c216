"""What patients are told, given to those who carry it further (mail, SMS), once it is committed."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from .noting import place_of

_LOG = logging.getLogger("host_sim")

CREATION, FIRST_CONNECTION, DOCUMENT = "creation", "first_connection", "document"
BREAK_GLASS, REGULATION, LIFE = "break_glass", "regulation", "life"


@dataclass(frozen=True)
class Notice:
    """One thing told to a patient (INS matricule); kind is one of the words of this module, text a French sentence."""

    patient: str
    kind: str
    text: str
    at: datetime


Listener = Callable[[Notice], None]


class Notices:
    """Hands notices to listeners from one thread of its own, in order; what is rolled back is never handed out.

    A notice not yet carried when the process dies stays in the patient's list, and is not carried again.
    """

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._queue: queue.Queue[Notice | None] = queue.Queue()
        self._local = threading.local()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every notice from now on; gives what ends it."""
        with self._lock:
            self._listeners.append(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._carry, name="host-sim-notices", daemon=True)
                self._thread.start()

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the notices of this thread until the block ends well; forget them when it raises. Re-entrant."""
        if getattr(self._local, "held", None) is not None:
            yield
            return
        held: list[Notice] = []
        self._local.held = held
        try:
            yield
        finally:
            self._local.held = None
        for notice in held:
            self._hand(notice)

    def tell(self, notice: Notice) -> None:
        """Hand out a notice, at the end of the held block if there is one."""
        held: list[Notice] | None = getattr(self._local, "held", None)
        if held is None:
            self._hand(notice)
        else:
            held.append(notice)

    def close(self) -> None:
        """Hand out what waits, then end the thread."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            self._queue.put(None)
            thread.join(10)

    def _hand(self, notice: Notice) -> None:
        with self._lock:
            wanted = bool(self._listeners)
        if wanted:
            self._queue.put(notice)

    def _carry(self) -> None:
        while (notice := self._queue.get()) is not None:
            with self._lock:
                listeners = tuple(self._listeners)
            for each in listeners:
                try:
                    each(notice)
                except Exception as error:
                    # One carrier in trouble does not stop the others.
                    _LOG.error("a notice was not carried: %s", place_of(error))
