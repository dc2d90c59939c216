"""Seals the head of the access log soon after rows are committed, away from the calls that wrote them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from .audit_seal import Head, Seal

_LOG = logging.getLogger("host_sim")
_REST_SECONDS = 0.05


class Sealer:
    """A thread, started at the first row, that moves the seal to the last committed row.

    The seal moves only along the chain that it sealed before: a log that was cut or rewritten keeps its old seal, and
    the verification goes on telling.
    """

    def __init__(self, seal: Seal, head: Callable[[], Head], hash_of: Callable[[int], str]) -> None:
        self._seal, self._head, self._hash_of = seal, head, hash_of
        self._written, self._ended = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Say that a row was written (perhaps not committed yet: the reading of the head waits for it)."""
        self._written.set()
        with self._lock:
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._run, name="audit seal", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Seal once more and end."""
        self._ended.set()
        self._written.set()
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
            self.move()

    def move(self) -> None:
        """Move the seal to the last committed row, when the chain still leads there from the sealed one."""
        head, sealed = self._head(), self._seal.read()
        if sealed is None or sealed.number > head.number or self._hash_of(sealed.number) != sealed.hash:
            _LOG.error("the access log does not continue the sealed one")
        elif sealed.number < head.number:
            self._seal.write(head)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._written.wait()
            self._written.clear()
            try:
                self.move()
            except Exception as error:
                _LOG.warning("the access log was not sealed: %s", type(error).__name__)
            self._ended.wait(_REST_SECONDS)
