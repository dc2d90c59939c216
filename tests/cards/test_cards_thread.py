from __future__ import annotations

import threading

import pytest

from cps_bridge.cards.thread import CardThread, GivenUpError, Pulse
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


def test_a_job_that_gives_signs_of_life_may_last_longer_than_one_silence(release):
    cards, pulse = CardThread(limit=0.2), Pulse()

    def work():
        for _ in range(6):
            pulse.beat(10)
            release.wait(0.1)
        return "done"

    assert cards.run(work, pulse=pulse) == "done"
    cards.close()


def test_a_job_that_was_given_up_ends_at_its_next_sign_of_life(release):
    cards, pulse, ended = CardThread(limit=0.1), Pulse(), threading.Event()

    def work():
        release.wait()
        try:
            pulse.beat(10)
        except GivenUpError:
            ended.set()
            raise

    with pytest.raises(Failure):
        cards.run(work, pulse=pulse)
    assert pulse.given_up
    release.set()
    assert ended.wait(10)
    cards.close()


def test_what_is_known_by_then_may_be_told_of_a_job_that_is_given_up(release):
    cards = CardThread(limit=0.1)
    assert cards.run(release.wait, lambda: "known") == "known"
    cards.close()


def test_a_job_that_has_ended_is_never_given_up():
    pulse = Pulse()
    pulse.beat(-1)
    assert pulse.finish() and not pulse.expire()
    pulse = Pulse()
    pulse.beat(-1)
    assert pulse.expire() and not pulse.finish()
