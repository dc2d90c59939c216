"""The oracle: how a use case whose card went away may end, by the host's own books.

The books are read through the host's operator's door: which documents are in whose dossier, which dossiers exist and
how complete they are. It shares nothing with the client's idea of what happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from campaign_user import NEW_PIN, OLD_PIN

from card_sim import cast
from cps_bridge.storage.outbox import State

if TYPE_CHECKING:
    from campaign_hands import Blow, CodesSeen
    from campaign_practice import CampaignPractice, Scene

CPS, VITALE = 0, 1


@dataclass(frozen=True)
class Ended:
    """One run that came to its end: with an error, or with a result; before, codes: as they were when it began."""

    scene: Scene
    slot: int
    mode: str
    danger: Blow
    before: dict[str, list[str]]
    error: Exception | None
    result: Any
    by_the_clock: bool = False
    codes: dict[str, CodesSeen] = field(
        default_factory=dict
    )  # of the cards that may be in the reader, at the beginning


def judge(practice: CampaignPractice, run: Ended) -> str:
    """Give the outcome (done, not started, unknown and settled since); AssertionError for what must never be."""
    assert str(run.error or "") != "UNFORESEEN"
    _never_another_patient(practice, run)
    if run.danger.struck_at and run.slot == CPS:
        _nobody_works_with_an_absent_card(practice)
    after = practice.books()
    for key, documents in after.items():
        if key != run.scene.patient:
            assert documents == run.before[key], f"the books of {key} changed"
    added = [each for each in after[run.scene.patient] if each not in run.before[run.scene.patient]]
    if run.scene.documents:
        return _judge_lot(practice, run, added)
    assert not added
    if run.scene.use_case in ("change-pin", "unblock-pin"):
        return _judge_codes(practice, run)
    assert all(practice.hands.codes(name) == seen for name, seen in run.codes.items()), "a code or a counter changed"
    if run.scene.use_case == "create":
        return _judge_creation(practice, run)
    if run.scene.use_case == "open-account":
        return _judge_account(practice, run)
    return "done" if run.error is None else "not started"


def _never_another_patient(practice: CampaignPractice, run: Ended) -> None:
    """The patient on screen is the one of the card in the reader, or of the card that was read to its end.

    A card replaced after its last command is found out by the next one, before anything is committed.
    """
    on_screen = practice.house.patient
    if on_screen is None:
        return
    ins = on_screen.identity.ins
    assert ins is not None
    expected = {cast.patients()[run.scene.patient].ins}
    if run.scene.use_case == "patient" and run.error is None:
        card = cast.vitale_cards().get(practice.hands.held(VITALE))
        there = {one.patient.ins for one in card.beneficiaries} if card else set()
        after_the_end = practice.hands.real or run.by_the_clock or run.danger.count == run.danger.at
        expected = there | (expected if after_the_end or not card else set())
    assert ins.matricule in expected, "another patient is on screen"


def _nobody_works_with_an_absent_card(practice: CampaignPractice) -> None:
    house, people = practice.house, cast.professionals()
    practice.wait(lambda: house.session is None or house.cards.is_current(house.session.epoch))
    session = house.session
    if session is None:
        return
    shown = {question.holder for question in practice.user.pins}
    assert f"{session.professional.given_name} {session.professional.family_name}" in shown, "a session without its PIN"
    (key,) = [key for key, each in people.items() if each.id_nat == session.professional.id_nat]
    if key != practice.professional:
        assert key == practice.hands.held(CPS), "a session outlived its card"


def _judge_lot(practice: CampaignPractice, run: Ended, added: list[str]) -> str:
    """A lot is in the books whole, or nowhere: not begun, or waiting; and in the end it is there once."""
    items = [item for item in practice.house.outbox.items() if item.unique_id not in practice.settled]
    assert len(items) <= 1
    assert len(added) in (0, run.scene.documents), f"half a lot: {len(added)}"
    if not items:
        assert run.error is not None and not added
        return "not started"
    (item,) = items
    if item.state is State.DONE:
        assert added
        return "done"
    assert item.state in (State.UNKNOWN, State.QUEUED)
    before = len(run.before[run.scene.patient])  # the host may still be writing what the client no longer waits for
    practice.send_again()
    assert practice.house.outbox.item(item.id).state is State.DONE, "a lot that no sending settles"
    assert len(practice.books()[run.scene.patient]) == before + run.scene.documents, "not once"
    return "unknown"


def _judge_creation(practice: CampaignPractice, run: Ended) -> str:
    """A dossier is whole, or absent; what is missing of it was told, and the same desk completes it afterwards."""
    found = practice.host.operate("dossier", patient=run.scene.patient)
    if found["state"] == "absent":
        assert run.error is not None and not found["account"]
        return "not started"
    told = str(run.error or "")
    if found["account"] and told != "CREATED_ACCOUNT_UNKNOWN":
        missing = len(run.result.channels_missing) if run.result else 0
        assert len(found["channels"]) + missing >= len(practice.user.contacts), f"a channel is missing, told as {told}"
        return "done"
    assert told in ("CREATED_WITHOUT_ACCOUNT", "CREATED_ACCOUNT_UNKNOWN", "OUTCOME_UNKNOWN"), f"half-written: {told}"
    if not found["account"]:
        practice.finish_creation(run.scene)
        assert practice.host.operate("dossier", patient=run.scene.patient)["account"]
    return "unknown"


def _judge_account(practice: CampaignPractice, run: Ended) -> str:
    """An account is open and its sheets are there, or that is told as unknown; or there is no account."""
    account = practice.host.operate("dossier", patient=run.scene.patient)["account"]
    told = str(run.error or "")
    if run.error is None:
        assert account and run.result.secrets
        return "done"
    if told == "CREATED_ACCOUNT_UNKNOWN":
        return "unknown"
    assert not account, f"the only sheet of an account is lost, told as {told}"
    return "not started"


def _judge_codes(practice: CampaignPractice, run: Ended) -> str:
    """The PIN of the card whose holder was named is the old or the new one, and the answer says which, or says unknown.

    No try was spent; a card that was blocked is as it was, or works again; any other card is as it was.
    """
    shown = set(practice.user.holders[-1:]) if run.scene.begins_with_session else set(practice.user.holders)
    people = cast.professionals()
    named = [name for name in run.codes if f"{people[name].given_name} {people[name].family_name}" in shown]
    for name in run.codes.keys() - set(named):
        assert practice.hands.codes(name) == run.codes[name], "the codes of a card that was not named changed"
    if not named:
        assert run.error is not None
        return "not started"
    (name,) = named
    before, now, told = run.codes[name], practice.hands.codes(name), str(run.error or "")
    assert now.puk_left == before.puk_left
    assert now.pin in (OLD_PIN, NEW_PIN), "a third PIN"
    assert now.pin_left >= before.pin_left
    if run.error is None:
        assert (now.pin, now.pin_left) == (NEW_PIN, 3), "told as changed"
        return "done"
    if told == "PIN_CHANGE_UNKNOWN":
        if now.pin_left:
            assert practice.find_out_the_pin(name) == now.pin
        return "unknown"
    assert now == before, f"changed, but told as {told}"
    return "not started"
