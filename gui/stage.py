"""What a page may ask of the window: start a use case, go elsewhere, render, print, remember."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from gui.house_port import HousePort
from gui.jobs import Job, Jobs
from gui.printing import Printer

Place = Callable[[QWidget], None]
_ANSWERED_BY_HOST = frozenset(
    (
        "dossier",
        "administration",
        "create",
        "reactivate",
        "authorise",
        "list",
        "open",
        "mask",
        "archive",
        "delete",
        "show",
        "news",
        "followed",
        "break-glass",
        "regulation",
    )
)
_SENDS = frozenset(("deposit", "deposit-imaging", "replace", "send"))
# After these codes it is the answer that is missing; other uncertain ends had an answer, an unusable one.
_WITHOUT_ANSWER = frozenset(("OUTCOME_UNKNOWN", "INTERRUPTED"))


class Stage(QObject):
    """Shared by the pages. ``changed`` tells what changed: session, patient, access, outbox, slots, host."""

    changed = Signal(str)
    went = Signal(str)
    failed = Signal(object)
    said = Signal(str, str, str)
    looks = Signal(str)
    drawer = Signal(object)
    listed = Signal(object)

    def __init__(self, house: HousePort, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.house = house
        self.jobs = Jobs(house, self)
        self.printer = Printer()
        self.host_ok: bool | None = None
        self._read_again = False
        self._places: dict[str, Place] = {}
        self._renderer = ThreadPoolExecutor(1, thread_name_prefix="rendering")
        self._errands = ThreadPoolExecutor(1, thread_name_prefix="errands")
        self.jobs.heard.connect(lambda event: self.changed.emit(event.what))

    def start(self, use_case: str, place: Place | None = None, **request: object) -> Job | None:
        """Run a use case; place: where its questions are put, over the window when None.

        None when the same use case is still running.
        """
        job = self.jobs.start(use_case, **request)
        if job is not None:
            self._places.pop(use_case, None)
            if place is not None:
                self._places[use_case] = place
            job.failed.connect(self._watch_host)
            if use_case in _ANSWERED_BY_HOST:
                job.done.connect(lambda _: self._host_answers())
            elif use_case in _SENDS:
                job.done.connect(self._learn)
        return job

    def place_of(self, job: Job) -> Place | None:
        """Give where the questions of a job are put."""
        return self._places.get(job.use_case)

    def work(self, name: str, work: Callable[[], Any]) -> Job:
        """Do work of the window's own (rendering) away from the GUI thread."""
        return self.jobs.call(name, work, self._renderer)

    def errand(self, name: str, work: Callable[[], Any]) -> Job:
        """Do what may wait for a disk or another process (settings, simulated cards) away from the GUI thread."""
        return self.jobs.call(name, work, self._errands)

    def go(self, page: str) -> None:
        """Show another page."""
        self.went.emit(page)

    def say(self, sentence: str, remedy: str = "", tone: str = "info") -> None:
        """Say something above the page."""
        self.said.emit(sentence, remedy, tone)

    def read_outbox(self) -> None:
        """Read the lots; ``listed`` gives them. A call while one runs makes it run once more."""
        job = self.start("outbox")
        if job is None:
            self._read_again = True
            return
        self._read_again = False
        job.done.connect(self.listed)
        job.ended.connect(self._maybe_again)

    def _maybe_again(self) -> None:
        if self._read_again:
            QTimer.singleShot(0, self, self.read_outbox)

    def close(self) -> None:
        """Hear nothing more and end the window's own threads."""
        self.jobs.close()
        for each in (self._renderer, self._errands):
            each.shutdown(wait=False, cancel_futures=True)

    def _host_answers(self) -> None:
        if self.host_ok is not True:
            self.host_ok = True
            self.changed.emit("host")

    def _learn(self, sent: Any) -> None:
        """Learn from lots whether the host answers; a lot that only waits says nothing of it."""
        for item in sent if isinstance(sent, tuple) else (sent,):
            if item.state.value == "envoyé":
                self._host_answers()
            elif item.failure is not None:
                self._watch_host(item.failure)

    def _watch_host(self, failure: Any) -> None:
        from dossier.failure import Kind

        if failure.kind is Kind.NETWORK or failure.code in _WITHOUT_ANSWER:
            self.host_ok = False
            self.changed.emit("host")
