"""TD1.1 to TD1.5 in full: representatives, identifiers, closings, what a dossier of the patient's space refuses."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import tx_bodies as tx
from host_wire import HL7, PATIENTS, Stage, ins_of, query_body
from lxml import etree
from registry_lots import OID, Place

from card_sim.authority import Authority
from host_sim import accounts
from host_sim.call import HostFault

QUERY = ("patients", f"{HL7}:PRPA_IN201307UV02")
CREATE = ("patients", f"{HL7}:PRPA_IN201311UV02")
CHANGE = ("patients", f"{HL7}:PRPA_IN201314UV02")
_NAMES = {"h": HL7, "p": PATIENTS, "g": "asip:ci-sis:gdp:2010"}


@pytest.fixture
def place(authority_dir: Path, tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path, Authority.open(authority_dir))
    yield place
    place.house.close()


def ask(place: Place, patient: str, reason: str = "CNSLT_DATA", key: str = "generaliste") -> Any:
    answer = tx.send(place, QUERY, tx.body_of(query_body(ins_of(patient), reason)), key, patient)
    assert not isinstance(answer, HostFault), answer
    return answer.body


def change(place: Place, body: Any, patient: str, to: tuple[str, str] = CHANGE) -> Any:
    answer = tx.send(place, to, body, "generaliste", patient)
    return answer if isinstance(answer, HostFault) else answer.body


def specific(name: str) -> tuple[str, str]:
    return ("patientsSpecific", f"{PATIENTS}:PatientSpecificEndPoint:{name}")


def find(body: Any, path: str) -> list[Any]:
    return body.xpath(path, namespaces=_NAMES)


def refusal(body: Any) -> tuple[str, str, str]:
    """Message, code and text of a refused registration."""
    (message,) = [each for each in body if isinstance(each.tag, str)]
    assert find(message, "h:acknowledgement/@typeCode") == ["AE"]
    code = find(message, "h:acknowledgement/h:acknowledgementDetail/h:code/@code")[0]
    return message.tag.rpartition("}")[2], code, find(message, "//h:acknowledgementDetail/h:text")[0].text


def names(element: Any) -> list[str]:
    return [child.tag.rpartition("}")[2] for child in element]


def test_a_created_dossier_tells_back_all_that_was_written(place: Place) -> None:
    body = change(place, tx.creation("leo", tx.RELATION), "leo", CREATE)
    assert find(body, "//h:PRPA_IN201312UV02")
    (person,) = find(ask(place, "leo"), "//h:patientPerson")
    assert names(person) == [
        "name", "telecom", "telecom", "telecom", "administrativeGenderCode", "birthTime", "deceasedInd", "addr",
        "personalRelationship", "birthPlace",
    ]  # fmt: skip
    assert names(person[0])[0] == "prefix"
    assert [(each.get("value"), each.get("use")) for each in person[1:4]] == [
        ("tel:0546000000", "HP"), ("tel:0612345678", "MC"), ("mailto:leo@example.org", None),
    ]  # fmt: skip
    assert person[6].get("value") == "false"
    assert [(each.tag.rpartition("}")[2], each.text) for each in person[7]] == [
        ("streetAddressLine", "2 rue Haute"), ("additionalLocator", "Bâtiment B"), ("postalCode", "31000"),
        ("city", "Toulouse"), ("country", "FR"),
    ]  # fmt: skip
    relation = person[8]
    assert relation.get("classCode") == "PRS"
    assert names(relation) == ["code", "addr", "telecom", "telecom", "relationshipHolder1"]
    assert dict(relation[0].attrib) == {"code": "MTH", "codeSystem": "2.16.840.1.113883.1.11.19579"}
    assert dict(relation[4].attrib) == {"classCode": "PSN", "determinerCode": "INSTANCE"}
    assert [each.text for each in relation[4][0]] == ["ANNE", "MARCHAND"]
    assert person[9].get("classCode") == "BIRTHPL"


def test_representatives_are_replaced_and_never_lost_by_omission(place: Place) -> None:
    change(place, tx.creation("leo", tx.RELATION), "leo", CREATE)
    change(place, tx.modification("leo"), "leo")
    assert find(ask(place, "leo"), "//h:relationshipHolder1/h:name/h:given/text()") == ["ANNE"]
    father = tx.RELATION.replace('"MTH"', '"FTH"').replace("ANNE", "PIERRE")
    change(place, tx.modification("leo", father + father.replace("PIERRE", "LOUIS")), "leo")
    body = ask(place, "leo")
    assert find(body, "//h:relationshipHolder1/h:name/h:given/text()") == ["PIERRE", "LOUIS"]
    assert find(body, "//h:personalRelationship/h:code/@code") == ["FTH", "FTH"]


def test_each_line_of_an_address_comes_back(place: Place) -> None:
    body = tx.modification("karim")
    line = find(body, "//h:patientPerson/h:addr/h:streetAddressLine")[0]
    more = etree.SubElement(line.getparent(), line.tag)
    more.text = "Résidence du Port"
    line.addnext(more)
    change(place, body, "karim")
    (address,) = find(ask(place, "karim"), "//h:patientPerson/h:addr")
    assert [(each.tag.rpartition("}")[2], each.text) for each in address[:3]] == [
        ("streetAddressLine", "2 rue Haute"),
        ("additionalLocator", "Résidence du Port"),
        ("additionalLocator", "Bâtiment B"),
    ]


@pytest.mark.parametrize("link", ["FTH", "MTH", "STPFTH", "GRMTH", "GGRFTH", "AUNT", "BRO", "RESPRSN"])
def test_each_link_of_a_representative_is_known(place: Place, link: str) -> None:
    change(place, tx.creation("leo", tx.RELATION.replace('"MTH"', f'"{link}"')), "leo", CREATE)
    assert find(ask(place, "leo"), "//h:personalRelationship/h:code/@code") == [link]


def test_a_modification_replaces_what_may_be_edited(place: Place) -> None:
    body = change(place, tx.modification("karim"), "karim")
    accepted = find(body, "//h:PRPA_IN201315UV02")[0]
    assert find(accepted, "h:id/@root") == ["1.2.250.1.213.4.1.1.1.1"]
    assert find(accepted, "h:controlActProcess/h:reasonCode/@code") == ["MODIF_DATA"]
    assert find(accepted, "//h:registrationEvent/h:statusCode/@code") == ["completed"]
    assert names(find(accepted, "//h:patient/h:patientPerson")[0]) == ["name"]
    assert names(find(accepted, "//h:registrationEvent")[0]) == ["statusCode", "subject1", "custodian"]
    seen = ask(place, "karim")
    assert find(seen, "//h:patientPerson/h:addr/h:city/text()") == ["Toulouse"]
    assert find(seen, "//h:administrativeObservation/h:value/@value") == ["false", "true"]
    assert find(seen, "//h:patientPerson/h:name/h:prefix/text()") == ["Mme"]


def test_a_modification_does_not_change_who_the_patient_is(place: Place) -> None:
    body = tx.modification("karim")
    find(body, "//h:patientPerson/h:birthTime")[0].set("value", "19010101")
    assert refusal(change(place, body, "karim"))[1] == "DMPIdentityDifferent"


def test_a_closed_dossier_tells_its_reason_and_its_date(place: Place) -> None:
    change(place, tx.closing("jean"), "jean")
    for reason in ("TEST_EXST", "CNSLT_DATA"):
        body = ask(place, "jean", reason)
        assert find(body, "//h:patient/h:statusCode/@code") == ["terminated"]
        (issue,) = find(body, "//h:controlActProcess/h:reasonOf/h:detectedIssueEvent")
        assert names(issue) == ["code", "text", "effectiveTime"]
        assert (issue[0].get("code"), issue[0].get("codeSystem")) == (
            "FERMETURE_DEMANDE_PATIENT", "1.2.250.1.213.4.1.2.4",
        )  # fmt: skip
        assert issue[1].text == "Je ne veux plus de DMP"
        assert issue[2].get("value").startswith(f"{place.house.clock.now():%Y%m%d}")


def test_a_closing_is_taken_in_both_forms(place: Place) -> None:
    body = tx.closing("jean")
    find(body, "//h:registrationRequest/h:statusCode")[0].set("code", "terminated")
    find(body, "//h:patient/h:statusCode")[0].set("code", "active")
    assert find(change(place, body, "jean"), "//h:PRPA_IN201315UV02")


@pytest.mark.parametrize(
    ("make", "patient", "to", "message", "code"),
    [
        (lambda: tx.creation("sophie"), "sophie", CREATE, "", ""),
        (lambda: tx.creation("jean"), "jean", CREATE, "PRPA_IN201313UV02", "DMPFound"),
        (lambda: tx.creation("odette"), "odette", CREATE, "PRPA_IN201313UV02", "DMPFound"),
        (lambda: tx.creation("lucie"), "lucie", CREATE, "PRPA_IN201313UV02", "DMPIdentityNotQualified"),
        (lambda: tx.reactivation("jean"), "jean", CHANGE, "PRPA_IN201316UV02", "DMPFound"),
        (lambda: tx.reactivation("sophie"), "sophie", CHANGE, "PRPA_IN201316UV02", "DMPNotFound"),
        (lambda: tx.modification("odette"), "odette", CHANGE, "PRPA_IN201316UV02", "DMPClosed"),
        (lambda: tx.modification("sophie"), "sophie", CHANGE, "PRPA_IN201316UV02", "DMPNotFound"),
        (lambda: tx.closing("odette"), "odette", CHANGE, "PRPA_IN201316UV02", "DMPClosed"),
        (lambda: tx.closing("sophie"), "sophie", CHANGE, "PRPA_IN201316UV02", "DMPNotFound"),
    ],
)
def test_each_refusal_has_its_message_its_code_and_its_words(
    place: Place, make: Any, patient: str, to: tuple[str, str], message: str, code: str
) -> None:
    body = change(place, make(), patient, to)
    if not code:
        assert find(body, "//h:PRPA_IN201312UV02")
        return
    said = refusal(body)
    assert said[:2] == (message, code)
    assert len(said[2]) > 10


def _of_the_space(place: Place, *, account: bool = False) -> None:
    with place.house.store.transaction() as cursor:
        cursor.execute("UPDATE dossiers SET attached_to_ens = 1 WHERE ins = ?", (ins_of("jean"),))
    if account:
        accounts.open_account(place.house.store, ins_of("jean"))


@pytest.mark.parametrize("make", [lambda: tx.modification("jean"), lambda: tx.closing("jean")])
def test_a_dossier_of_the_patients_space_is_not_changed_by_professionals(place: Place, make: Any) -> None:
    _of_the_space(place)
    assert change(place, make(), "jean").code == "DMPAccessDeniedByRightsService"
    seen = find(ask(place, "jean", "TEST_EXST"), "//h:administrativeObservation[h:code/@code='RATTACHEMENT_ENS']")
    assert seen[0][1].get("value") == "true"
    assert seen[0][0].get("codeSystem") == "1.2.250.1.213.4.1.2.3"


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("createPatientAccess", {"type": "SMS", "canal": "0612345678"}),
        ("patientOTPUpdate", {"type": "SMS", "canal": "0612345678", "action": "AJOUT"}),
        ("updatePatientAccess", {}),
    ],
)
def test_its_account_is_not_managed_from_here(place: Place, name: str, fields: dict[str, str]) -> None:
    _of_the_space(place)
    fault = tx.send(place, specific(name), tx.small_body(PATIENTS, name, **fields), "generaliste", "jean")
    assert isinstance(fault, HostFault)
    assert fault.code == "DMPAccessDeniedByRightsService"


def test_a_former_identifier_stands_before_the_ins(stage: Stage) -> None:
    stage.admin(
        "patients",
        {
            "key": "ancien", "ins": ins_of("paul"), "birth_name": "ROUSSEL", "given_names": ["PAUL"],
            "birth_date": "19650212", "sex": "M", "state": "open",
            "details": {"ins_c": "1541187387477485562488", "deceased": True, "home_phone": "0546000000"},
        },
    )  # fmt: skip
    answer = stage.query("generaliste", "paul", "CNSLT_DATA")
    assert [(each.get("root"), each.get("extension")) for each in answer.all("//h:patient/h:id")] == [
        ("1.2.250.1.213.1.4.2", "1541187387477485562488"),
        (OID, ins_of("paul")),
    ]
    assert answer.one("//h:deceasedInd/@value") == "true"
    assert answer.all("//h:telecom/@use") == ["HP"]


def test_td15d_gives_a_new_password_and_the_old_one_is_worth_nothing(place: Place) -> None:
    store, ins = place.house.store, ins_of("jean")
    before = accounts.renew(store, ins) or accounts.open_account(store, ins)
    answer = tx.send(place, specific("updatePatientAccess"), tx.small_body(PATIENTS, "updatePatientAccess"))
    assert answer.action == f"{PATIENTS}:PatientSpecificEndPoint:updatePatientAccessResponse"
    (output,) = answer.body
    assert names(output) == ["login", "password", "status", "context"]
    assert [output[0].text, output[2].text] == [before.login, "DMPOk"]
    assert accounts.holder_of(store, before.login, before.password) == ""
    assert accounts.holder_of(store, before.login, output[1].text) == ins
    assert accounts.holder_of(store, "nobody", output[1].text) == ""


@pytest.mark.parametrize(
    ("patient", "code"),
    [("paul", "DMPPatientAccessNotFound"), ("odette", "DMPClosed"), ("sophie", "DMPNotFound")],
)
def test_td15d_refuses_with_its_code(place: Place, patient: str, code: str) -> None:
    with place.house.store.transaction() as cursor:
        cursor.execute("DELETE FROM accounts WHERE ins = ?", (ins_of(patient),))
    body = tx.small_body(PATIENTS, "updatePatientAccess")
    assert tx.code_of(tx.send(place, specific("updatePatientAccess"), body, "generaliste", patient)) == code


def test_td15d_takes_no_field(place: Place) -> None:
    body = tx.small_body(PATIENTS, "updatePatientAccess", login="x")
    assert tx.code_of(tx.send(place, specific("updatePatientAccess"), body)) == "DMPInvalidMessage"


def test_the_desk_of_the_host_renews_what_was_lost(stage: Stage) -> None:
    made = stage.specific("generaliste", "paul", "createPatientAccess", "<type>SMS</type><canal>0612345678</canal>")
    login = made.one("//p:login").text
    told = stage.admin("account", {"patient": "paul"})
    assert told["login"] == login
    assert accounts.holder_of(stage.house.store, login, made.one("//p:password").text) == ""
    assert accounts.holder_of(stage.house.store, login, told["password"]) == ins_of("paul")


@pytest.mark.parametrize(
    ("make", "patient", "to", "second"),
    [
        (lambda: tx.creation("sophie"), "sophie", CREATE, "DMPFound"),
        (lambda: tx.closing("jean"), "jean", CHANGE, "DMPClosed"),
        (lambda: tx.reactivation("odette"), "odette", CHANGE, "DMPFound"),
    ],
)
def test_two_of_a_kind_at_once_are_one_done_and_one_refused(
    place: Place, make: Any, patient: str, to: tuple[str, str], second: str
) -> None:
    bodies = [make() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda body: tx.code_of(tx.send(place, to, body, "generaliste", patient)), bodies))
    assert sorted(codes) == sorted(["ok"] + [second] * 3)
