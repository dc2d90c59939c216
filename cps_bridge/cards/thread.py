"""The one thread that talks to cards, and what happens when a card never answers.

A job that gives no sign of life for too long cannot be interrupted: it is blocked inside the reader's driver. Its
caller gets a Failure, its thread is given up (it ends by itself if the driver ever returns, and then sends nothing
more) and a new thread serves the jobs that follow.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dossier.failure import Cancelled, Failure

T = TypeVar("T")
_log = logging.getLogger("cards")
_here = threading.local()

_GRACE = 0.05
"""Seconds given to a job that seems late: the whole process may have been asleep, not the card."""


class GivenUpError(ConnectionAbortedError):
    """This job was given up: its caller has had an answer, nothing more may be done."""


class Pulse:
    """The signs of life of a job. Once it was given up, its next sign of life ends it."""

    def __init__(self) -> None:
        self.given_up = False
        self._lock = threading.Lock()
        self._due: float | None = None
        self._finished = False

    def beat(self, patience: float) -> None:
        """Give a sign of life, good for so many seconds; raises GivenUpError in a job that was given up."""
        with self._lock:
            if self.given_up:
                raise GivenUpError
            self._due = time.monotonic() + patience

    def left(self) -> float:
        """Tell how many seconds the last sign of life is still good for."""
        with self._lock:
            return 0.0 if self._due is None else self._due - time.monotonic()

    def expire(self) -> bool:
        """Give the job up, unless it has just given a sign of life or ended."""
        with self._lock:
            if self._finished or self._due is None or time.monotonic() < self._due:
                return False
            self.given_up = True
            return True

    def finish(self) -> bool:
        """Say that the job has ended; tells whether it had not been given up before."""
        with self._lock:
            self._finished = True
            return not self.given_up


@dataclass
class _Job(Generic[T]):
    work: Callable[[], T]
    late: Callable[[], object]
    pulse: Pulse
    future: Future[T] = field(default_factory=Future)

    def settle(self, result: T | None, error: BaseException | None) -> None:
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)  # type: ignore[arg-type]


_Queue = queue.SimpleQueue[_Job[object] | None]


class CardThread:
    """Executes jobs one after the other; limit: seconds that one silence of a job may last; name: of its threads."""

    def __init__(self, limit: float = 20.0, name: str = "cards") -> None:
        self._limit = limit
        self._name = name
        self._lock = threading.Lock()
        self._jobs: _Queue = queue.SimpleQueue()
        self._current: _Job[object] | None = None
        self._busy, self._ended = threading.Event(), threading.Event()
        self._closed = False
        self._worker = self._begin()
        threading.Thread(target=self._guard, name=f"{self._name}-watchdog", daemon=True).start()

    def _begin(self) -> threading.Thread:
        worker = threading.Thread(target=self._work, args=(self._jobs,), name=self._name, daemon=True)
        worker.start()
        return worker

    def is_current(self) -> bool:
        """Tell whether the caller runs on a card thread, even on one that was given up."""
        return getattr(_here, "is_card_thread", False)

    def submit(
        self, work: Callable[[], T], late: Callable[[], object] | None = None, pulse: Pulse | None = None
    ) -> Future[T]:
        """Queue a job, which beats the pulse as it goes on.

        late: gives what the caller of a job that was given up gets, CARD_MUTE when absent.
        Raises Cancelled when the thread is closed.
        """
        job: _Job[T] = _Job(work, late or _mute, pulse or Pulse())
        with self._lock:
            if self._closed:
                raise Cancelled("the card service is closed")
            self._jobs.put(job)  # type: ignore[arg-type]
        return job.future

    def run(self, work: Callable[[], T], late: Callable[[], object] | None = None, pulse: Pulse | None = None) -> T:
        """Execute a job and wait for its result; raises what it raises, and Failure WRONG_THREAD on the card thread."""
        if self.is_current():
            raise Failure("WRONG_THREAD")
        return self.submit(work, late, pulse).result()

    def _work(self, jobs: _Queue) -> None:
        _here.is_card_thread = True
        while (job := jobs.get()) is not None:
            job.pulse.beat(self._limit)
            self._current = job
            self._busy.set()
            try:
                result, error = job.work(), None
            except BaseException as caught:  # it belongs to the caller, whatever it is
                result, error = None, caught
            if not job.pulse.finish():
                return  # given up: another thread has taken over
            self._current = None
            job.settle(result, error)
            del job, result, error

    def _guard(self) -> None:
        """Give up the job whose sign of life is overdue."""
        while not self._ended.is_set():
            job = self._current
            if job is None:
                self._busy.clear()
                if self._current is None:
                    self._busy.wait()
                continue
            left = job.pulse.left()
            self._ended.wait(left if left > 0 else _GRACE)
            if left <= 0 and job is self._current and job.pulse.expire():
                self._give_up(job)

    def _give_up(self, job: _Job[object]) -> None:
        """Move the waiting jobs to a new queue and thread, and tell the caller of the one that is stuck."""
        _log.warning("a card job gave no sign of life: new card thread")
        with self._lock:
            stuck, self._jobs = self._jobs, queue.SimpleQueue()
            while not stuck.empty():
                self._jobs.put(stuck.get())
            self._current = None
            outcome = _outcome(job.late)
            self._worker = self._begin()
        job.settle(None, outcome) if isinstance(outcome, BaseException) else job.settle(outcome, None)

    def close(self) -> None:
        """Let the queued jobs finish, then end; a job that is stuck is not waited for."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
            worker = self._worker
        if not self.is_current():
            worker.join(self._limit)
        self._ended.set()
        self._busy.set()


def _outcome(late: Callable[[], object]) -> object:
    try:
        return late()
    except Exception as error:  # a caller is waiting: it gets this instead
        return error


def _mute() -> Failure:
    return Failure("CARD_MUTE")
