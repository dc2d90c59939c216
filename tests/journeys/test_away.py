"""Chapters seven and eight: the host goes away, a card goes away."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cps_bridge.storage.outbox import State
from cps_bridge.workflows import user as words
from dossier.failure import Failure

REPORT = "11488-4"


def documents_at_host(practice: Any, patient: str) -> list[Any]:
    return list(practice.simulation.host.operate("documents", patient=patient))


def shown(practice: Any) -> list[str]:
    return [entry.title for entry in practice.do("list")]


def test_a_host_that_dies_after_keeping_a_lot_leaves_it_uncertain_then_once(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    fault = {"transaction": "TD2.1", "when": "after_commit", "effect": "exit", "times": 1}
    practice.simulation.host.operate("faults", fault)
    assert practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Consultation").state is State.UNKNOWN
    practice.simulation.host.wait_until_dead()
    practice.simulation.host.start()
    (item,) = practice.do("send")
    assert (item.state, item.code) == (State.DONE, "FOUND_AT_HOST")
    assert shown(practice) == ["Consultation"]


def test_a_host_that_dies_before_keeping_a_lot_gets_it_again_once(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    fault = {"transaction": "TD2.1", "when": "before_commit", "effect": "exit", "times": 1}
    practice.simulation.host.operate("faults", fault)
    assert practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Consultation").state is State.UNKNOWN
    practice.simulation.host.wait_until_dead()
    assert practice.do("send")[0].state is State.UNKNOWN
    practice.simulation.host.start()
    assert practice.do("send")[0].state is State.DONE
    assert shown(practice) == ["Consultation"]


def test_who_may_not_read_settles_by_sending_the_same_bytes(practice: Any) -> None:
    practice.consult("generaliste-port", "paul")
    fault = {"transaction": "TD2.1", "when": "after_commit", "effect": "drop", "times": 1}
    practice.simulation.host.operate("faults", fault)
    assert practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Consultation").state is State.UNKNOWN
    assert practice.do("send")[0].state is State.DONE
    practice.do("authorise")
    assert shown(practice) == ["Consultation"]


def test_a_cps_pulled_during_a_deposit_stops_it(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    ended = threading.Event()
    practice.house.subscribe(lambda event: ended.set() if practice.house.session is None else None)

    def pull(question: words.ConfirmDeposit) -> bool:
        practice.simulation.remove(0)
        assert ended.wait(30)
        return True

    practice.user.answers["ConfirmDeposit"] = pull
    with pytest.raises(Failure) as caught:
        practice.do("deposit", path=practice.pdf(), type_code=REPORT)
    assert caught.value.code == "CARD_REMOVED"
    assert (practice.house.session, practice.house.patient) == (None, None)
    assert practice.house.outbox.items() == ()


def test_another_vitale_between_reading_and_deposit_stops_the_deposit(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    left = threading.Event()
    practice.house.subscribe(lambda event: left.set() if practice.house.patient is None else None)

    def swap(question: words.ConfirmDeposit) -> bool:
        practice.simulation.insert(1, "paul")
        assert left.wait(30)
        return True

    practice.user.answers["ConfirmDeposit"] = swap
    with pytest.raises(Failure) as caught:
        practice.do("deposit", path=practice.pdf(), type_code=REPORT)
    assert caught.value.code == "PATIENT_CHANGED"
    assert practice.house.outbox.items() == ()


def test_a_vitale_changed_too_fast_for_the_reader_to_tell_is_found_out(practice: Any) -> None:
    practice.consult("generaliste", "jean")

    def swap(question: words.ConfirmDeposit) -> bool:
        practice.simulation.remove(1)
        practice.simulation.insert(1, "paul")
        return True

    practice.user.answers["ConfirmDeposit"] = swap
    with pytest.raises(Failure) as caught:
        practice.do("deposit", path=practice.pdf(), type_code=REPORT)
    assert caught.value.code == "PATIENT_CHANGED"
    assert practice.house.outbox.items() == ()


def test_another_vitale_is_found_out_even_before_the_readers_have_told_of_it(
    practice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.consult("generaliste", "jean")

    def swap(question: words.ConfirmDeposit) -> bool:
        # Told too late: the thread that watches the readers has not run yet.
        monkeypatch.setattr(practice.house.desk, "cards_changed", lambda slots: None)
        practice.simulation.remove(1)
        practice.simulation.insert(1, "paul")
        return True

    practice.user.answers["ConfirmDeposit"] = swap
    with pytest.raises(Failure) as caught:
        practice.do("deposit", path=practice.pdf(), type_code=REPORT)
    assert caught.value.code == "PATIENT_CHANGED"
    assert practice.house.outbox.items() == ()


def test_a_vitale_taken_away_in_sight_leaves_the_deposit_possible(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    practice.remove(1)
    assert practice.do("deposit", path=practice.pdf(), type_code=REPORT).state is State.DONE


def test_the_pin_is_asked_once_and_again_only_after_the_card_left(practice: Any) -> None:
    practice.open("generaliste")
    practice.do("session")
    practice.do("session")
    assert sum(isinstance(question, words.AskPin) for question in practice.user.asked) == 1
    practice.remove(0)
    practice.open("generaliste")
    assert sum(isinstance(question, words.AskPin) for question in practice.user.asked) == 2


def test_locking_ends_session_and_patient(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    practice.house.lock()
    assert (practice.house.session, practice.house.patient) == (None, None)
    with pytest.raises(Failure) as caught:
        practice.do("list")
    assert caught.value.code == "SESSION_NEEDED"
