"""Four events end a session, and with it the card login, TLS sessions, tickets and whatever was being asked."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import user as words
from dossier.failure import Cancelled, Failure
from soap_clients import patients

MINUTES = 15


class HandClock:
    """Seconds that pass by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def card_left(practice: Any, clock: HandClock) -> None:
    practice.remove(0)
    practice.insert(0, "generaliste")


def locked(practice: Any, clock: HandClock) -> None:
    practice.house.lock()


def user_changed(practice: Any, clock: HandClock) -> None:
    practice.house.user_changed()


def idle(practice: Any, clock: HandClock) -> None:
    clock.now += MINUTES * 60 + 1
    practice.house.touch()
    practice.wait(lambda: practice.house.session is None)


EVENTS = [(card_left, "card"), (locked, "lock"), (user_changed, "user"), (idle, "idle")]
End = Callable[[Any, HandClock], None]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def practice(make_practice: Any, clock: HandClock) -> Any:
    return make_practice(settings=Settings(idle_minutes=MINUTES), tick=clock)


def handshakes(caplog: pytest.LogCaptureFixture) -> list[bool]:
    """Tell of each TLS handshake since the last look whether it resumed a session."""
    found = [record.args[0] for record in caplog.records if record.msg.startswith("tls handshake")]
    caplog.clear()
    return found


@pytest.mark.parametrize(("event", "because"), EVENTS)
def test_after_the_event_the_next_call_needs_the_pin_and_a_full_handshake(
    practice: Any, clock: HandClock, caplog: pytest.LogCaptureFixture, event: End, because: str
) -> None:
    caplog.set_level(logging.INFO, "soap_clients")
    practice.consult("generaliste", "jean")
    host, ins = practice.house.session.host, practice.house.patient.ins
    assert handshakes(caplog)[0] is False
    event(practice, clock)
    assert (practice.house.session, practice.house.patient) == (None, None)
    assert practice.house.ended_because == because
    with pytest.raises(Failure) as closed:
        patients.existence(host, ins)
    assert closed.value.code in ("HOST_SESSION_CLOSED", "PIN_REQUIRED", "CARD_REMOVED")
    with pytest.raises(Failure) as needed:
        practice.do("dossier")
    assert needed.value.code == "SESSION_NEEDED"
    practice.user.asked.clear()
    practice.do("session")
    assert practice.user.was_asked(words.AskPin)
    assert practice.house.ended_because == ""
    practice.meet("jean")
    practice.do("dossier")
    assert handshakes(caplog)[0] is False


@pytest.mark.parametrize(("event", "because"), EVENTS[1:])
def test_the_event_drops_the_login_of_a_card_that_stays(
    practice: Any, clock: HandClock, event: End, because: str
) -> None:
    epoch = practice.open("generaliste").epoch
    assert practice.house.cards.read_activities(epoch)
    event(practice, clock)
    with pytest.raises(Failure) as caught:
        practice.house.cards.read_activities(epoch)
    assert caught.value.code == "PIN_REQUIRED"


class SlowUser:
    """Answers a PIN question only after something else has happened."""

    def __init__(self, happens: Callable[[], None]) -> None:
        self.pin = bytearray(b"1234")
        self._happens = happens

    def ask(self, question: Any) -> Any:
        self._happens()
        return self.pin

    def tell(self, news: words.News) -> None:
        pass


@pytest.mark.parametrize("event", [card_left, locked, user_changed])
def test_a_code_that_is_being_typed_is_given_up_and_wiped(practice: Any, clock: HandClock, event: End) -> None:
    practice.insert(0, "generaliste")
    user = SlowUser(lambda: event(practice, clock))
    with pytest.raises((Cancelled, Failure)):
        practice.do("session", user)
    assert bytes(user.pin) == bytes(4)
    assert practice.house.session is None
    assert practice.do("card").card.pin.tries_left == 3


def test_a_question_left_open_for_too_long_is_taken_back(practice: Any, clock: HandClock) -> None:
    practice.consult("generaliste", "jean")
    asked, taken_back = threading.Event(), threading.Event()

    class LeavingUser(SlowUser):
        def ask(self, question: Any) -> Any:
            asked.set()
            assert taken_back.wait(30)
            raise Cancelled

        def interrupt(self, error: Exception) -> None:
            taken_back.set()

    work = practice.house.run("deposit", LeavingUser(lambda: None), path=practice.pdf(), type_code="11488-4")
    assert asked.wait(30)
    clock.now += MINUTES * 60 + 1
    practice.house.touch()
    with pytest.raises(Cancelled):
        work.result(60)
    practice.wait(lambda: practice.house.session is None)
    assert practice.house.ended_because == "idle"
    assert practice.house.outbox.items() == ()


def test_a_use_case_at_work_is_no_absence(practice: Any, clock: HandClock) -> None:
    practice.open("generaliste")
    told, go_on = threading.Event(), threading.Event()

    class WorkingUser(SlowUser):
        def tell(self, news: words.News) -> None:
            told.set()
            assert go_on.wait(30)

    practice.meet("jean")
    practice.do("dossier")
    user = WorkingUser(lambda: None)
    user.pin = True  # type: ignore[assignment]
    work = practice.house.run("deposit", user, path=practice.pdf(), type_code="11488-4")
    assert told.wait(60)
    clock.now += MINUTES * 60 + 1
    practice.house.touch()
    go_on.set()
    assert work.result(60).state.name == "DONE"
    assert practice.house.session is not None


def test_a_computer_that_slept_wakes_without_a_session(practice: Any, clock: HandClock) -> None:
    practice.consult("generaliste", "jean")
    clock.now += 8 * 3600
    with pytest.raises(Failure) as caught:
        practice.do("dossier")
    assert caught.value.code == "SESSION_NEEDED"
    assert practice.house.ended_because == "idle"


def test_locking_ends_the_wait_for_a_card(practice: Any) -> None:
    practice.open("generaliste")
    waiting = threading.Event()

    class WaitingUser(SlowUser):
        def tell(self, news: words.News) -> None:
            waiting.set()

    work = practice.house.run("patient", WaitingUser(lambda: None))
    assert waiting.wait(30)
    practice.house.lock()
    with pytest.raises(Cancelled):
        work.result(60)


def test_a_session_that_was_opening_while_the_desk_was_locked_does_not_begin(practice: Any) -> None:
    desk = practice.house.desk
    make_host = desk.make_host

    def lock_first(*arguments: Any) -> Any:
        practice.house.lock()
        return make_host(*arguments)

    desk.make_host = lock_first
    practice.insert(0, "generaliste")
    with pytest.raises(Cancelled):
        practice.do("session")
    (epoch,) = practice.epochs()
    assert practice.house.session is None
    with pytest.raises(Failure) as caught:
        practice.house.cards.read_activities(epoch)
    assert caught.value.code == "PIN_REQUIRED"


def test_a_card_that_leaves_while_its_session_opens_leaves_no_session(practice: Any) -> None:
    desk = practice.house.desk
    make_host = desk.make_host

    def pull_first(*arguments: Any) -> Any:
        host = make_host(*arguments)
        practice.remove(0)
        return host

    desk.make_host = pull_first
    practice.insert(0, "generaliste")
    with pytest.raises(Failure) as caught:
        practice.do("session")
    assert (caught.value.code, practice.house.session) == ("CARD_REMOVED", None)


def test_giving_up_the_practice_situation_drops_the_login(practice: Any) -> None:
    def give_up(question: words.ChooseActivity) -> Any:
        raise Cancelled

    practice.user.answers["ChooseActivity"] = give_up
    practice.insert(0, "generaliste")
    with pytest.raises(Cancelled):
        practice.do("session")
    (epoch,) = practice.epochs()
    with pytest.raises(Failure) as caught:
        practice.house.cards.read_activities(epoch)
    assert caught.value.code == "PIN_REQUIRED"
