"""TD0.5: a patient looked for without INS by the emergency regulation, element by element."""

from __future__ import annotations

from typing import Any

import pytest
from host_wire import HL7, PATIENTS, TEST_OID, Answer, Stage, ins_of, wrapper

from card_sim import cast

ACTION = f"{HL7}:PRPA_IN201305UV02"
KIT_ACTION = "urn:ihe:iti:pdqv3:2007:PDQSupplier_Service:findCandidatesQuery"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"
CODE = '<code code="PRPA_TE201305UV02" codeSystem="2.16.840.1.113883.1.6"/>'
QUERY_ID = '<queryId root="1.2.250.1.999.1.1.7898.1.2" extension="q-5"/>'
NEW = '<statusCode code="new"/>'


def name(family: str = "", given: str = "") -> str:
    inner = (f"<given>{given}</given>" if given else "") + (f"<family>{family}</family>" if family else "")
    return f"<livingSubjectName><value>{inner}</value>{text('LivingSubject.name')}</livingSubjectName>"


def text(words: str) -> str:
    return f"<semanticsText>{words}</semanticsText>"


def gender(code: str) -> str:
    value = f'<value code="{code}" codeSystem="2.16.840.1.113883.5.1"/>'
    words = text("LivingSubject.administrativeGender")
    return f"<livingSubjectAdministrativeGender>{value}{words}</livingSubjectAdministrativeGender>"


def birth(date: str) -> str:
    words = text("LivingSubject.birthTime")
    return f'<livingSubjectBirthTime><value value="{date}"/>{words}</livingSubjectBirthTime>'


def address(city: str = "", postal: str = "") -> str:
    inner = (f"<postalCode>{postal}</postalCode>" if postal else "") + (f"<city>{city}</city>" if city else "")
    return f"<patientAddress><value>{inner}</value>{text('Patient.addr')}</patientAddress>"


def search_body(parameters: str, code: str = CODE, query_id: str = QUERY_ID, status: str = NEW) -> str:
    query = (
        f"<queryByParameter>{query_id}{status}<parameterList>{parameters}</parameterList></queryByParameter>"
        if parameters is not None
        else ""
    )
    return wrapper("PRPA_IN201305UV02", code + query)


def search(stage: Stage, parameters: str, who: str = "regulateur", action: str = ACTION, **options: Any) -> Answer:
    caller = stage.who(who)
    options = {"purpose": "centre_15", "now": stage.house.clock.now(), **options}
    patient = options.pop("patient", "")
    body = options.pop("body", "") or search_body(parameters)
    return caller.call("patientsPDQ", action, body, caller.assertion(patient, **options))


def found(answer: Answer) -> list[str]:
    return [str(each) for each in answer.all("//h:subject//h:patient/h:id[last()]/@extension")]


def fields(element: Any) -> list[str]:
    return [child.tag.rpartition("}")[2] for child in element]


def test_a_candidate_is_told_element_by_element(quiet_stage: Stage) -> None:
    who = cast.patients()["jean"]
    parameters = name(who.birth_name.lower(), who.given_names[0]) + birth(who.birth_date)
    answer = search(quiet_stage, parameters)
    assert answer.one("//a:Action").text == f"{HL7}:PRPA_IN201306UV02"
    message = answer.one("/s:Envelope/s:Body/h:PRPA_IN201306UV02")
    assert fields(message) == [
        "id", "creationTime", "interactionId", "processingCode", "processingModeCode", "acceptAckCode", "receiver",
        "sender", "acknowledgement", "controlActProcess",
    ]  # fmt: skip
    assert answer.one("//h:interactionId/@extension") == "PRPA_IN201306UV02"
    acknowledgement = answer.one("//h:acknowledgement")
    assert acknowledgement.attrib == {}
    assert fields(acknowledgement) == ["typeCode", "targetMessage"]
    assert acknowledgement[0].get("code") == "AA"
    assert answer.one("//h:targetMessage/h:id/@root") == "1.2.250.1.999.1.1.7898.1.1"
    act = answer.one("//h:controlActProcess")
    assert fields(act) == ["code", "subject", "queryAck", "queryByParameter"]
    assert answer.one("//h:registrationEvent/h:statusCode/@code") == "active"
    patient = answer.one("//h:subject1/h:patient")
    assert fields(patient) == ["id", "statusCode", "patientPerson", "subjectOf1", "subjectOf2"]
    assert dict(patient[0].attrib) == {"root": TEST_OID, "extension": who.ins}
    person = patient[2]
    assert fields(person) == ["name", "administrativeGenderCode", "birthTime", "addr"]
    assert [each.get("qualifier") for each in person[0] if each.tag.endswith("family")] == ["SP", "BR"]
    assert fields(person[3]) == ["city", "postalCode"]


def test_the_score_and_the_opposition_have_their_types(quiet_stage: Stage) -> None:
    answer = search(quiet_stage, name("HADDAD"))
    match = answer.one("//h:subjectOf1/h:queryMatchObservation")
    assert (match.get("classCode"), match.get("moodCode")) == ("COND", "EVN")
    assert dict(match[0].attrib) == {_XSI: "CS", "code": "POURCENTAGE"}
    assert dict(match[1].attrib) == {_XSI: "INT", "value": "100"}
    observation = answer.one("//h:subjectOf2/h:administrativeObservation")
    assert observation[0].get("code") == "OPPOSITION_ACCES_URGENCE"
    assert observation[0].get("codeSystem") == "1.2.250.1.213.4.1.2.3"
    assert dict(observation[1].attrib) == {_XSI: "BL", "value": "true"}


def test_the_query_is_acknowledged_counted_and_echoed(quiet_stage: Stage) -> None:
    answer = search(quiet_stage, name("HADDAD"))
    acknowledgement = answer.one("//h:queryAck")
    assert fields(acknowledgement) == [
        "queryId", "queryResponseCode", "resultTotalQuantity", "resultCurrentQuantity", "resultRemainingQuantity",
    ]  # fmt: skip
    assert acknowledgement[0].get("extension") == "q-5"
    assert acknowledgement[1].get("code") == "OK"
    assert [each.get("value") for each in acknowledgement[2:]] == ["1", "1", "0"]
    assert answer.one("//h:queryByParameter//h:livingSubjectName/h:value/h:family").text == "HADDAD"


def test_nobody_found_is_no_error(quiet_stage: Stage) -> None:
    answer = search(quiet_stage, name("INTROUVABLE"))
    assert answer.one("//h:queryResponseCode/@code") == "NF"
    assert not answer.all("//h:subject")


def test_a_dossier_that_is_closed_is_not_found(quiet_stage: Stage) -> None:
    assert found(search(quiet_stage, name("ROUX"))) == []


@pytest.mark.parametrize("action", [ACTION, KIT_ACTION])
@pytest.mark.parametrize("patient", ["", "jean"])
def test_both_actions_with_and_without_a_patient_in_the_vihf(quiet_stage: Stage, action: str, patient: str) -> None:
    assert found(search(quiet_stage, name("HADDAD"), action=action, patient=patient)) == [ins_of("karim")]


@pytest.mark.parametrize(
    ("parameters", "who"),
    [
        (name("HADDAD", "KARIM"), "karim"),
        (name("montmorency"), "amelie"),
        (name("Montmorency-Lavallière Delarochefoucauld"), "amelie"),
        (name("HADAD"), "karim"),
        (name("", "Amélie"), "amelie"),
        (name("HADDAD") + gender("U"), "karim"),
        (name("HADDAD") + birth(cast.patients()["karim"].birth_date[:4]), "karim"),
        (name("HADDAD") + address("la rochelle"), "karim"),
        (address("La Rochelle", "17000") + name("HADDAD"), "karim"),
    ],
)
def test_each_parameter_finds(quiet_stage: Stage, parameters: str, who: str) -> None:
    assert found(search(quiet_stage, parameters))[:1] == [ins_of(who)]


@pytest.mark.parametrize("parameters", [name("HADDAD") + gender("F"), name("HADDAD") + birth("19010101")])
def test_a_sex_or_a_year_that_is_not_theirs_excludes(quiet_stage: Stage, parameters: str) -> None:
    assert found(search(quiet_stage, parameters)) == []


def test_another_place_lowers_the_score(quiet_stage: Stage) -> None:
    here = search(quiet_stage, name("HADDAD") + address("La Rochelle", "17000")).one("//h:subjectOf1//h:value/@value")
    there = search(quiet_stage, name("HADDAD") + address("Brest", "29200")).one("//h:subjectOf1//h:value/@value")
    assert int(there) < int(here) == 100


def test_ten_candidates_are_shown_and_eleven_are_too_many(stage: Stage) -> None:
    base = cast.patients()["paul"]
    for number in range(11):
        matricule = f"19902750400{number:02d}"
        key = 97 - int(matricule) % 97
        stage.admin(
            "patients",
            {
                "key": f"many{number}", "ins": f"{matricule}{key:02d}", "birth_name": "PLUSIEURS",
                "given_names": ["ANNE" if number else "ZOE"], "birth_date": base.birth_date, "sex": "F",
                "state": "open",
            },
        )  # fmt: skip
    answer = search(stage, name("PLUSIEURS"))
    assert answer.one("//h:acknowledgement/h:typeCode/@code") == "AE"
    assert answer.one("//h:acknowledgementDetail/h:code/@code") == "DMPTooManyPatients"
    assert answer.one("//h:queryResponseCode/@code") == "AE"
    assert answer.one("//h:resultTotalQuantity/@value") == "11"
    assert not answer.all("//h:subject")
    assert len(found(search(stage, name("PLUSIEURS", "Anne")))) == 10
    assert stage.admin("log")[-2]["outcome"] == "DMPTooManyPatients"


@pytest.mark.parametrize(
    ("who", "options"),
    [
        ("regulateur", {"purpose": "normal"}),
        ("regulateur", {"purpose": "bris_de_glace", "reason": "x"}),
        ("secretaire", {}),
    ],
)
def test_the_search_is_for_the_regulation_only(quiet_stage: Stage, who: str, options: dict[str, str]) -> None:
    answer = search(quiet_stage, name("HADDAD"), who, **options)
    assert answer.subcode == "soap:DMPAccessDeniedByRightsService"


RIGHT = name("HADDAD")


@pytest.mark.parametrize(
    "body",
    [
        search_body(RIGHT, code=""),
        search_body(RIGHT, code=CODE.replace("305", "306")),
        search_body(RIGHT, query_id=""),
        search_body(RIGHT, query_id='<queryId root="1.2.3"/>'),
        search_body(RIGHT, status=""),
        search_body(RIGHT, status='<statusCode code="active"/>'),
        search_body(""),
        search_body(RIGHT + RIGHT),
        search_body("<mothersMaidenName/>"),
        search_body(RIGHT.replace("LivingSubject.name", "")),
        search_body(RIGHT.replace(text("LivingSubject.name"), "")),
        search_body(RIGHT.replace("<family>HADDAD</family>", "")),
        search_body(RIGHT.replace("<value><family>HADDAD</family></value>", "")),
        search_body(gender("X")),
        search_body(birth("hier")),
        search_body(birth("19800")),
        search_body(address()),
        search_body(None),  # type: ignore[arg-type]
    ],
)
def test_a_search_of_another_shape_is_refused(quiet_stage: Stage, body: str) -> None:
    assert search(quiet_stage, "", body=body).subcode == "soap:DMPInvalidMessage"


def test_the_certification_of_identities_says_what_replaced_it(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    body = (
        f'<identityCertification xmlns="{PATIENTS}"><nirOD>2061275111005</nirOD>'
        "<dateNaissance>2006-12-01</dateNaissance><rangNaissance>1</rangNaissance></identityCertification>"
    )
    action = f"{PATIENTS}:PatientCertificationEndPoint:identityCertification"
    answer = who.call("patientCertif", action, body, who.assertion())
    assert answer.subcode == "soap:DMPServiceRetired"
    assert "INSi" in answer.root.findtext(".//{*}Text")
