"""The codes of a card: the last try is never spent unasked, a new PIN, a blocked card that works again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from journey_parts import own_readers
from test_command_line import Terminal, complaint

from connectors import output
from connectors.answers import Answers
from connectors.console_user import ConsoleUser
from cps_bridge.workflows import user as words
from dossier.failure import Cancelled, Failure

CARD_FILE = """
card = "professional"
kind = "CPS"
serial = "99000077"

[holder]
id = "899700000161"
family_name = "LECOQ"
given_name = "Anne"
title = "Médecin"
profession = "10"
specialty = "SM26"

[pin]
code = "4321"
tries_left = {left}

[[activities]]
number = 1
sector = "SA07"
structure = {{ id = "499700000161001", name = "Cabinet Lecoq" }}
"""


def pipe(*lines: bytes) -> int:
    """Give a descriptor from which these lines can be read."""
    reading, writing = os.pipe()
    os.write(writing, b"\n".join(lines) + b"\n")
    os.close(writing)
    return reading


def console(practice: Any, use_case: str, **given: Any) -> Any:
    """Do a use case of this practice as the command line does, its answers coming from options."""
    user = ConsoleUser(Answers(**given), quiet=True)
    return user.follow(practice.house.run(use_case, user))


def code_of(practice: Any, use_case: str, **request: Any) -> str:
    with pytest.raises(Failure) as caught:
        practice.do(use_case, **request)
    return caught.value.code


def tries_left(practice: Any) -> int | None:
    return practice.do("card").card.pin.tries_left


def spend_two(practice: Any) -> None:
    practice.user.answers["AskPin"] = lambda question: bytearray(b"9999")
    assert [code_of(practice, "session") for _ in range(2)] == ["PIN_WRONG", "PIN_WRONG"]
    practice.user.answers["AskPin"] = lambda question: bytearray(b"1234")
    practice.user.asked.clear()


def test_the_last_try_is_refused_without_the_typed_words_then_accepted_with_them(practice: Any) -> None:
    practice.insert(0, "generaliste")
    spend_two(practice)
    practice.user.answers["ConfirmLastTry"] = "oui"
    with pytest.raises(Cancelled):
        practice.do("session")
    assert not practice.user.was_asked(words.AskPin)
    assert tries_left(practice) == 1
    practice.user.answers["ConfirmLastTry"] = "  dernier   Essai "
    assert practice.do("session").professional.family_name == "MARTIN"
    assert tries_left(practice) == 3


def test_one_wrong_pin_ends_the_use_case_and_is_never_tried_again(practice: Any) -> None:
    practice.insert(0, "generaliste")
    practice.user.answers["AskPin"] = lambda question: bytearray(b"9999")
    assert code_of(practice, "session") == "PIN_WRONG"
    assert sum(isinstance(question, words.AskPin) for question in practice.user.asked) == 1
    assert tries_left(practice) == 2


def test_a_blocked_card_is_told_before_anybody_types_a_code(practice: Any) -> None:
    practice.insert(0, "generaliste")
    spend_two(practice)
    practice.user.answers |= {"AskPin": lambda q: bytearray(b"9999"), "ConfirmLastTry": lambda q: q.word}
    assert code_of(practice, "session") == "PIN_BLOCKED"
    practice.user.asked.clear()
    assert code_of(practice, "session") == "PIN_BLOCKED"
    assert practice.user.asked == []


def test_a_pin_that_the_person_changed_opens_the_next_session(practice: Any) -> None:
    practice.insert(0, "generaliste")
    practice.user.answers["AskNewPin"] = lambda question: bytearray(b"2468")
    assert practice.do("change-pin").pin.tries_left == 3
    (asked,) = (question for question in practice.user.asked if isinstance(question, words.AskPin))
    assert asked.purpose == "change"
    assert code_of(practice, "session") == "PIN_WRONG"
    practice.user.answers["AskPin"] = lambda question: bytearray(b"2468")
    assert practice.do("session").professional.family_name == "MARTIN"


def test_codes_are_wiped_and_the_journal_says_what_was_done_without_them(practice: Any) -> None:
    practice.insert(0, "generaliste")
    old, new = bytearray(b"1234"), bytearray(b"2468")
    practice.user.answers |= {"AskPin": lambda question: old, "AskNewPin": lambda question: new}
    practice.do("change-pin")
    assert (bytes(old), bytes(new)) == (bytes(4), bytes(4))
    old[:], new[:] = b"9999", b"1357"
    assert code_of(practice, "change-pin") == "PIN_WRONG"
    lines = [entry for entry in practice.do("journal") if entry.action == "change-pin"]
    assert [(line.outcome, line.professional) for line in lines] == [
        ("done", "899700000021"),
        ("PIN_WRONG", "899700000021"),
    ]
    said = [(line.action, line.mode, line.reason, line.outcome, line.subject, line.structure) for line in lines]
    assert not any(code in str(said) for code in ("1234", "2468", "9999", "1357"))


def test_giving_up_the_new_pin_wipes_the_present_one(practice: Any) -> None:
    practice.insert(0, "generaliste")
    old = bytearray(b"1234")

    def give_up(question: words.AskNewPin) -> bytearray:
        raise Cancelled

    practice.user.answers |= {"AskPin": lambda question: old, "AskNewPin": give_up}
    with pytest.raises(Cancelled):
        practice.do("change-pin")
    assert bytes(old) == bytes(4)
    assert tries_left(practice) == 3


def test_changing_the_pin_ends_the_open_session_of_that_card(practice: Any) -> None:
    practice.open("generaliste")
    practice.user.answers["AskNewPin"] = lambda question: bytearray(b"2468")
    practice.do("change-pin")
    assert (practice.house.session, practice.house.ended_because) == (None, "lock")
    practice.user.answers["AskPin"] = lambda question: bytearray(b"2468")
    assert practice.do("session").professional.family_name == "MARTIN"


def test_a_blocked_card_is_unblocked_with_its_code_and_works_again(practice: Any) -> None:
    practice.insert(0, "generaliste")
    spend_two(practice)
    practice.user.answers |= {"AskPin": lambda q: bytearray(b"9999"), "ConfirmLastTry": lambda q: q.word}
    assert code_of(practice, "session") == "PIN_BLOCKED"
    practice.user.answers |= {
        "AskUnblockingCode": lambda question: bytearray(b"00000000"),
        "AskNewPin": lambda question: bytearray(b"2468"),
    }
    assert code_of(practice, "unblock-pin") == "PUK_WRONG"
    practice.user.answers["AskUnblockingCode"] = lambda question: bytearray(b"87654321")
    assert practice.do("unblock-pin").pin.tries_left == 3
    practice.user.answers["AskPin"] = lambda question: bytearray(b"2468")
    assert practice.do("session").professional.family_name == "MARTIN"


def test_the_last_try_of_the_unblocking_code_is_asked_for_too(practice: Any) -> None:
    practice.insert(0, "generaliste")
    practice.user.answers |= {
        "AskUnblockingCode": lambda question: bytearray(b"00000000"),
        "AskNewPin": lambda question: bytearray(b"2468"),
    }
    while practice.do("card").card.pin.unblocking_tries_left not in (1, None):
        assert code_of(practice, "unblock-pin") == "PUK_WRONG"
    with pytest.raises(Cancelled):
        practice.do("unblock-pin")
    assert practice.user.asked[-1] == words.ConfirmLastTry("Claire MARTIN", "DERNIER ESSAI", "puk")


def test_where_codes_are_typed_on_the_reader_only_none_is_changed_by_the_keyboard(make_practice: Any) -> None:
    from cps_bridge.storage.settings import Settings

    practice = make_practice(settings=Settings(pin_entry="pinpad"))
    practice.insert(0, "generaliste")
    assert code_of(practice, "change-pin") == "PIN_CHANGE_ON_PAD"
    assert code_of(practice, "session") == "PIN_PAD_MISSING"
    assert practice.user.asked == []


def test_a_card_that_is_not_valid_yet_costs_no_try(make_practice: Any, tmp_path: Path) -> None:
    practice = make_practice()
    path = tmp_path / "neuve.toml"
    path.write_text(CARD_FILE.format(left=3) + "[certificates]\nvalid_from = 2090-01-01\nexpires = 2093-01-01\n")
    practice.insert(0, str(path))
    with pytest.raises(Failure, match="CARD_NOT_YET_VALID") as caught:
        practice.do("session")
    assert "01/01/2090" in caught.value.sentence()
    assert practice.user.asked == []


def test_people_read_the_card_in_plain_french(practice: Any) -> None:
    practice.insert(0, "medecin-perime")
    (told,) = output.text_lines("card", practice.do("card"))
    assert ", carte de test" in told and "essais restants : 3" in told
    assert "Certificat de signature : expiré depuis le" in told
    assert "Situations d'exercice : lues après le code porteur" in told
    practice.insert(0, "pharmacien-reel")
    (told,) = output.text_lines("card", practice.do("card"))
    assert ", carte réelle" in told


@pytest.fixture
def terminal(tmp_path: Path, authority_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    own_readers(monkeypatch)
    (tmp_path / "authority").symlink_to(authority_dir)
    return Terminal(tmp_path)


def card_file(directory: Path, left: int) -> str:
    path = directory / "lecoq.toml"
    path.write_text(CARD_FILE.format(left=left))
    return str(path)


def test_a_program_confirms_the_last_try_by_an_option(terminal: Terminal) -> None:
    card = card_file(terminal.directory, 1)
    for missing in ((), ("--last-try", "oui"), ("--last-try", "")):
        refused = terminal.run("session", *missing, cps=card, pin=b"4321")
        assert (refused.returncode, complaint(refused)["failure"]) == (4, "LAST_TRY_UNCONFIRMED")
        assert "peut être le dernier" in complaint(refused)["sentence"]
    opened = terminal.run("session", "--last-try", "DERNIER ESSAI", cps=card, pin=b"4321")
    assert opened.returncode == 0, opened.stderr
    assert json.loads(opened.stdout)["professional"]["family_name"] == "LECOQ"


def test_the_card_is_shown_without_its_pin_and_its_situations_only_after_it(terminal: Terminal) -> None:
    card = card_file(terminal.directory, 2)
    done = terminal.run("card", cps=card, pin=b"")
    shown = json.loads(done.stdout)
    assert (shown["model"], shown["is_test"], shown["activities"]) == ("CPS3", True, None)
    assert (shown["professional"]["family_name"], shown["pin"]["tries_left"]) == ("LECOQ", 2)
    assert [(each["use"], each["validity"], each["chain"]) for each in shown["certificates"]] == [
        ("authentication", "valable", "complete"),
        ("signature", "valable", "complete"),
    ]
    told = json.loads(terminal.run("card", "--with-activities", cps=card, pin=b"4321").stdout)
    assert [each["structure"]["name"] for each in told["activities"]] == ["Cabinet Lecoq"]


def test_a_program_changes_and_unblocks_a_pin_by_descriptors(practice: Any) -> None:
    practice.insert(0, "generaliste")
    changed = console(practice, "change-pin", pin_fd=pipe(b"1234"), new_pin_fd=pipe(b"2468"))
    assert changed.pin.tries_left == 3
    opened = console(practice, "session", pin_fd=pipe(b"2468"), activity=1)
    assert opened.professional.family_name == "MARTIN"
    console(practice, "unblock-pin", puk_fd=pipe(b"87654321"), new_pin_fd=pipe(b"1357"))
    assert console(practice, "session", pin_fd=pipe(b"1357")).activity == opened.activity


@pytest.mark.parametrize(("command", "option"), [("change-pin", "--new-pin-fd"), ("unblock-pin", "--puk-fd")])
def test_a_code_that_is_missing_is_told_by_its_option(terminal: Terminal, command: str, option: str) -> None:
    done = terminal.run(command)
    assert (done.returncode, complaint(done)["failure"]) == (2, "ANSWER_MISSING")
    assert option in complaint(done)["sentence"]


@pytest.mark.parametrize("words", [("--new-pin", "2468"), ("--puk", "87654321"), ("--pin", "1234")])
def test_no_code_is_ever_an_argument(terminal: Terminal, words: tuple[str, str]) -> None:
    done = terminal.run("change-pin", *words)
    assert done.returncode == 2
    assert words[1] not in done.stderr
