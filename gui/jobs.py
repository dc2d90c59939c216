"""The one bridge between threads: futures and events of workers become signals on the GUI thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from dossier.failure import Cancelled, Failure
from gui.house_port import HousePort
from gui.user import Pending, QtUser

_log = logging.getLogger("gui")


class Job(QObject):
    """One use case under way. Signals are emitted on the GUI thread, ``ended`` last and always once."""

    done = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    ended = Signal()

    user: QtUser

    def __init__(self, use_case: str, parent: QObject) -> None:
        super().__init__(parent)
        self.use_case = use_case

    def cancel(self) -> None:
        """Give up: the pending question, and each later one, raises Cancelled in the worker."""
        self.user.cancel()

    def settle(self, future: Future[Any]) -> None:
        """Say how the future ended; called on the GUI thread."""
        error: BaseException | None
        try:
            error = future.exception()
        except CancelledError as gone:
            error = gone
        if error is None:
            self.done.emit(future.result())
        elif isinstance(error, Cancelled | CancelledError):
            self.cancelled.emit()
        else:
            self.failed.emit(as_failure(error, self.use_case))
        self.ended.emit()


class Jobs(QObject):
    """Starts use cases and brings their ends, and the events of the house, to the GUI thread."""

    heard = Signal(object)
    asked = Signal(object, object)
    told = Signal(object, object)
    _settled = Signal(object, object)
    _crossed = Signal(object, object)

    def __init__(self, house: HousePort, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._house = house
        self._running: dict[str, Job] = {}
        self._closed = False
        self._settled.connect(self._settle, Qt.ConnectionType.QueuedConnection)
        self._crossed.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe: Callable[[], None] = house.subscribe(self._hear)

    def start(self, use_case: str, **request: object) -> Job | None:
        """Run a use case; None when the same one is still running: a double click is one click."""
        if self._closed or use_case in self._running:
            return None
        job = self._job(use_case)
        self._running[use_case] = job
        future = self._begin(use_case, job.user, request)
        future.add_done_callback(lambda ended: self._reach(job, ended))
        return job

    def call(self, name: str, work: Callable[[], Any], on: Any) -> Job:
        """Run a function of the window's own (rendering, a listing) on an executor ``on``."""
        job = self._job(name)
        self._running[name] = job
        on.submit(work).add_done_callback(lambda ended: self._reach(job, ended))
        return job

    def running(self, use_case: str) -> Job | None:
        """Give the job of a use case under way."""
        return self._running.get(use_case)

    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._running

    def cancel_all(self) -> None:
        """Give up everything that waits for a person."""
        for job in list(self._running.values()):
            job.cancel()

    def close(self) -> None:
        """Hear nothing more, and unwind what waits for a person."""
        self._closed = True
        self._unsubscribe()
        self.cancel_all()

    def _job(self, use_case: str) -> Job:
        job = Job(use_case, self)
        job.user = QtUser(lambda pending: self._cross(job, pending), lambda news: self._cross(job, news))
        return job

    def _cross(self, job: Job, word: object) -> None:
        if not self._closed:
            self._crossed.emit(job, word)

    def _pass_on(self, job: Job, word: object) -> None:
        if isinstance(word, Pending):
            if word.is_open():
                self.asked.emit(job, word)
        else:
            self.told.emit(job, word)

    def _begin(self, use_case: str, user: QtUser, request: dict[str, object]) -> Future[Any]:
        try:
            return self._house.run(use_case, user, **request)
        except Exception as error:
            refused: Future[Any] = Future()
            refused.set_exception(error)
            return refused

    def _reach(self, job: Job, future: Future[Any]) -> None:
        if not self._closed:
            self._settled.emit(job, future)

    def _settle(self, job: Job, future: Future[Any]) -> None:
        if self._running.get(job.use_case) is job:
            del self._running[job.use_case]
        if not self._closed:
            job.settle(future)
        job.deleteLater()

    def _hear(self, event: object) -> None:
        if not self._closed:
            self.heard.emit(event)


def as_failure(error: BaseException, doing: str) -> Failure:
    """Give the failure itself, or UNFORESEEN for a bug, logged by type and place without what it holds."""
    if isinstance(error, Failure):
        return error
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename.rpartition('/')[2]}:{place.tb_lineno}" if place else "?"
    _log.error("unforeseen type=%s at=%s doing=%s", type(error).__name__, where, doing)
    return Failure("UNFORESEEN", kind=type(error).__name__, place=where)
