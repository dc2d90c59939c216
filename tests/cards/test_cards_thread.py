from __future__ import annotations

import threading

import pytest

from cps_bridge.cards.thread import CardThread
from dossier.failure import Cancelled, Failure


@pytest.fixture
def release():
    event = threading.Event()
    yield event
    event.set()


def test_jobs_run_one_after_the_other_on_one_thread():
    cards = CardThread()
    names = [cards.run(threading.get_ident) for _ in range(5)]
    assert len(set(names)) == 1 and names[0] != threading.get_ident()
    cards.close()


def test_a_job_gives_its_exception_to_its_caller():
    cards = CardThread()
    with pytest.raises(ZeroDivisionError):
        cards.run(lambda: 1 // 0)
    assert cards.run(lambda: 7) == 7
    cards.close()


def test_the_card_thread_refuses_to_wait_for_itself():
    cards = CardThread()

    def nested():
        return cards.run(lambda: 1)

    with pytest.raises(Failure) as caught:
        cards.run(nested)
    assert caught.value.code == "WRONG_THREAD"
    cards.close()


def test_a_job_that_never_ends_is_a_mute_card_and_the_next_jobs_run(release):
    cards = CardThread(limit=0.1)
    stuck = cards.submit(release.wait)
    later = [cards.submit(lambda number=number: number) for number in range(3)]
    with pytest.raises(Failure) as caught:
        stuck.result(10)
    assert caught.value.code == "CARD_MUTE"
    assert [each.result(10) for each in later] == [0, 1, 2]
    cards.close()


def test_the_caller_may_say_what_lateness_means(release):
    cards = CardThread(limit=0.1)
    with pytest.raises(Failure) as caught:
        cards.run(release.wait, lambda: Failure("CARD_BUSY"))
    assert caught.value.code == "CARD_BUSY"
    cards.close()


def test_a_thread_that_was_given_up_ends_when_its_job_does(release):
    cards = CardThread(limit=0.1)
    threads = []

    def stuck():
        threads.append(threading.current_thread())
        release.wait()

    with pytest.raises(Failure):
        cards.run(stuck)
    release.set()
    threads[0].join(10)
    assert not threads[0].is_alive()
    cards.close()


def test_a_closed_thread_takes_no_job():
    cards = CardThread()
    cards.close()
    cards.close()
    with pytest.raises(Cancelled):
        cards.run(lambda: 1)


def test_jobs_queued_before_closing_are_finished(release):
    cards = CardThread()
    first = cards.submit(release.wait)
    second = cards.submit(lambda: 2)
    closer = threading.Thread(target=cards.close)
    closer.start()
    release.set()
    closer.join(10)
    assert first.result(10) and second.result(10) == 2
