"""A question blocks its worker until it is answered, given up or taken back."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from cps_bridge.workflows.user import AskPin, Progress
from dossier.failure import Cancelled, Failure
from gui.user import Pending, QtUser


class Desk:
    def __init__(self) -> None:
        self.asked: list[Pending] = []
        self.told: list[object] = []
        self.arrived = threading.Event()
        self.user = QtUser(self._asked, self.told.append)

    def _asked(self, pending: Pending) -> None:
        self.asked.append(pending)
        self.arrived.set()

    def ask(self, pool: ThreadPoolExecutor) -> Future[object]:
        future = pool.submit(self.user.ask, AskPin("Paul MERCIER", 3))
        assert self.arrived.wait(10)
        return future


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def pool() -> object:
    with ThreadPoolExecutor(1) as made:
        yield made


def test_the_answer_goes_to_the_one_who_asked(desk: Desk, pool: ThreadPoolExecutor) -> None:
    future = desk.ask(pool)
    assert not future.done()
    assert desk.asked[0].answer("oui")
    assert future.result(10) == "oui"


def test_giving_up_raises_cancelled_in_the_worker(desk: Desk, pool: ThreadPoolExecutor) -> None:
    future = desk.ask(pool)
    desk.user.cancel()
    with pytest.raises(Cancelled):
        future.result(10)


def test_a_card_that_left_raises_its_failure_in_the_worker(desk: Desk, pool: ThreadPoolExecutor) -> None:
    future = desk.ask(pool)
    desk.user.interrupt(Failure("CARD_REMOVED"))
    with pytest.raises(Failure, match="CARD_REMOVED"):
        future.result(10)


def test_a_late_answer_changes_nothing(desk: Desk, pool: ThreadPoolExecutor) -> None:
    future = desk.ask(pool)
    desk.user.cancel()
    assert not desk.asked[0].answer("trop tard")
    with pytest.raises(Cancelled):
        future.result(10)


def test_after_giving_up_no_later_question_is_put(desk: Desk, pool: ThreadPoolExecutor) -> None:
    desk.user.cancel()
    with pytest.raises(Cancelled):
        pool.submit(desk.user.ask, AskPin("Paul MERCIER", 3)).result(10)
    assert desk.asked == []


def test_an_answer_is_not_kept_after_it_was_given(desk: Desk, pool: ThreadPoolExecutor) -> None:
    future = desk.ask(pool)
    desk.asked[0].answer(bytearray(b"1234"))
    future.result(10)
    assert desk.asked[0]._answer is None


def test_news_pass_without_waiting(desk: Desk) -> None:
    desk.user.tell(Progress(1, 2))
    assert desk.told == [Progress(1, 2)]
