"""The practice situation is chosen once per card, remembered, and forgotten when the card no longer holds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from journey_parts import own_readers
from test_card_codes import card_file
from test_command_line import Terminal

from cps_bridge.workflows import user as words

CANAL = "Centre de santé du Canal"
LILAS = "Cabinet des Lilas"


def times_asked(practice: Any) -> int:
    return sum(isinstance(question, words.ChooseActivity) for question in practice.user.asked)


def choose(practice: Any, name: str) -> None:
    practice.user.answers["ChooseActivity"] = lambda question: next(
        each for each in question.activities if each.structure.name == name
    )


def test_of_situations_that_are_not_contiguous_on_the_card_the_chosen_one_is_remembered(practice: Any) -> None:
    choose(practice, CANAL)
    first = practice.open("generaliste").activity
    assert (first.structure.name, first.sector) == (CANAL, "SA05")
    practice.house.lock()
    practice.remove(0)
    assert practice.open("generaliste").activity == first
    assert times_asked(practice) == 1


def test_each_card_has_its_own_choice(practice: Any) -> None:
    choose(practice, CANAL)
    practice.open("generaliste")
    assert practice.open("pharmacien").activity.structure.name == "Pharmacie des Tilleuls"
    assert practice.open("generaliste").activity.structure.name == CANAL


def test_asking_anew_changes_the_open_session_without_its_pin(practice: Any) -> None:
    choose(practice, CANAL)
    practice.consult("generaliste", "jean")
    choose(practice, LILAS)
    again = practice.do("session", choose_activity=True)
    assert (again.activity.structure.name, again.activity.sector) == (LILAS, "SA08")
    assert practice.house.session is again
    assert practice.house.patient is None
    assert sum(isinstance(question, words.AskPin) for question in practice.user.asked) == 1
    practice.meet("jean")
    assert practice.do("dossier").is_attending_doctor
    practice.house.lock()
    assert practice.do("session").activity == again.activity


def test_a_choice_that_the_card_no_longer_holds_is_forgotten_and_asked_again(practice: Any) -> None:
    choose(practice, CANAL)
    session = practice.open("generaliste")
    gone = session.activity.__class__(session.activity.structure, "SA07")
    practice.house.desk.choices.remember(session.card.serial, gone)
    practice.house.lock()
    choose(practice, LILAS)
    assert practice.do("session").activity.structure.name == LILAS
    assert times_asked(practice) == 2


@pytest.fixture
def terminal(tmp_path: Path, authority_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    own_readers(monkeypatch)
    (tmp_path / "authority").symlink_to(authority_dir)
    return Terminal(tmp_path)


TWO_MORE = """
[[activities]]
number = 7
sector = "SA05"
structure = { id = "399900000300015", name = "Centre de santé du Canal" }
"""


def test_the_command_line_chooses_by_number_and_remembers(terminal: Terminal) -> None:
    card = card_file(terminal.directory, 3)
    Path(card).write_text(Path(card).read_text("utf-8") + TWO_MORE, "utf-8")

    def structure(*options: str) -> Any:
        done = terminal.bare("session", *options, cps=card, pin=b"4321")
        return json.loads(done.stdout)["activity"]["structure"]["name"] if done.returncode == 0 else done.returncode

    assert structure() == 2
    assert structure("--activity", "2") == CANAL
    assert structure() == CANAL
    assert structure("--choose-activity") == 2
    assert structure("--activity", "1") == "Cabinet Lecoq"
    assert structure() == "Cabinet Lecoq"
