"""What happens beside a use case while it runs: files that change, other programs, PINs that are wrong."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from filelock import FileLock
from journey_parts import PDF

from cps_bridge.storage.outbox import State
from cps_bridge.workflows import user as words
from dossier.failure import Failure

REPORT = "11488-4"


def code_of(practice: Any, use_case: str, **request: Any) -> str:
    with pytest.raises(Failure) as caught:
        practice.do(use_case, **request)
    return caught.value.code


@pytest.mark.parametrize("after", [PDF.replace(b"200 200", b"210 297"), PDF + b"\n", PDF[:60], b""])
def test_a_file_that_changes_after_its_check_is_never_sent(practice: Any, after: bytes) -> None:
    practice.consult("generaliste", "jean")
    path = practice.pdf()

    def change(question: words.ConfirmDeposit) -> bool:
        path.write_bytes(after)
        return True

    practice.user.answers["ConfirmDeposit"] = change
    assert code_of(practice, "deposit", path=path, type_code=REPORT) == "DOCUMENT_CHANGED"
    assert practice.house.outbox.items() == ()
    assert practice.do("list") == ()


def test_a_file_that_vanishes_after_its_check_is_told(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    path = practice.pdf()

    def vanish(question: words.ConfirmDeposit) -> bool:
        path.unlink()
        return True

    practice.user.answers["ConfirmDeposit"] = vanish
    assert code_of(practice, "deposit", path=path, type_code=REPORT) == "DOCUMENT_UNREADABLE"
    assert practice.house.outbox.items() == ()


def test_a_deposit_beside_another_program_that_sends_is_kept_and_leaves_later_once(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    with FileLock(practice.directory / "outbox.lock"):
        item = practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Consultation")
        assert item.state is State.QUEUED
        assert code_of(practice, "send") == "OUTBOX_BUSY"
    assert [each.state for each in practice.do("send")] == [State.DONE]
    assert [entry.title for entry in practice.do("list")] == ["Consultation"]


def test_a_card_that_leaves_once_the_lot_is_frozen_leaves_it_to_be_sent_once(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    ended = threading.Event()
    practice.house.subscribe(lambda event: ended.set() if practice.house.session is None else None)
    tell = practice.user.tell

    def pull(news: words.News) -> None:
        tell(news)
        if news == words.Step("send"):
            practice.simulation.remove(0)
            assert ended.wait(30)

    practice.user.tell = pull
    item = practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Consultation")
    assert item.state is State.QUEUED
    practice.user.tell = tell
    practice.consult("generaliste", "jean")
    assert [each.state for each in practice.do("send")] == [State.DONE]
    assert [entry.title for entry in practice.do("list")] == ["Consultation"]


def test_two_use_cases_that_send_at_once_keep_one_document(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    fault = {"transaction": "TD2.1", "when": "after_commit", "effect": "delay", "seconds": 1, "times": 1}
    practice.simulation.host.operate("faults", fault)
    under_way = threading.Event()
    tell = practice.user.tell
    practice.user.tell = lambda news: (tell(news), under_way.set() if news == words.Step("send") else None)
    request = {"path": practice.pdf(), "type_code": REPORT, "title": "Consultation"}
    deposit = practice.house.run("deposit", practice.user, **request)
    assert under_way.wait(60)
    others = [practice.house.run("send", practice.user) for _ in range(2)]
    assert deposit.result(120).state is State.DONE
    assert [each.result(120) for each in others]
    (item,) = practice.house.outbox.items()
    assert (item.state, item.attempts) == (State.DONE, 1)
    assert [entry.title for entry in practice.do("list")] == ["Consultation"]


def test_a_wrong_pin_is_shown_to_the_card_once_and_three_block_it(practice: Any) -> None:
    practice.insert(0, "generaliste")
    tries: list[int] = []

    def wrong(question: words.AskPin) -> bytearray:
        tries.append(question.tries_left)
        return bytearray(b"9999")

    practice.user.answers |= {"AskPin": wrong, "ConfirmLastTry": lambda question: question.word}
    assert [code_of(practice, "session") for _ in range(3)] == ["PIN_WRONG", "PIN_WRONG", "PIN_BLOCKED"]
    assert tries == [3, 2, 1]
    practice.user.answers["AskPin"] = lambda question: bytearray(b"1234")
    assert code_of(practice, "session") == "PIN_BLOCKED"
    assert practice.house.session is None
