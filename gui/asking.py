"""Where questions are put: in the page that started the work, or over the window, one at a time."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from gui.flows import Flows
from gui.jobs import Job
from gui.pieces.overlay import Overlay
from gui.questions.catalogue import panel_for
from gui.questions.panel import QuestionPanel
from gui.questions.pin import PinPanel
from gui.stage import Stage
from gui.user import Pending


class Asking(QObject):
    """Makes a panel for each pending question, takes the answer back, and clears panels whose job ended."""

    def __init__(self, stage: Stage, flows: Flows, over: QWidget) -> None:
        super().__init__(stage)
        self._stage, self._flows = stage, flows
        self.overlay = Overlay(over, "overlay")
        self.overlay.escaped.connect(self._escape)
        self._waiting: deque[tuple[Job, Pending, QuestionPanel]] = deque()
        self._over: tuple[Job, Pending] | None = None
        self._embedded: dict[Job, QuestionPanel] = {}
        stage.jobs.asked.connect(self._asked)

    def _asked(self, job: Job, pending: Pending) -> None:
        panel = panel_for(pending.question)
        if isinstance(panel, PinPanel) and self._flows.pin_notice is not None:
            panel.message.say_failure(self._flows.pin_notice)
            self._flows.pin_notice = None
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

    def _next(self) -> None:
        if self._over is not None or not self._waiting:
            return
        job, pending, panel = self._waiting.popleft()
        if not pending.is_open():
            panel.deleteLater()
            self._next()
            return
        self._over = (job, pending)
        self.overlay.show_content(panel)

    def _answered(self, job: Job, pending: Pending, value: object) -> None:
        self._take_away(job)
        pending.answer(value)

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
        if self._over is not None and self._over[0] is job:
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
