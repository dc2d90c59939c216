"""What a patient does with the own dossier, by the functions behind the web site, and what professionals then see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from registry_lots import Lot, Paper, Place, ins_of

from card_sim import cast
from card_sim.authority import Authority
from host_sim import accounts, dossiers, life, patient_space
from host_sim.call import HostFault
from host_sim.patient_space import Contact, OnlineCreation, Refused, Visitor

JEAN = ins_of("jean")
GP = cast.professionals()["generaliste"].id_nat
PORT = cast.professionals()["generaliste-port"].id_nat


@pytest.fixture
def place(tmp_path: Path, authority_dir: Path) -> Iterator[Place]:
    place = Place(tmp_path, Authority.open(authority_dir))
    yield place
    place.house.close()


@pytest.fixture
def jean(place: Place) -> Visitor:
    return patient_space.visitor_of(place.house, JEAN)


def refused(act) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.code


def add(place: Place, who: Visitor, title: str = "Ordonnance", **facts) -> str:
    facts = {"data": b"%PDF-1.4\n", "media_type": "application/pdf", **facts}
    return patient_space.add_document(place.house, who, title=title, **facts)


def titles(place: Place, key: str, **facts) -> list[str]:
    return [each.find("{*}Name/{*}LocalizedString").get("value") for each in place.find(key, **facts)]


def test_the_holder_signs_in_with_login_and_password(place: Place) -> None:
    made = accounts.renew(place.house.store, JEAN)
    assert made
    assert patient_space.sign_in(place.house, made.login, made.password) == Visitor(JEAN, "JEAN DUVAL")
    assert patient_space.sign_in(place.house, made.login, "wrong") is None


def test_a_document_of_the_patient_is_read_by_the_treating_doctor_as_the_patients(place: Place, jean: Visitor) -> None:
    unique_id = add(place, jean)
    mine = patient_space.documents(place.house, jean)[0]
    assert (mine.title, mine.mine, mine.media_type, mine.type_code) == (
        "Ordonnance",
        True,
        "application/pdf",
        "EXPPAT_2",
    )
    opened = patient_space.read(place.house, jean, unique_id)
    assert (opened.media_type, opened.data) == ("application/pdf", b"%PDF-1.4\n")
    assert titles(place, "generaliste") == ["Ordonnance"]
    assert len(place.retrieve("generaliste", unique_id).parts) == 1


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"title": " "}, "TITLE_MISSING"),
        ({"data": b"MZ\x90\x00"}, "NOT_THAT_FORMAT"),
        ({"data": b"\x00\x01", "media_type": "text/plain"}, "NOT_THAT_FORMAT"),
        ({"media_type": "text/html"}, "NOT_THAT_FORMAT"),
        ({"type_code": "11488-4"}, "NOT_THAT_TYPE"),
    ],
)
def test_what_a_patient_cannot_add(place: Place, jean: Visitor, facts, code: str) -> None:
    assert refused(lambda: add(place, jean, **facts)) == code
    assert patient_space.documents(place.house, jean) == ()


def test_a_document_too_heavy_is_refused(place: Place, jean: Visitor) -> None:
    place.house.parameters.set("patient_document_bytes", 10)
    assert refused(lambda: add(place, jean, data=b"%PDF-1.4 and more")) == "TOO_LARGE"


def test_own_documents_are_archived_and_deleted_those_of_others_only_masked(place: Place, jean: Visitor) -> None:
    mine = add(place, jean)
    paper = Paper(JEAN)
    assert place.deposit(Lot(JEAN, (paper,))) == []
    house = place.house
    assert refused(lambda: patient_space.remove_document(house, jean, paper.unique_id)) == "NOT_YOURS"
    assert refused(lambda: patient_space.remove_document(house, jean, "1.2.3")) == "NO_DOCUMENT"
    patient_space.set_archived(house, jean, mine, archived=True)
    assert {each.state for each in patient_space.documents(house, jean) if each.mine} == {"archivé"}
    patient_space.set_archived(house, jean, mine, archived=False)
    patient_space.remove_document(house, jean, mine)
    assert [each.unique_id for each in patient_space.documents(house, jean)] == [paper.unique_id]


def test_a_masked_document_is_kept_by_its_author_and_the_treating_doctor(place: Place, jean: Visitor) -> None:
    place.authorise("generaliste-port")
    place.authorise("radiologue")
    paper = Paper(JEAN, author="generaliste-port")
    assert place.deposit(Lot(JEAN, (paper,), sender="generaliste-port")) == []
    patient_space.set_masked(place.house, jean, paper.unique_id, masked=True)
    seen = {key: len(place.find(key)) for key in ("generaliste", "generaliste-port", "radiologue")}
    assert seen == {"generaliste": 1, "generaliste-port": 1, "radiologue": 0}
    assert patient_space.documents(place.house, jean)[0].masked
    place.house.parameters.set("masked_seen_by_author", False)
    assert len(place.find("generaliste-port")) == 0
    patient_space.set_masked(place.house, jean, paper.unique_id, masked=False)
    assert len(place.find("radiologue")) == 1


def test_masked_documents_are_shown_in_an_emergency_only_when_the_patient_said_so(place: Place, jean: Visitor) -> None:
    paper = Paper(JEAN)
    assert place.deposit(Lot(JEAN, (paper,))) == []
    patient_space.set_masked(place.house, jean, paper.unique_id, masked=True)
    emergency = {"purpose": "centre_15"}
    assert place.find("regulateur", **emergency) == []
    choices = {"opposed_break_glass": False, "opposed_regulation": False}
    patient_space.set_emergency(place.house, jean, masked_in_emergency=True, **choices)
    assert len(place.find("regulateur", **emergency)) == 1
    assert patient_space.summary(place.house, jean).masked_in_emergency
    place.house.parameters.set("masked_in_emergency", True)
    patient_space.set_emergency(place.house, jean, masked_in_emergency=False, **choices)
    assert place.find("regulateur", **emergency) == []


def test_wishes_are_read_by_professionals_and_the_newest_replaces_the_former(place: Place, jean: Visitor) -> None:
    house = place.house
    patient_space.set_organ_donation(house, jean, "accord")
    patient_space.set_trusted_person(house, jean, Contact("Anne DUVAL", "sœur", "0612345678"))
    patient_space.set_persons_to_call(house, jean, [Contact("Luc DUVAL"), Contact("Marc LE BRAS")])
    patient_space.set_directives(house, jean, "Pas d’acharnement.")
    said = patient_space.wishes(house, jean)
    assert (said.directives, said.organ_donation) == ("Pas d’acharnement.", "accord")
    assert [each.name for each in said.persons_to_call] == ["Luc DUVAL", "Marc LE BRAS"]
    assert sorted(titles(place, "generaliste")) == ["Directives anticipées", "Volontés et droits du patient"]
    patient_space.set_directives(house, jean, "")
    assert titles(place, "generaliste") == ["Volontés et droits du patient"]
    assert refused(lambda: patient_space.set_organ_donation(house, jean, "peut-être")) == "UNKNOWN_CHOICE"


def test_a_blocked_professional_reads_no_more_and_cannot_authorise_him_or_herself(place: Place, jean: Visitor) -> None:
    patient_space.authorise(place.house, jean, PORT)
    assert place.find("generaliste-port") == []
    patient_space.set_blocked(place.house, jean, PORT, blocked=True)
    with pytest.raises(HostFault):
        place.find("generaliste-port")
    states = {each.holder: each.state for each in patient_space.parties(place.house, jean)}
    assert states == {GP: "autorisé", PORT: "bloqué"}
    patient_space.withdraw(place.house, jean, PORT)
    assert len(patient_space.parties(place.house, jean)) == 2
    patient_space.set_blocked(place.house, jean, PORT, blocked=False)
    assert [each.holder for each in patient_space.parties(place.house, jean)] == [GP]


def test_an_authorisation_ends_after_a_year(place: Place, jean: Visitor) -> None:
    patient_space.authorise(place.house, jean, PORT)
    place.house.clock.advance(timedelta(days=364))
    assert place.find("generaliste-port") == []
    place.house.clock.advance(timedelta(days=1))
    with pytest.raises(HostFault):
        place.find("generaliste-port")
    assert patient_space.parties(place.house, jean)[0].state == "autorisation expirée"


def test_professionals_are_found_by_name_and_who_never_reads_is_not_authorised(place: Place, jean: Visitor) -> None:
    found = patient_space.find_professionals(place.house, jean, "bern")
    assert [(each.holder, each.state) for each in found] == [(PORT, "")]
    secretary = cast.professionals()["secretaire"].id_nat
    assert refused(lambda: patient_space.authorise(place.house, jean, secretary)) == "NEVER_AUTHORISED"
    assert refused(lambda: patient_space.authorise(place.house, jean, "899999999999")) == "NO_SUCH_PROFESSIONAL"


def test_one_treating_doctor_replaces_the_other_where_there_may_be_one_only(place: Place, jean: Visitor) -> None:
    house = place.house
    attending = lambda: {each.holder for each in patient_space.parties(house, jean) if each.attending}  # noqa: E731
    patient_space.authorise(house, jean, PORT, attending=True)
    assert attending() == {GP, PORT}
    house.parameters.set("several_attending", False)
    patient_space.authorise(house, jean, PORT, attending=True)
    assert attending() == {PORT}


def test_a_closed_dossier_is_blocked_kept_ten_years_and_then_destroyed(place: Place, jean: Visitor) -> None:
    house = place.house
    unique_id = add(place, jean)
    assert refused(lambda: patient_space.close(house, jean, " ")) == "REASON_MISSING"
    patient_space.close(house, jean, "Je ne veux plus de DMP")
    said = patient_space.summary(house, jean)
    assert (said.is_open, said.closing_reason) == (False, "Je ne veux plus de DMP")
    for act in (patient_space.documents, patient_space.parties, patient_space.wishes):
        assert refused(lambda act=act: act(house, jean)) == "CLOSED"
    house.clock.advance(timedelta(days=3650))
    assert life.purge(house) == []
    patient_space.reactivate(house, jean, consent=True)
    assert [each.unique_id for each in patient_space.documents(house, jean)] == [unique_id]
    patient_space.close(house, jean, "encore")
    house.clock.advance(timedelta(days=3653))
    assert refused(lambda: patient_space.reactivate(house, jean, consent=True)) == "TOO_LATE"
    assert JEAN in life.purge(house)
    assert dossiers.dossier(house.store, JEAN) is None
    assert list(house.store.blobs.iterdir()) == []
    assert refused(lambda: patient_space.summary(house, jean)) == "NO_DOSSIER"


def test_a_copy_and_a_destruction_are_asked_and_executed_by_the_desk(place: Place, jean: Visitor) -> None:
    house = place.house
    add(place, jean)
    assert refused(lambda: patient_space.ask(house, jean, "copie", "clé usb")) == "NOT_THAT_MEDIUM"
    assert refused(lambda: patient_space.ask(house, jean, "destruction")) == "CLOSE_FIRST"
    wanted = patient_space.ask(house, jean, "copie", "cd-rom")
    assert refused(lambda: patient_space.ask(house, jean, "copie", "cd-rom")) == "ALREADY_ASKED"
    answer = life.settle(house, wanted.number, granted=True)
    assert answer is not None
    assert [each["title"] for each in answer["documents"]] == ["Ordonnance"]
    assert patient_space.asked(house, jean)[0].state == "exécutée"
    patient_space.close(house, jean, "fini")
    other = patient_space.ask(house, jean, "destruction")
    patient_space.cancel(house, jean, other.number)
    assert refused(lambda: patient_space.cancel(house, jean, other.number)) == "NO_REQUEST"
    last = patient_space.ask(house, jean, "destruction")
    assert life.settle(house, last.number, granted=True) == {"number": last.number, "state": "exécutée"}
    assert dossiers.dossier(house.store, JEAN) is None
    assert life.settle(house, last.number, granted=True) is None


def test_an_adult_creates_the_own_dossier_with_a_code_once(place: Place) -> None:
    house, ins = place.house, ins_of("sophie")
    code = life.creation_code(house, ins)
    form = OnlineCreation(code, ins, "Marchand", "19870514", consent=True, mobile="0612345678")
    without = OnlineCreation(code, ins, "Marchand", "19870514", consent=False, mobile="0612345678")
    wrong = OnlineCreation("00000000", ins, "Marchand", "19870514", consent=True)
    assert refused(lambda: patient_space.create_online(house, wrong)) == "WRONG_CODE"
    assert refused(lambda: patient_space.create_online(house, without)) == "CONSENT_MISSING"
    made = patient_space.create_online(house, form)
    assert patient_space.sign_in(house, made.login, made.password) == Visitor(ins, "SOPHIE MARCHAND")
    assert refused(lambda: patient_space.create_online(house, form)) == "WRONG_CODE"
    assert life.statistics(house)["created"]["online"] == 1


def test_a_code_of_creation_ends_and_a_minor_has_none_online(place: Place) -> None:
    house = place.house
    leo = OnlineCreation(life.creation_code(house, ins_of("leo")), ins_of("leo"), "MARCHAND", "20170309", consent=True)
    assert refused(lambda: patient_space.create_online(house, leo)) == "TOO_YOUNG_ONLINE"
    code = life.creation_code(house, ins_of("sophie"))
    form = OnlineCreation(code, ins_of("sophie"), "MARCHAND", "19870514", consent=True, mobile="0612345678")
    house.clock.advance(timedelta(days=30))
    assert refused(lambda: patient_space.create_online(house, form)) == "CODE_EXPIRED"


def test_the_history_says_who_did_what_in_french(place: Place, jean: Visitor) -> None:
    unique_id = add(place, jean)
    patient_space.read(place.house, jean, unique_id)
    assert [each.action for each in patient_space.history(place.house, jean)] == ["lecture", "ajout d’un document"]
