"""The patients of the official behaviours: the table of docs/test-patients.md, walked row by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from registry_lots import OID, Place, caller_of

from card_sim import cast
from card_sim.authority import Authority
from dossier.patient import Ins
from host_sim import admin_life, administrative, consultation, dossiers, fixtures, registry, visibility
from host_sim.call import Call, HostFault

TABLE = Path(__file__).resolve().parents[2] / "docs" / "test-patients.md"
FACTS = {each["key"]: each for each in fixtures.patients()}


def rows() -> list[tuple[str, str]]:
    lines = [line.strip("|\n ").split(" | ") for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [(cells[0], cells[2]) for cells in lines[1:]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, authority_dir: Path) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("fixtures"), Authority.open(authority_dir))
    assert set(fixtures.load(place.house)) == set(FACTS)
    assert fixtures.load(place.house) == []
    yield place
    place.house.close()


def read(place: Place, key: str, who: str = "generaliste", purpose: str = "normal", **facts: object) -> list[str]:
    ins = FACTS[key]["ins"]
    now = place.house.clock.now()
    call = Call("registry", "x", None, caller_of(who), purpose, "urgence", ins, OID, "urn:uuid:1", {}, now)
    reading = consultation.reading(call, place.house, "TD3.1")
    with place.house.store.reading() as cursor:
        return [each.item.title for each in registry.entries_of(cursor, ins) if reading.shows(each)]


def refused(place: Place, key: str, **facts: str) -> bool:
    try:
        read(place, key, **facts)
    except HostFault:
        return True
    return False


def row(place: Place, key: str) -> dossiers.DossierRow:
    found = dossiers.dossier(place.house.store, FACTS[key]["ins"])
    assert found is not None
    return found


def seen_by(place: Place, key: str, *, representative: bool = False) -> int:
    parameters = place.house.parameters.as_dict()
    viewer = visibility.as_patient(place.house.clock.now(), parameters, representative=representative)
    return len(registry.listed_for(place.house.store, FACTS[key]["ins"], viewer))


def states(place: Place, key: str) -> dict[str, str]:
    days = place.house.parameters["authorisation_days"]
    now, ins = place.house.clock.now(), FACTS[key]["ins"]
    ids = {name: cast.professionals()[name].id_nat for name in FACTS[key]["authorisations"]}
    return {
        name: dossiers.authorisation(place.house.store, ins, (each, each), now, days).state
        for name, each in ids.items()
    }


HAVE: dict[str, Callable[[Place, str], bool]] = {
    "fx-ferme": lambda place, key: row(place, key).closing_reason == "Je ne veux plus de DMP",
    "fx-ens": lambda place, key: bool(row(place, key).attached_to_ens),
    "fx-expire": lambda place, key: sorted(states(place, key).values()) == ["EXPIRE", "INTERDIT", "VALIDE"],
    "fx-personne": lambda place, key: refused(place, key),
    "fx-oppose-15": lambda place, key: (
        row(place, key).opposes("centre_15") and not row(place, key).opposes("bris_de_glace")
    ),
    "fx-oppose-tout": lambda place, key: (
        row(place, key).opposes("centre_15") and row(place, key).opposes("bris_de_glace")
    ),
    "fx-masques-urgence": lambda place, key: len(read(place, key, "regulateur", "centre_15")) == 2,
    "fx-non-renseigne": lambda place, key: row(place, key).usage_name == "NON RENSEIGNE",
    "fx-mineur": lambda place, key: (
        (seen_by(place, key), seen_by(place, key, representative=True)) == (2, 1)
        and len(administrative.representatives(place.house.store, FACTS[key]["ins"])) == 2
    ),
    "fx-documents": lambda place, key: len(read(place, key)) == 5 and seen_by(place, key) == 4,
    "fx-vide": lambda place, key: read(place, key) == [],
    "fx-volontes": lambda place, key: sorted(read(place, key)) == ["Ordonnance numérisée", "Volontés"],
    "fx-vaccins": lambda place, key: len(read(place, key)) == 10,
    "fx-remboursements": lambda place, key: (
        admin_life.get_care(place.house, {"patient": key, "professional": "generaliste"})["indicators"]["consultations"]
        == 2
    ),
    "fx-non-certifie": lambda place, key: not getattr(dossiers.person(place.house.store, key), "insi", True),
    "fx-homonyme-1": lambda place, key: row(place, key).birth_name == row(place, "fx-homonyme-2").birth_name,
    "fx-homonyme-2": lambda place, key: row(place, key).birth_name == row(place, "fx-homonyme-1").birth_name,
    "fx-air-1": lambda place, key: read(place, key) == [],
    "fx-air-2": lambda place, key: refused(place, key),
    "fx-decede": lambda place, key: administrative.details(place.house.store, FACTS[key]["ins"]).deceased,
}


def test_every_row_names_a_patient_or_says_why_it_is_out() -> None:
    for behaviour, who in rows():
        named = re.findall(r"`([a-z0-9-]+)`", who)
        assert named or who.startswith("out: "), behaviour
        for key in named:
            assert key in FACTS or key in cast.patients(), (behaviour, key)


def test_every_patient_of_the_file_is_in_the_table_and_has_a_check() -> None:
    named = {key for _, who in rows() for key in re.findall(r"`(fx-[a-z0-9-]+)`", who)}
    assert named == set(FACTS) == set(HAVE)


@pytest.mark.parametrize("key", sorted(FACTS))
def test_the_patient_has_a_valid_test_identity_and_the_behaviour(place: Place, key: str) -> None:
    assert Ins.parse(FACTS[key]["ins"], OID).matricule == FACTS[key]["ins"]
    assert HAVE[key](place, key)
