"""A reader with keys of its own: the code never passes through this computer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from card_sim.authority import Authority
from card_sim.deck import Deck
from card_sim.reader import DEFAULT_NAMES, InProcessReaders
from cps_bridge.house import House
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import user as words
from dossier.failure import Cancelled, Failure


class PadDesk:
    """A house whose readers have keys; ``typed`` is what the person types next on them."""

    def __init__(self, house: House, user: Any, typed: list[bytes | None]) -> None:
        self.house, self.user, self.typed = house, user, typed

    def do(self, use_case: str) -> Any:
        return self.house.run(use_case, self.user).result(timeout=120)

    def code_of(self, use_case: str) -> str:
        with pytest.raises(Failure) as caught:
            self.do(use_case)
        return caught.value.code


MakeDesk = Callable[..., PadDesk]


@pytest.fixture
def make_desk(tmp_path: Path, authority_dir: Path, practice: Any) -> Iterator[MakeDesk]:
    houses: list[House] = []

    def make(pin_entry: str = "auto") -> PadDesk:
        typed: list[bytes | None] = []
        readers = InProcessReaders(pin_pad=lambda: typed.pop(0))
        readers.insert(DEFAULT_NAMES[0], Deck(Authority.open(authority_dir)).card("pharmacien"))
        directory = tmp_path / f"clavier-{len(houses)}"
        directory.mkdir()
        house = House(Settings(pin_entry=pin_entry), readers, directory, bytes(32), practice.simulation.address)
        houses.append(house)
        return PadDesk(house, type(practice.user)(), typed)

    yield make
    for each in houses:
        each.close()


@pytest.mark.parametrize("pin_entry", ["auto", "pinpad"])
def test_the_code_is_typed_on_the_reader_and_the_person_is_told_when(make_desk: MakeDesk, pin_entry: str) -> None:
    desk = make_desk(pin_entry)
    desk.typed.append(b"1234")
    assert desk.do("session").professional.family_name == "MERCIER"
    assert not desk.user.was_asked(words.AskPin)
    seen = [news for news in desk.user.news if isinstance(news, words.PinOnReader | words.PinTyped)]
    assert seen == [words.PinOnReader("Paul MERCIER", 3), words.PinTyped()]


def test_with_the_dialog_chosen_the_keys_of_the_reader_are_left_alone(make_desk: MakeDesk) -> None:
    desk = make_desk("dialog")
    assert desk.do("session").professional.family_name == "MERCIER"
    assert desk.user.was_asked(words.AskPin)


def test_a_wrong_code_on_the_reader_is_not_asked_again_by_itself(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.typed += [b"9999", b"1234"]
    assert desk.code_of("session") == "PIN_WRONG"
    assert desk.typed == [b"1234"]


def test_the_last_try_on_the_reader_is_confirmed_on_the_screen_first(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.typed += [b"9999", b"9999"]
    assert [desk.code_of("session") for _ in range(2)] == ["PIN_WRONG", "PIN_WRONG"]
    desk.typed.append(b"1234")
    with pytest.raises(Cancelled):
        desk.do("session")
    assert desk.typed == [b"1234"]
    desk.user.answers["ConfirmLastTry"] = "DERNIER ESSAI"
    assert desk.do("session").professional.family_name == "MERCIER"


def test_a_person_who_does_not_come_to_the_reader_costs_no_try(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.typed.append(None)
    assert desk.code_of("session") == "PIN_PAD_TIMEOUT"
    assert desk.user.news[-1] == words.PinTyped()
    assert desk.do("card").card.pin.tries_left == 3


def test_the_red_key_of_the_reader_gives_up(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.typed.append(b"")
    with pytest.raises(Cancelled):
        desk.do("session")
    assert desk.do("card").card.pin.tries_left == 3
