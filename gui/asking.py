"""Where questions are put: in the page that started the work, or over the window, one at a time."""

from __future__ import annotations

from collections import deque
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from cps_bridge.workflows.user import PinOnReader, PinTyped
from gui.flows import Flows
from gui.jobs import Job
from gui.pieces.overlay import Overlay
from gui.questions.catalogue import panel_for
from gui.questions.identification import ApplicationPanel, DatamatrixPanel
from gui.questions.panel import QuestionPanel
from gui.questions.pin import LastTryPanel, PinPanel, ReaderPanel
from gui.stage import Stage
from gui.user import Pending


class Asking(QObject):
    """Makes a panel for each pending question, takes the answer back, and clears panels whose job ended.

    While a code is typed on the reader, a panel that says so lies over the window in the place of a question.
    """

    def __init__(self, stage: Stage, flows: Flows, over: QWidget) -> None:
        super().__init__(stage)
        self._stage, self._flows = stage, flows
        self.overlay = Overlay(over, "overlay")
        self.overlay.escaped.connect(self._escape)
        self._waiting: deque[tuple[Job, Pending, QuestionPanel]] = deque()
        self._over: Job | None = None
        self._embedded: dict[Job, QuestionPanel] = {}
        stage.jobs.asked.connect(self._asked)
        stage.jobs.told.connect(self._told)

    def is_free(self) -> bool:
        """Whether nobody is being asked anything."""
        return self._over is None and not self._embedded and not self._waiting

    def take_scan(self, text: str) -> bool:
        """Give what a scanner typed to the question that waits for it; False when none does."""
        shown: list[Any] = [self.overlay.content(), *self._embedded.values()]
        for panel in shown:
            if isinstance(panel, DatamatrixPanel | ApplicationPanel):
                panel.take_scan(text)
                return True
        return False

    def _asked(self, job: Job, pending: Pending) -> None:
        panel = panel_for(pending.question)
        if isinstance(panel, PinPanel | LastTryPanel) and self._flows.pin_notice is not None:
            panel.message.say_failure(self._flows.pin_notice)
            self._flows.pin_notice = None
        if isinstance(panel, ApplicationPanel) and self._stage.house.simulation is not None:
            panel.simulated()
        panel.answered.connect(lambda value: self._answered(job, pending, value))
        panel.given_up.connect(lambda: self._given_up(job, panel))
        job.ended.connect(lambda: self._job_ended(job))
        place = self._stage.place_of(job)
        if place is not None:
            self._embedded[job] = panel
            place(panel)
        else:
            self._waiting.append((job, pending, panel))
            self._next()

    def _told(self, job: Job, news: object) -> None:
        if isinstance(news, PinOnReader) and self._over is None:
            self._over = job
            job.ended.connect(lambda: self._job_ended(job))
            self.overlay.show_content(ReaderPanel(news))
        elif isinstance(news, PinTyped) and self._over is job:
            self._take_away(job)

    def _next(self) -> None:
        if self._over is not None or not self._waiting:
            return
        job, pending, panel = self._waiting.popleft()
        if not pending.is_open():
            panel.deleteLater()
            self._next()
            return
        self._over = job
        self.overlay.show_content(panel)

    def _answered(self, job: Job, pending: Pending, value: object) -> None:
        self._take_away(job)
        if not pending.answer(value) and isinstance(value, bytearray):
            value[:] = bytes(len(value))  # nobody waits for this code any more

    def _given_up(self, job: Job, panel: QuestionPanel) -> None:
        panel.wipe()
        self._take_away(job)
        job.cancel()

    def _job_ended(self, job: Job) -> None:
        panel = self._embedded.get(job)
        if panel is not None:
            panel.wipe()
        self._take_away(job)

    def _take_away(self, job: Job) -> None:
        panel = self._embedded.pop(job, None)
        if panel is not None:
            panel.hide()
        if self._over is job:
            content = self.overlay.content()
            if isinstance(content, QuestionPanel):
                content.wipe()
            self._over = None
            self.overlay.clear()
        self._next()

    def _escape(self) -> None:
        content = self.overlay.content()
        if isinstance(content, QuestionPanel):
            content.give_up()
