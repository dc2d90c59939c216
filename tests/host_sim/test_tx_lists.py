"""TD0.4 and TD1.6: whose dossiers, since when, and who may open one; field by field."""

from __future__ import annotations

from typing import Any

import pytest
from host_wire import PATIENTS, RIGHTS, TEST_OID, Answer, Stage, ins_of

from card_sim import cast

LIST = f"{PATIENTS}:PatientSpecificEndPoint:patientList"
PARTIES = f"{RIGHTS}:HabilitationsEndPoint:listAuthorizationByPatient"
LONG_AGO = "20200101000000"


def followed(stage: Stage, name: str, basis: str = "LASTAUTORIZATION", since: str = LONG_AGO, **options: Any) -> Answer:
    owner = options.pop("owner", "")
    inner = f"<startDate>{since}</startDate><dateType>{basis}</dateType>"
    inner += f"<psOwnerId>{owner}</psOwnerId>" if owner else ""
    who = stage.who(name)
    options.setdefault("now", stage.house.clock.now())
    body = f'<patientList xmlns="{PATIENTS}">{inner}</patientList>'
    return who.call("patientsSpecific", LIST, body, who.assertion(options.pop("patient", ""), **options))


def parties(stage: Stage, name: str, patient: str, mode: str = "TOUTE", **options: Any) -> Answer:
    who = stage.who(name)
    options.setdefault("now", stage.house.clock.now())
    body = f'<listAuthorizationByPatient xmlns="{RIGHTS}"><mode>{mode}</mode></listAuthorizationByPatient>'
    return who.call("habilitations", PARTIES, body, who.assertion(patient, **options))


def listed(answer: Answer) -> list[str]:
    return [each.text for each in answer.all("//p:patientlistData/p:patientIdentifier[1]/p:nationalId")]


def fields(element: Any) -> list[str]:
    return [child.tag.rpartition("}")[2] for child in element]


def test_a_followed_dossier_is_told_field_by_field(stage: Stage) -> None:
    stage.query("generaliste", "jean")
    answer = followed(stage, "generaliste")
    assert answer.one("//a:Action").text == f"{LIST}Response"
    output = answer.one("/s:Envelope/s:Body/p:patientListResponse/p:output")
    assert fields(output)[-2:] == ["status", "context"]
    assert answer.one("//p:output/p:status").text == "DMPOk"
    (item,) = [each for each in answer.all("//p:patientlistData") if each[0][0].text == ins_of("jean")]
    assert fields(item) == [
        "patientIdentifier", "lastName", "patronymicalName", "firstName", "civility", "dateOfBirth", "MT", "message",
        "lastAccessDate",
    ]  # fmt: skip
    who = cast.patients()["jean"]
    assert [each.text for each in item[0]] == [who.ins, TEST_OID]
    assert [each.text for each in item[1:8]] == [
        who.shown_name, who.birth_name, who.given_names[0], "M", who.birth_date, "true", "false",
    ]  # fmt: skip
    assert len(item[8].text) == 14


def test_the_list_needs_no_patient_and_bears_one(stage: Stage) -> None:
    assert ins_of("jean") in listed(followed(stage, "generaliste"))
    assert ins_of("jean") in listed(followed(stage, "generaliste", patient="sophie"))


def test_only_authorisations_since_the_date_are_listed(stage: Stage) -> None:
    assert ins_of("jean") in listed(followed(stage, "generaliste"))
    tomorrow = "20990101000000"
    assert listed(followed(stage, "generaliste", since=tomorrow)) == []
    stage.authorise("radiologue", "jean")
    assert listed(followed(stage, "radiologue")) == [ins_of("jean")]
    stage.authorise("radiologue", "jean", "SUPPRESSION")
    assert listed(followed(stage, "radiologue")) == []


def test_an_expired_authorisation_and_a_closed_dossier_are_not_listed(stage: Stage) -> None:
    assert ins_of("amelie") not in listed(followed(stage, "generaliste-port"))
    stage.authorise("generaliste-port", "amelie")
    assert ins_of("amelie") in listed(followed(stage, "generaliste-port"))
    stage.admin("clock", {"advance_days": 366})
    assert listed(followed(stage, "generaliste-port")) == []


def test_a_dossier_without_documents_has_nothing_new(stage: Stage) -> None:
    assert listed(followed(stage, "generaliste", "LASTDOC")) == []


def test_both_identifiers_and_a_waiting_message_are_told(stage: Stage) -> None:
    stage.admin(
        "patients",
        {
            "key": "lia", "ins": ins_of("paul"), "birth_name": "ROUSSEL", "usage_name": "BLANC",
            "given_names": ["LIA", "ANNE"], "birth_date": "19650212", "sex": "F", "state": "open",
            "details": {"ins_c": "1541187387477485562488", "title": "Mlle"},
            "authorisations": {"infirmiere": {"state": "VALIDE"}},
        },
    )  # fmt: skip
    stage.admin("message", {"patient": ins_of("paul"), "professional": "infirmiere"})
    (item,) = followed(stage, "infirmiere").all("//p:patientlistData")
    assert fields(item)[:4] == ["patientIdentifier", "patientIdentifier", "lastName", "patronymicalName"]
    assert [each.text for each in item[1]] == ["1541187387477485562488", "1.2.250.1.213.1.4.2"]
    assert [each.text for each in item[2:9]] == ["BLANC", "ROUSSEL", "LIA", "MLLE", "19650212", "false", "true"]


def test_a_secretary_sees_the_dossiers_of_the_professionals_of_the_same_structure(stage: Stage) -> None:
    assert listed(followed(stage, "secretaire")) == []
    stage.authorise("radiologue", "jean")
    radiologist = cast.professionals()["radiologue"].id_nat
    assert listed(followed(stage, "secretaire")) == [ins_of("jean")]
    assert listed(followed(stage, "secretaire", owner=radiologist)) == [ins_of("jean")]
    other = followed(stage, "secretaire", owner=cast.professionals()["generaliste"].id_nat)
    assert other.subcode == "soap:DMPAccessDeniedByRightsService"


def test_the_last_access_is_the_callers_own(stage: Stage) -> None:
    stage.authorise("secretaire", "jean")
    (item,) = followed(stage, "radiologue").all("//p:patientlistData")
    assert "lastAccessDate" not in fields(item)
    stage.query("radiologue", "jean")
    (item,) = followed(stage, "radiologue").all("//p:patientlistData")
    assert "lastAccessDate" in fields(item)


def test_a_professional_has_only_the_own_list(stage: Stage) -> None:
    assert followed(stage, "generaliste", owner=cast.professionals()["generaliste"].id_nat).status == 200
    other = followed(stage, "generaliste", owner=cast.professionals()["radiologue"].id_nat)
    assert other.subcode == "soap:DMPAccessDeniedByRightsService"


@pytest.mark.parametrize("purpose", ["bris_de_glace", "centre_15"])
def test_the_list_is_open_in_an_emergency_too(stage: Stage, purpose: str) -> None:
    assert followed(stage, "generaliste", purpose=purpose, reason="Urgence").status == 200


@pytest.mark.parametrize(
    "inner",
    [
        "<dateType>LASTDOC</dateType>",
        f"<startDate>{LONG_AGO}</startDate>",
        "<startDate>2020</startDate><dateType>LASTDOC</dateType>",
        "<startDate>20201301000000</startDate><dateType>LASTDOC</dateType>",
        f"<startDate>{LONG_AGO}</startDate><dateType>LAST</dateType>",
        f"<dateType>LASTDOC</dateType><startDate>{LONG_AGO}</startDate>",
        f"<startDate>{LONG_AGO}</startDate><startDate>{LONG_AGO}</startDate><dateType>LASTDOC</dateType>",
        f"<startDate>{LONG_AGO}</startDate><dateType>LASTDOC</dateType><other/>",
    ],
)
def test_a_list_asked_otherwise_is_refused(quiet_stage: Stage, inner: str) -> None:
    who = quiet_stage.who("generaliste")
    body = f'<patientList xmlns="{PATIENTS}">{inner}</patientList>'
    assert who.call("patientsSpecific", LIST, body, who.assertion()).subcode == "soap:DMPInvalidMessage"


def test_who_may_open_a_dossier_is_told_field_by_field(stage: Stage) -> None:
    stage.query("generaliste", "jean")
    answer = parties(stage, "generaliste", "jean", "ACTIVE")
    assert answer.one("//a:Action").text == f"{PARTIES}Response"
    output = answer.one("/s:Envelope/s:Body/r:listAuthorizationByPatientResponse/r:output")
    assert fields(output)[-2:] == ["status", "context"]
    who = cast.professionals()["generaliste"]
    (item,) = [each for each in answer.all("//r:listOfAuthorizationByPatient") if each[0].text == who.id_nat]
    assert fields(item) == [
        "nationalId", "nationalIdType", "firstName", "lastName", "codeSpeciality", "libSpeciality",
        "startOfAuthorization", "lastActionDate", "mode", "specificRight",
    ]  # fmt: skip
    texts = [each.text for each in item]
    assert texts[:5] == [who.id_nat, "1.2.250.1.71.4.2.1", who.given_name, who.family_name, "G15_10/SM26"]
    assert "médecine générale" in texts[5].lower()
    assert [len(text) for text in texts[6:8]] == [14, 14]
    assert texts[8:] == ["ACTIVE", "MEDECIN_TRAITANT"]


def test_a_structure_is_told_by_its_name(stage: Stage) -> None:
    stage.authorise("secretaire", "jean")
    place = cast.professionals()["secretaire"].activities[0].structure
    items = parties(stage, "generaliste", "jean").all("//r:listOfAuthorizationByPatient")
    (item,) = [each for each in items if each[0].text == place.id_nat]
    assert fields(item) == [
        "nationalId", "nationalIdType", "lastName", "startOfAuthorization", "lastActionDate", "mode",
    ]  # fmt: skip
    assert [item[1].text, item[2].text, item[5].text] == ["1.2.250.1.71.4.2.2", place.name, "ACTIVE"]


def test_the_three_modes(stage: Stage) -> None:
    stage.authorise("radiologue", "amelie")
    modes = {
        mode: sorted({each.text for each in parties(stage, "radiologue", "amelie", mode).all("//r:mode")})
        for mode in ("ACTIVE", "INTERDITE", "TOUTE")
    }
    assert modes == {"ACTIVE": ["ACTIVE"], "INTERDITE": ["INTERDITE"], "TOUTE": ["ACTIVE", "INTERDITE"]}


def test_an_expired_authorisation_is_in_no_mode(stage: Stage) -> None:
    expired = cast.professionals()["generaliste-port"].id_nat
    assert expired not in [each.text for each in parties(stage, "radiologue", "amelie").all("//r:nationalId")]


@pytest.mark.parametrize(
    ("name", "patient", "options", "code"),
    [
        ("secretaire", "jean", {}, "DMPAccessDeniedByRightsService"),
        ("generaliste", "jean", {"purpose": "centre_15"}, "DMPAccessDeniedByRightsService"),
        ("generaliste", "jean", {"purpose": "bris_de_glace", "reason": "x"}, "DMPAccessDeniedByRightsService"),
        ("generaliste", "sophie", {}, "DMPUnknownPatient"),
        ("generaliste", "odette", {}, "DMPClosed"),
        ("generaliste-gare", "amelie", {}, "DMPAccessDeniedByRightsService"),
    ],
)
def test_the_list_of_parties_is_refused_with_its_code(
    quiet_stage: Stage, name: str, patient: str, options: dict[str, str], code: str
) -> None:
    assert parties(quiet_stage, name, patient, **options).subcode == f"soap:{code}"


@pytest.mark.parametrize("inner", ["", "<mode/>", "<mode>ACTIF</mode>", "<mode>TOUTE</mode><mode>TOUTE</mode>"])
def test_parties_asked_otherwise_are_refused(quiet_stage: Stage, inner: str) -> None:
    who = quiet_stage.who("generaliste")
    body = f'<listAuthorizationByPatient xmlns="{RIGHTS}">{inner}</listAuthorizationByPatient>'
    assert who.call("habilitations", PARTIES, body, who.assertion("jean")).subcode == "soap:DMPInvalidMessage"
