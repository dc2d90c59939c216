"""The terminal asks for a card only when the card has to be put in."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.answers import Answers
from connectors.console_user import ConsoleUser
from cps_bridge.workflows.user import CardWanted
from dossier.failure import Failure
from dossier.professional import CardKind


def asked(practice: Any, capsys: pytest.CaptureFixture[str], kind: CardKind) -> str:
    ConsoleUser(Answers(), slots=practice.house.cards.settled_slots).tell(CardWanted(kind))
    return capsys.readouterr().err


def test_a_card_that_is_there_is_not_asked_for(practice: Any, capsys: pytest.CaptureFixture[str]) -> None:
    practice.insert(0, "secretaire")  # any professional's card answers for the one that is named
    practice.insert(1, "jean")
    assert asked(practice, capsys, CardKind.CPS) == asked(practice, capsys, CardKind.VITALE) == ""


def test_a_card_that_is_missing_is_asked_for(practice: Any, capsys: pytest.CaptureFixture[str]) -> None:
    practice.insert(1, "jean")
    assert asked(practice, capsys, CardKind.CPS) == "Carte attendue\u00a0: CPS\n"
    practice.remove(1)
    practice.insert(0, "generaliste")
    assert asked(practice, capsys, CardKind.VITALE) == "Carte attendue\u00a0: Vitale\n"


def test_readers_that_cannot_be_looked_at_leave_the_complaint_to_whoever_waits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def mute() -> Any:
        raise Failure("CARD_MUTE")

    ConsoleUser(Answers(), slots=mute).tell(CardWanted(CardKind.CPS))
    assert capsys.readouterr().err == "Carte attendue\u00a0: CPS\n"
