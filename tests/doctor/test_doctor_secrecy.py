"""Rows are mailed to strangers: a canary in every place that names somebody must never sing in them."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from doctor_stage import LEFT, Person, make_place

from card_sim import cast
from card_sim.deck import Deck
from card_sim.reader import InProcessReaders
from connectors import output
from connectors.doctor import text_lines
from cps_bridge.doctor import examine, examine_without_house
from cps_bridge.house import HostAddress, House
from cps_bridge.simulated import Simulation
from cps_bridge.storage.outbox import NewItem, State
from cps_bridge.storage.settings import Settings
from dossier.failure import Failure
from dossier.finding import Finding
from dossier.patient import INS_NIR_TEST, Ins

CANARY = "CANARI"
HOME = f"/home/{CANARY} dupont"


def all_texts(findings: tuple[Finding, ...]) -> str:
    return "\n".join([*output.json_lines(findings), *text_lines(findings)])


def numbers_of(names: tuple[str, ...]) -> set[str]:
    """Every number of six digits or more that the people and the cards of the cast are known by."""
    known = [cast.professionals()[name] for name in names if name in cast.professionals()]
    known += [cast.vitale_cards()[name] for name in names if name in cast.vitale_cards()]
    return set(re.findall(r"\d{6,}", repr(known)))


def test_nothing_of_card_holder_patient_or_lot_is_in_the_rows(house: House, simulation: Simulation, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    simulation.insert(0, "generaliste")
    simulation.insert(1, "famille-marchand")
    house.run("session", Person()).result(60)
    number = house.outbox.enqueue(
        NewItem("deposit", f"{CANARY} titre", Ins("255081416802538", INS_NIR_TEST), "899", "499", "1.2.3", b"<x/>", ())
    ).id
    house.outbox.move(number, State.SENDING)
    house.outbox.move(number, State.REFUSED, "HOST_FAULT", code=CANARY)
    texts = all_texts(examine(house))
    names = ("MARTIN", "CLAIRE", "MARCHAND", "SOPHIE", "LEO", "LILAS", CANARY, "1234", str(house.directory))
    assert not [name for name in names if name.casefold() in texts.casefold()]
    assert not [each for each in numbers_of(("generaliste", "famille-marchand")) if each in texts]
    assert house.session and house.session.card.serial not in texts
    assert CANARY not in caplog.text


@pytest.mark.parametrize(
    "failure",
    [
        Failure("SETTING_UNKNOWN", name=f"{HOME}/255081416802538"),
        Failure("HOST_CA_MISSING", path=f"{HOME}/{CANARY}.pem"),
        Failure("SETTINGS_UNREADABLE", reason=f"{HOME}/x"),
        Failure("CA_FILE_UNREADABLE", file=f"{CANARY}.pem"),
    ],
)
def test_paths_and_numbers_of_the_settings_are_cut(tmp_path: Path, monkeypatch, failure: Failure) -> None:
    monkeypatch.setenv("HOME", HOME)
    for settings, address in ((failure, None), (Settings(), failure)):
        texts = all_texts(examine_without_house(tmp_path / CANARY, settings, address, failure=failure))
        assert "255081416802538" not in texts and HOME not in texts and f"/{CANARY}" not in texts


def test_readers_modules_and_files_are_named_by_what_they_are(deck: Deck, monkeypatch, tmp_path: Path) -> None:
    from contextlib import nullcontext

    from cps_bridge.cards.service import CardService
    from cps_bridge.doctor.examination import examine_place

    reader = f"Gemalto PC Twin Reader (A1B2C3{CANARY}) 00 00"
    readers = InProcessReaders((reader, LEFT))
    readers.insert(reader, deck.card("generaliste"))
    service = CardService(readers)
    service.start()
    try:
        place = make_place(
            Settings(
                card_ca=f"{HOME}/{CANARY}.pem",
                card_backend="pkcs11",
                pkcs11_module=f"{HOME}/{CANARY}.so",
                readers=(reader,),
            ),
            cards=lambda: nullcontext(service),
            address=HostAddress("https://localhost:1", Path(f"{HOME}/{CANARY}.pem")),
            directory=tmp_path,
        )
        texts = all_texts(examine_place(place))
    finally:
        service.close()
    assert CANARY not in texts and "A1B2C3" not in texts and "dupont" not in texts
    assert "Gemalto PC Twin Reader" in texts


def test_each_json_row_holds_its_four_words_and_no_other(house: House) -> None:
    for line in output.json_lines(examine(house)):
        row = json.loads(line)
        assert list(row) == ["id", "state", "cause", "remedy"]
        assert row["state"] in ("good", "warning", "bad")
