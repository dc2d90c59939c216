"""The one thread that talks to cards, and what happens when a card never answers.

A job that exceeds its limit cannot be interrupted: it is blocked inside the reader's driver. Its caller gets a Failure,
its thread is given up (it ends by itself if the driver ever returns) and a new thread serves the jobs that follow.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dossier.failure import Cancelled, Failure

T = TypeVar("T")
_log = logging.getLogger("cards")
_here = threading.local()


@dataclass
class _Job(Generic[T]):
    work: Callable[[], T]
    late: Callable[[], Failure]
    future: Future[T] = field(default_factory=Future)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def settle(self, result: T | None, error: BaseException | None) -> bool:
        """Give the outcome to the caller, unless it has one already; tell whether this was the first outcome."""
        with self.lock:
            if self.future.done():
                return False
            if error is not None:
                self.future.set_exception(error)
            else:
                self.future.set_result(result)  # type: ignore[arg-type]
            return True


_Queue = queue.SimpleQueue[_Job[object] | None]


class CardThread:
    """Executes jobs one after the other; limit: seconds that one job may last."""

    def __init__(self, limit: float = 20.0) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._jobs: _Queue = queue.SimpleQueue()
        self._closed = False
        self._worker = self._begin()

    def _begin(self) -> threading.Thread:
        worker = threading.Thread(target=self._work, args=(self._jobs,), name="cards", daemon=True)
        worker.start()
        return worker

    def is_current(self) -> bool:
        """Tell whether the caller runs on a card thread, even on one that was given up."""
        return getattr(_here, "is_card_thread", False)

    def submit(self, work: Callable[[], T], late: Callable[[], Failure] | None = None) -> Future[T]:
        """Queue a job; its future never waits longer than the jobs before it and its own limit.

        late: makes the failure of a job that exceeds the limit, CARD_MUTE when absent.
        Raises Cancelled when the thread is closed.
        """
        job = _Job(work, late or _mute)
        with self._lock:
            if self._closed:
                raise Cancelled("the card service is closed")
            self._jobs.put(job)  # type: ignore[arg-type]
        return job.future

    def run(self, work: Callable[[], T], late: Callable[[], Failure] | None = None) -> T:
        """Execute a job and wait for its result; raises what it raises, and Failure WRONG_THREAD on the card thread."""
        if self.is_current():
            raise Failure("WRONG_THREAD")
        return self.submit(work, late).result()

    def _work(self, jobs: _Queue) -> None:
        _here.is_card_thread = True
        while (job := jobs.get()) is not None:
            watchdog = threading.Timer(self._limit, self._give_up, (job, jobs))
            watchdog.daemon = True
            watchdog.start()
            try:
                result, error = job.work(), None
            except BaseException as caught:  # it belongs to the caller, whatever it is
                result, error = None, caught
            watchdog.cancel()
            if not job.settle(result, error):
                return  # given up: another thread has taken over
            del job, result, error

    def _give_up(self, job: _Job[object], jobs: _Queue) -> None:
        """Fail the job that runs too long and move the waiting ones to a new queue and thread."""
        if not job.settle(None, job.late()):
            return
        _log.warning("a card job exceeded its limit: new card thread")
        with self._lock:
            self._jobs = queue.SimpleQueue()
            while not jobs.empty():
                self._jobs.put(jobs.get())
            self._worker = self._begin()

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


def _mute() -> Failure:
    return Failure("CARD_MUTE")
