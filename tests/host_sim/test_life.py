"""The life of dossiers at the host: insurer, desk, statistics, minors, connected objects, notices, the former INS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from registry_lots import Lot, Paper, Place, caller_of, ins_of

from card_sim.authority import Authority
from host_sim import (
    admin_life,
    administrative,
    dispatch,
    ins_c,
    insurance,
    life,
    objects,
    patient_space,
    registry,
    rights,
)
from host_sim.administrative import Representative
from host_sim.call import HostFault
from host_sim.notices import Notice
from host_sim.patient_space import Refused
from host_sim.store import Sealed

SOPHIE, JEAN, LEO = ins_of("sophie"), ins_of("jean"), ins_of("leo")
LINES = [
    {"days_ago": 20, "kind": "soins", "act": "Consultation", "by": "MARTIN Claire", "specialty": "Généraliste"},
    {"days_ago": 90, "kind": "soins", "act": "Consultation", "by": "MARTIN Claire", "specialty": "Généraliste"},
    {"days_ago": 15, "kind": "pharmacie", "act": "Ramipril", "by": "Pharmacie des Tilleuls"},
    {"days_ago": 300, "kind": "vaccin", "act": "Vaccin grippe", "by": "PETIT Julie"},
    {"days_ago": 800, "kind": "soins", "act": "Trop ancien", "by": "FAURE Inès"},
]


@pytest.fixture
def place(tmp_path: Path, authority_dir: Path) -> Iterator[Place]:
    place = Place(tmp_path, Authority.open(authority_dir))
    yield place
    place.house.close()


def insured(place: Place, ins: str = SOPHIE) -> None:
    with place.house.store.transaction() as cursor:
        insurance.add_lines(cursor, ins, LINES, place.house.clock.now().date())


def open_at_desk(place: Place, ins: str = SOPHIE) -> bool:
    return life.desk_creation(place.house, ins, life.Choices(), "agent-1")


def types(place: Place, ins: str) -> list[str]:
    with place.house.store.reading() as cursor:
        return [each.type_code for each in registry.entries_of(cursor, ins)]


def test_24_months_of_reimbursements_are_loaded_at_opening_as_one_document(place: Place) -> None:
    insured(place)
    assert open_at_desk(place)
    place.authorise("generaliste", "sophie")
    found = place.find("generaliste", "sophie")
    assert len(found) == 1
    who = {"patient": "sophie", "professional": "generaliste"}
    drawn = admin_life.get_care(place.house, who)
    first = drawn["care_team"][0]
    assert (first["name"], first["contacts"]) == ("MARTIN Claire", 2)
    assert "FAURE Inès" not in {each["name"] for each in drawn["care_team"]}
    assert (drawn["indicators"]["consultations"], drawn["indicators"]["medicines"]) == (2, 1)


@pytest.mark.parametrize(
    ("scope", "code", "loaded"), [("none", "22", 0), ("test_funds", "35", 0), ("test_funds", "22", 1), ("all", "35", 1)]
)
def test_at_the_start_only_the_test_funds_load_a_history(place: Place, scope: str, code: str, loaded: int) -> None:
    insured(place, JEAN)
    place.house.parameters.set("reimbursements", scope)
    with place.house.changing(JEAN) as cursor:
        cursor.execute("UPDATE dossiers SET postal_code = ? WHERE ins = ?", (Sealed(f"{code}000", JEAN), JEAN))
        place.house.opened(cursor, JEAN)
    assert types(place, JEAN) == ["REMB"] * loaded


def test_nobody_at_an_insurer_reads_whatever_the_profession(place: Place) -> None:
    place.authorise("generaliste")
    adviser = replace(caller_of("generaliste"), sector="SA24")
    private = replace(caller_of("infirmiere"), sector="SA23")
    machine = replace(caller_of("secretaire"), sector="SA24")
    assert [rights.column_of(each) for each in (adviser, private, machine)] == ["", "", "AM"]
    for who in (adviser, private, machine):
        with pytest.raises(HostFault) as refused:
            place.find("generaliste", caller=who)
        assert refused.value.code == "DMPAccessDeniedByRightsService"
        with pytest.raises(HostFault):
            place.retrieve("generaliste", "1.2.3", caller=who)
    fed = {function for function in rights._functions()["functions"] if rights.right_in(function, "AM").allowed}
    assert fed == {"TD2.1", "TD2.2"}


def test_the_care_team_is_not_for_who_has_no_authorisation(place: Place) -> None:
    insured(place)
    open_at_desk(place)
    with pytest.raises(ValueError, match="no valid authorisation"):
        admin_life.get_care(place.house, {"patient": "sophie", "professional": "generaliste"})


def test_the_desk_opens_a_dossier_once_and_only_for_a_known_identity(place: Place) -> None:
    assert open_at_desk(place)
    assert not open_at_desk(place)
    assert not open_at_desk(place, ins_of("lucie"))
    counted = life.statistics(place.house)
    assert counted["created"]["desk"] == 1
    assert counted["closed"] == 1


def test_a_connected_object_feeds_an_open_dossier(place: Place) -> None:
    objects.feed(place.house, JEAN, "Balance", {"poids": "71 kg"})
    jean = patient_space.visitor_of(place.house, JEAN)
    document = patient_space.documents(place.house, jean)[0]
    assert patient_space.read(place.house, jean, document.unique_id).data == b"poids : 71 kg\n"
    with pytest.raises(ValueError, match="open dossier"):
        objects.feed(place.house, ins_of("odette"), "Balance", {"poids": "71 kg"})


def minor(place: Place) -> None:
    open_at_desk(place, LEO)
    with place.house.store.transaction() as cursor:
        administrative.write_representatives(cursor, LEO, [Representative("MTH", "MARCHAND", "SOPHIE")])


def test_a_minor_is_seen_by_the_representative_until_the_age_of_majority(place: Place) -> None:
    minor(place)
    house = place.house
    with pytest.raises(Refused) as young:
        patient_space.visitor_of(house, LEO)
    assert young.value.code == "TOO_YOUNG"
    mother = patient_space.visitor_of(house, LEO, representative=True)
    assert (mother.name, mother.representative) == ("SOPHIE MARCHAND", True)
    house.clock.advance(timedelta(days=365 * 12))
    with pytest.raises(Refused) as grown:
        patient_space.visitor_of(house, LEO, representative=True)
    assert grown.value.code == "NO_LONGER_REPRESENTATIVE"
    assert not patient_space.visitor_of(house, LEO).representative
    house.parameters.set("age_of_majority", 30)
    assert patient_space.visitor_of(house, LEO, representative=True).representative


def test_what_is_hidden_from_representatives_is_seen_by_the_minor_only(place: Place) -> None:
    minor(place)
    place.authorise("generaliste", "leo")
    paper = Paper(LEO, title="Secret", confidentiality=("N", "INVISIBLE_REPRESENTANTS_LEGAUX"))
    assert place.deposit(Lot(LEO, (paper,)), patient="leo") == []
    place.house.parameters.set("account_minimum_age", 5)
    mother = patient_space.visitor_of(place.house, LEO, representative=True)
    assert patient_space.documents(place.house, mother) == ()
    child = patient_space.visitor_of(place.house, LEO)
    assert [each.title for each in patient_space.documents(place.house, child)] == ["Secret"]


def test_a_hidden_document_becomes_visible_after_28_days_or_as_the_parameter_says(place: Place) -> None:
    paper = Paper(JEAN, confidentiality=("N", "INVISIBLE_PATIENT"))
    assert place.deposit(Lot(JEAN, (paper,))) == []
    jean = patient_space.visitor_of(place.house, JEAN)
    place.house.clock.advance(timedelta(days=27))
    assert patient_space.documents(place.house, jean) == ()
    place.house.clock.advance(timedelta(days=1))
    assert len(patient_space.documents(place.house, jean)) == 1
    place.house.parameters.set("hidden_days", 60)
    assert patient_space.documents(place.house, jean) == ()


def test_notices_are_carried_once_committed_and_never_when_undone(place: Place) -> None:
    told: list[Notice] = []
    arrived = threading.Event()

    def carry(notice: Notice) -> None:
        told.append(notice)
        arrived.set()

    end = place.house.subscribe(carry)
    with pytest.raises(RuntimeError), place.house.changing(JEAN):
        place.house.notify(JEAN, "document", "undone")
        raise RuntimeError
    with place.house.changing(JEAN):
        place.house.notify(JEAN, "document", "done")
        assert told == []
    assert arrived.wait(10)
    assert [each.text for each in told] == ["done"]
    end()


def test_the_former_identifier_follows_its_published_vector() -> None:
    assert ins_c.compute("Jean", "19500801", "1500815051040") == "1541187387477485562488"
    assert ins_c.compute("Jean-René", "19500801", "1500815051040") == ins_c.compute(
        "JEAN RENE", "19500801", "1500815051040"
    )
    with pytest.raises(ValueError, match="NIR"):
        ins_c.compute("Jean", "19500801", "2A")


@given(st.text(min_size=1, max_size=30), st.integers(0, 10**13 - 1))
@settings(max_examples=100)
def test_a_former_identifier_has_22_digits_and_its_key(name: str, number: int) -> None:
    found = ins_c.compute(name, "19500801", f"{number:013d}")
    assert len(found) == 22
    assert 1 <= int(found[20:]) == 97 - int(found[:20]) % 97 <= 97


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [("2026-03-31", 1, "2026-02-28"), ("2026-01-15", 24, "2024-01-15"), ("2024-02-29", 12, "2023-02-28")],
)
def test_months_go_back_to_a_day_that_exists(day: str, months: int, before: str) -> None:
    assert insurance.months_before(date.fromisoformat(day), months).isoformat() == before


def test_the_representatives_of_a_young_child_have_the_account_until_the_child_may_have_it(place: Place) -> None:
    minor(place)
    made = admin_life.post_representative_account(place.house, {"patient": "leo"})
    entered = patient_space.sign_in(place.house, made["login"], made["password"])
    assert entered is not None
    assert (entered.name, entered.representative) == ("SOPHIE MARCHAND", True)
    place.house.clock.advance(timedelta(days=365 * 8))
    grown = patient_space.sign_in(place.house, made["login"], made["password"])
    assert grown is not None
    assert not grown.representative
    with pytest.raises(ValueError, match="account exists"):
        admin_life.post_representative_account(place.house, {"patient": "leo"})


def test_nobody_enters_the_space_of_somebody_who_died(place: Place) -> None:
    with place.house.store.transaction() as cursor:
        administrative.write_details(cursor, JEAN, administrative.Details(deceased=True))
    with pytest.raises(Refused) as refused:
        patient_space.visitor_of(place.house, JEAN)
    assert refused.value.code == "DECEASED"


def test_a_deposit_hidden_from_representatives_is_not_announced(place: Place) -> None:
    paper = Paper(JEAN, confidentiality=("N", "INVISIBLE_REPRESENTANTS_LEGAUX"))
    assert place.deposit(Lot(JEAN, (paper,))) == []
    assert place.house.audit.notifications(JEAN) == []
    assert place.deposit(Lot(JEAN, (Paper(JEAN),))) == []
    assert [each["kind"] for each in place.house.audit.notifications(JEAN)] == ["document"]


def test_the_first_connection_of_a_professional_is_told_once(place: Place) -> None:
    for _ in range(2):
        body = etree.fromstring(ask_authorisation())
        action = "urn:si-dmp-habilitations:HabilitationsEndPoint:listAuthorizationByPatient"
        dispatch.run(place.call("generaliste", body, to=("habilitations", action)), place.house)
    told = place.house.audit.notifications(JEAN)
    assert [each["kind"] for each in told] == ["first_connection"]


def ask_authorisation() -> str:
    return (
        '<listAuthorizationByPatient xmlns="urn:si-dmp-habilitations"><mode>TOUTE</mode></listAuthorizationByPatient>'
    )
