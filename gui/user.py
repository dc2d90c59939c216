"""The person, seen from a workflow that runs on a worker: a question blocks the worker until the page answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from cps_bridge.workflows.user import News, Question
from dossier.failure import Cancelled

T = TypeVar("T")


class Pending:
    """One question that waits; answered once, by ``answer``, ``cancel`` or ``fail``; later calls change nothing."""

    def __init__(self, question: Question[Any]) -> None:
        self.question = question
        self._lock = threading.Lock()
        self._settled = threading.Event()
        self._answer: object = None
        self._error: Exception | None = None

    def answer(self, value: object) -> bool:
        """Give the answer; False when it came too late."""
        return self._settle(value, None)

    def cancel(self) -> bool:
        """Give up."""
        return self._settle(None, Cancelled())

    def fail(self, error: Exception) -> bool:
        """Withdraw the question: what it was for went away."""
        return self._settle(None, error)

    def is_open(self) -> bool:
        """Whether the question still waits."""
        return not self._settled.is_set()

    def wait(self) -> object:
        """Block until settled; give the answer or raise."""
        self._settled.wait()
        given, self._answer = self._answer, None
        if self._error is not None:
            raise self._error
        return given

    def _settle(self, value: object, error: Exception | None) -> bool:
        with self._lock:
            if self._settled.is_set():
                return False
            self._answer, self._error = value, error
            self._settled.set()
            return True


class QtUser:
    """``User`` for the window, one per job: what is asked and told leaves the worker by two callables.

    on_ask and on_tell are called on the worker; they must only pass the word on to the GUI thread.
    """

    def __init__(self, on_ask: Callable[[Pending], None], on_tell: Callable[[News], None]) -> None:
        self._on_ask, self._on_tell = on_ask, on_tell
        self._lock = threading.Lock()
        self._pending: Pending | None = None
        self._gone: Exception | None = None

    def ask(self, question: Question[T]) -> T:
        """Put a question and wait; raises Cancelled, or the Failure of what went away."""
        with self._lock:
            if self._gone is not None:
                raise self._gone
            pending = self._pending = Pending(question)
        self._on_ask(pending)
        return cast(T, pending.wait())

    def tell(self, news: News) -> None:
        """Say something; returns at once."""
        self._on_tell(news)

    def pending(self) -> Pending | None:
        """Give the question that waits, None when nothing does."""
        found = self._pending
        return found if found is not None and found.is_open() else None

    def cancel(self) -> None:
        """Give up the pending question and refuse the later ones."""
        self.interrupt(Cancelled())

    def interrupt(self, error: Exception) -> None:
        """Make the pending question, and the later ones, raise."""
        with self._lock:
            self._gone = error
            pending = self._pending
        if pending is not None:
            pending.fail(error)
