"""The patient transactions, shape by shape, over real TLS."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from host_wire import HL7, TEST_OID, Answer, Stage, ins_of, reason_code, state_of, wrapper
from tx_bodies import observation, vitale_party

from card_sim import cast

CREATE = f"{HL7}:PRPA_IN201311UV02"
CHANGE = f"{HL7}:PRPA_IN201314UV02"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"


def person_of(key: str, *, birth_name: str = "", more: str = "") -> str:
    who = cast.patients()[key]
    given = "".join(f"<given>{each}</given>" for each in who.given_names)
    return (
        f'<patientPerson classCode="PSN" determinerCode="INSTANCE"><name>{given}'
        f'<family qualifier="SP">{who.shown_name}</family>'
        f'<family qualifier="BR">{birth_name or who.birth_name}</family></name>'
        f'<telecom value="tel:0612345678" use="MC"/><telecom value="mailto:{key}@example.org"/>'
        f'<administrativeGenderCode code="{who.sex}"/><birthTime value="{who.birth_date}"/>{more}</patientPerson>'
    )


def author_of(stage: Stage, name: str) -> str:
    who = stage.who(name).cast
    return (
        '<author typeCode="AUT"><assignedEntity classCode="ASSIGNED">'
        f'<id root="1.2.250.1.71.4.2.1" extension="{who.id_nat}"/>'
        '<code code="G15_10/SM26" codeSystem="1.2.250.1.213.1.1.4.5"/>'
        '<assignedPerson classCode="PSN" determinerCode="INSTANCE"><name>'
        f"<given>{who.given_name}</given><family>{who.family_name}</family></name></assignedPerson>"
        '<representedOrganization classCode="ORG" determinerCode="INSTANCE">'
        f'<id root="1.2.250.1.71.4.2.2" extension="{who.activities[0].structure.id_nat}"/>'
        f"<name>{escape(who.activities[0].structure.name)}</name></representedOrganization>"
        "</assignedEntity></author>"
    )


def registration(stage: Stage, name: str, key: str, reason: str, inner: str, **options: str) -> str:
    number = "PRPA_IN201311UV02" if reason == "CREA_RD" else "PRPA_IN201314UV02"
    act = (
        f'{reason_code(reason)}<subject typeCode="SUBJ"><registrationRequest classCode="REG" moodCode="RQO">'
        '<statusCode code="active"/><subject1 typeCode="SBJ"><patient classCode="PAT">'
        f'<id root="{TEST_OID}" extension="{ins_of(key)}"/><statusCode code="{options.get("status", "active")}"/>'
        f"{inner}</patient></subject1>{options.get('author') or author_of(stage, name)}</registrationRequest></subject>"
        f"{options.get('after', '')}"
    )
    return wrapper(number, act)


def create(stage: Stage, key: str, name: str = "pharmacien", **options: str) -> Answer:
    person = person_of(key, birth_name=options.get("birth_name", ""), more=options.get("vitale", vitale_party(key)))
    observed = options.get(
        "observed",
        observation("CONSENTEMENT_OUVERTURE_DMP", "true", "20260101120000")
        + observation("OPPOSITION_BRIS_DE_GLACE", options.get("glass", "false"))
        + observation("OPPOSITION_ACCES_URGENCE", options.get("fifteen", "false")),
    )
    who = stage.who(name)
    body = registration(stage, name, key, "CREA_RD", person + observed, author=options.get("author", ""))
    return who.call("patients", CREATE, body, who.assertion(key))


def change(stage: Stage, key: str, reason: str, inner: str, name: str = "pharmacien", **options: str) -> Answer:
    who = stage.who(name)
    body = registration(stage, name, key, reason, inner, **options)
    return who.call("patients", CHANGE, body, who.assertion(key, now=stage.house.clock.now()))


def refusal_of(answer: Answer) -> str:
    return str(answer.one("//h:acknowledgementDetail/h:code/@code"))


def test_td02_shows_authorisation_and_treating_doctor_before_the_acknowledgement(quiet_stage: Stage) -> None:
    answer = quiet_stage.query("generaliste", "jean")
    message = answer.one("/s:Envelope/s:Body/h:PRPA_IN201308UV02")
    assert message.get("ITSVersion") == "XML_1.0"
    names = [child.tag.removeprefix(f"{{{HL7}}}") for child in message]
    assert names == [
        "id", "creationTime", "interactionId", "processingCode", "processingModeCode", "acceptAckCode", "receiver",
        "sender", "attentionLine", "attentionLine", "acknowledgement", "controlActProcess",
    ]  # fmt: skip
    first, second = answer.all("//h:attentionLine")
    assert (first[0].get("code"), first[0].get("codeSystem")) == ("AUTORISATION", "1.2.250.1.213.4.1.2.6.1")
    assert dict(first[1].attrib) == {_XSI: "CV", "code": "VALIDE", "codeSystem": "1.2.250.1.213.4.1.2.6.2"}
    assert (second[0].get("code"), second[0].get("codeSystem")) == ("STATUT_MT", "1.2.250.1.213.4.1.2.6.3")
    assert dict(second[1].attrib) == {_XSI: "BL", "value": "true"}


def test_td02_echoes_the_sender_the_identifiers_and_the_reason(quiet_stage: Stage) -> None:
    answer = quiet_stage.query("generaliste", "jean")
    assert answer.one("//h:receiver/h:device/h:id/@root") == "1.2.250.1.999.1.1.7898"
    assert answer.one("//h:sender/h:device/h:id/@root") == "1.2.250.1.213.4.1.1.1"
    assert answer.one("//h:acknowledgement/@typeCode") == "AA"
    assert answer.one("//h:targetMessage/h:id/@root") == "1.2.250.1.999.1.1.7898.1.1"
    assert answer.one("//h:controlActProcess/h:reasonCode/@code") == "TEST_EXST"
    assert answer.one("//h:queryAck/h:queryId/@extension") == "q-1"
    assert answer.one("//h:queryAck/h:queryResponseCode/@code") == "OK"


def test_td02_describes_the_patient(quiet_stage: Stage) -> None:
    answer = quiet_stage.query("generaliste-port", "amelie")
    patient = "//h:subject/h:registrationEvent/h:subject1/h:patient"
    assert answer.one(f"{patient}/h:id/@extension") == ins_of("amelie")
    assert answer.one(f"{patient}/h:id/@root") == TEST_OID
    assert answer.one(f"{patient}/h:statusCode/@code") == "active"
    name = f"{patient}/h:patientPerson/h:name"
    assert answer.one(f"{name}/h:family[@qualifier='SP']").text == "MONTMORENCY-LAVALLIERE DELAROCHEFOUCAULD"
    assert answer.one(f"{name}/h:family[@qualifier='BR']").text == "MONTMORENCY"
    assert [each.text for each in answer.all(f"{name}/h:given")] == ["AMELIE", "JEANNE"]
    assert answer.one(f"{patient}/h:patientPerson/h:birthTime/@value") == "19911008"
    assert answer.one("//h:custodian/h:assignedEntity/h:id/@root") == "1.2.250.1.213.4.1.1.1"
    codes = answer.all("//h:administrativeObservation/h:code/@code")
    assert codes == ["COMPTE_INTERNET_OUVERT", "RATTACHEMENT_ENS"]
    assert not answer.all("//h:addr")


@pytest.mark.parametrize(
    ("name", "patient", "state"),
    [
        ("generaliste", "jean", "VALIDE"),
        ("radiologue", "jean", "NON_EXISTE"),
        ("generaliste-port", "amelie", "EXPIRE"),
        ("generaliste-gare", "amelie", "INTERDIT"),
    ],
)
def test_td02_tells_each_state_of_an_authorisation(quiet_stage: Stage, name: str, patient: str, state: str) -> None:
    assert state_of(quiet_stage.query(name, patient)) == state


def test_td02_of_nobody_is_not_found_without_subject(quiet_stage: Stage) -> None:
    answer = quiet_stage.query("generaliste", "sophie")
    assert answer.one("//h:acknowledgement/@typeCode") == "AA"
    assert answer.one("//h:queryResponseCode/@code") == "NF"
    assert not answer.all("//h:subject")


def test_td02_of_a_closed_dossier_gives_the_reason(quiet_stage: Stage) -> None:
    answer = quiet_stage.query("generaliste", "odette")
    assert answer.one("//h:patient/h:statusCode/@code") == "terminated"
    assert answer.one("//h:detectedIssueEvent/h:code/@code") == "FERMETURE_DEMANDE_PATIENT"
    assert answer.one("//h:detectedIssueEvent/h:text").text == "Je ne veux plus de DMP"


def test_td13a_adds_the_administrative_data(quiet_stage: Stage) -> None:
    answer = quiet_stage.query("generaliste", "karim", "CNSLT_DATA")
    assert not answer.all("//h:attentionLine")
    assert answer.one("//h:patientPerson/h:addr/h:city").text == "La Rochelle"
    assert answer.one("//h:patientPerson/h:addr/h:postalCode").text == "17000"
    assert answer.one("//h:deceasedInd/@value") == "false"
    observed = {each[0].get("code"): each[1].get("value") for each in answer.all("//h:administrativeObservation")}
    assert observed == {"OPPOSITION_BRIS_DE_GLACE": "true", "OPPOSITION_ACCES_URGENCE": "true"}


@pytest.mark.parametrize(
    "damage",
    [
        ("<processingModeCode", "<priorityCode"),
        ('<acceptAckCode code="AL"/>', ""),
        ('extension="PRPA_IN201307UV02"', 'extension="PRPA_IN201308UV02"'),
        ('<id root="1.2.250.1.213.4.1.1.1"/>', '<id root="1.2.3"/>'),
        ("TEST_EXST", "CREA_RD"),
        ("Patient.id", "Patient.name"),
        ('<statusCode code="new"/>', ""),
        ('value="20260101120000"', 'value="hier"'),
        ('ITSVersion="XML_1.0"', 'ITSVersion="XML_2.0"'),
    ],
)
def test_a_query_of_another_shape_is_refused(quiet_stage: Stage, damage: tuple[str, str]) -> None:
    from host_wire import QUERY_ACTION, query_body

    who = quiet_stage.who("generaliste")
    body = query_body(ins_of("jean"))
    assert damage[0] in body
    answer = who.call("patients", QUERY_ACTION, body.replace(*damage), who.assertion("jean"))
    assert answer.subcode == "soap:DMPInvalidMessage"


def test_td11_opens_a_dossier(stage: Stage) -> None:
    answer = create(stage, "sophie", glass="true")
    assert answer.one("//g:PRPA_IN201311UV02_Response/h:PRPA_IN201312UV02") is not None
    assert answer.one("//a:Action").text == f"{HL7}:PRPA_IN201311ResponseUV02"
    message = "//h:PRPA_IN201312UV02"
    assert answer.one(f"{message}/h:id/@root") == "1.2.250.1.213.4.1.1.1.1"
    assert answer.one(f"{message}/h:acknowledgement/@typeCode") == "AA"
    assert answer.one("//h:registrationEvent/h:statusCode/@code") == "completed"
    seen = stage.query("generaliste", "sophie", "CNSLT_DATA")
    assert seen.one("//h:queryResponseCode/@code") == "OK"
    assert seen.all("//h:telecom/@value") == ["tel:0612345678", "mailto:sophie@example.org"]
    observed = seen.all("//h:administrativeObservation/h:value/@value")
    assert observed == ["true", "false"]


def test_td11_tells_the_patient(stage: Stage) -> None:
    create(stage, "sophie")
    told = stage.admin("notifications?patient=sophie")
    assert [(each["kind"], each["text"]) for each in told] == [
        ("creation", "Votre dossier médical partagé a été créé par Paul MERCIER.")
    ]


def test_td11_authorises_nobody(stage: Stage) -> None:
    create(stage, "sophie")
    assert state_of(stage.query("pharmacien", "sophie")) == "NON_EXISTE"


def test_td11_for_a_child_reads_the_parents_card(stage: Stage) -> None:
    assert create(stage, "leo").all("//h:PRPA_IN201312UV02")


def test_td11_twice_is_refused(stage: Stage) -> None:
    create(stage, "sophie")
    answer = create(stage, "sophie")
    assert answer.status == 200
    assert answer.all("//g:PRPA_IN201311UV02_Response/h:PRPA_IN201313UV02")
    assert answer.one("//h:acknowledgement/@typeCode") == "AE"
    assert refusal_of(answer) == "DMPFound"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"observed": ""}, "DMPConsentRequired"),
        ({"observed": observation("CONSENTEMENT_OUVERTURE_DMP", "false", "20260101120000")}, "DMPConsentRequired"),
        ({"observed": observation("CONSENTEMENT_OUVERTURE_DMP", "true")}, "DMPConsentRequired"),
        ({"vitale": ""}, "DMPVitaleRequired"),
        ({"vitale": vitale_party("jean")}, "DMPVitaleRequired"),
        ({"birth_name": "MARTIN"}, "DMPIdentityDifferent"),
    ],
)
def test_td11_without_what_it_needs_is_refused(stage: Stage, options: dict[str, str], code: str) -> None:
    assert refusal_of(create(stage, "sophie", **options)) == code
    assert stage.query("generaliste", "sophie").one("//h:queryResponseCode/@code") == "NF"


def test_td11_of_a_patient_whom_insi_cannot_qualify_is_refused(stage: Stage) -> None:
    assert refusal_of(create(stage, "lucie")) == "DMPIdentityNotQualified"


def test_td11_says_both_oppositions(stage: Stage) -> None:
    only_consent = observation("CONSENTEMENT_OUVERTURE_DMP", "true", "20260101120000")
    assert create(stage, "sophie", observed=only_consent).subcode == "soap:DMPInvalidMessage"


def test_the_author_of_a_registration_is_the_caller(stage: Stage) -> None:
    other = author_of(stage, "generaliste")
    assert create(stage, "sophie", author=other).subcode == "soap:DMPIdentityMismatch"


def test_a_secretary_may_open_a_dossier(stage: Stage) -> None:
    assert create(stage, "sophie", "secretaire").all("//h:PRPA_IN201312UV02")


def test_td12_opens_a_closed_dossier_again(stage: Stage) -> None:
    consent = observation("CONSENTEMENT_REACTIVATION_DMP", "true", "20260101120000")
    answer = change(stage, "odette", "REAC", person_of("odette") + consent)
    assert answer.all("//g:PRPA_IN201314UV02_Response/h:PRPA_IN201315UV02")
    assert answer.one("//a:Action").text == f"{HL7}:PRPA_IN201314ResponseUV02"
    seen = stage.query("generaliste", "odette")
    assert seen.one("//h:patient/h:statusCode/@code") == "active"
    assert not seen.all("//h:detectedIssueEvent")


def test_td12_needs_consent(stage: Stage) -> None:
    assert refusal_of(change(stage, "odette", "REAC", person_of("odette"))) == "DMPConsentRequired"


def test_td12_of_an_open_dossier_is_refused(stage: Stage) -> None:
    consent = observation("CONSENTEMENT_REACTIVATION_DMP", "true", "20260101120000")
    assert refusal_of(change(stage, "jean", "REAC", person_of("jean") + consent)) == "DMPFound"


def test_td12_after_ten_years_finds_nothing(stage: Stage) -> None:
    stage.admin("clock", {"advance_days": 3700})
    consent = observation("CONSENTEMENT_REACTIVATION_DMP", "true", "20260101120000")
    assert refusal_of(change(stage, "odette", "REAC", person_of("odette") + consent)) == "DMPNotFound"


def test_td13b_replaces_contacts_and_oppositions(stage: Stage) -> None:
    inner = person_of("karim") + observation("OPPOSITION_BRIS_DE_GLACE", "false")
    inner += observation("OPPOSITION_ACCES_URGENCE", "true")
    assert change(stage, "karim", "MODIF_DATA", inner).all("//h:PRPA_IN201315UV02")
    seen = stage.query("generaliste", "karim", "CNSLT_DATA")
    assert "tel:0612345678" in seen.all("//h:telecom/@value")
    assert seen.all("//h:administrativeObservation/h:value/@value") == ["false", "true"]


def closing(text: str) -> str:
    return (
        '<reasonOf typeCode="RSON"><detectedIssueEvent classCode="ALRT" moodCode="EVN">'
        '<code code="FERMETURE_DEMANDE_PATIENT" codeSystem="1.2.250.1.213.4.1.2.4"/>'
        f"<text>{text}</text></detectedIssueEvent></reasonOf>"
    )


def test_td14_closes_a_dossier(stage: Stage) -> None:
    answer = change(stage, "paul", "FERM", person_of("paul"), status="terminated", after=closing("Déménagement"))
    assert answer.all("//h:PRPA_IN201315UV02")
    seen = stage.query("generaliste", "paul")
    assert seen.one("//h:patient/h:statusCode/@code") == "terminated"
    assert seen.one("//h:detectedIssueEvent/h:text").text == "Déménagement"
    again = change(stage, "paul", "FERM", person_of("paul"), status="terminated", after=closing("x"))
    assert refusal_of(again) == "DMPClosed"


def test_a_dossier_attached_to_the_patients_space_is_not_closed_from_here(stage: Stage) -> None:
    seed = {
        "key": "ens", "ins": ins_of("paul"), "birth_name": "ROUSSEL", "given_names": ["PAUL"],
        "birth_date": "19650212", "sex": "M", "state": "open", "attached_to_ens": True,
    }  # fmt: skip
    stage.admin("patients", seed)
    answer = change(stage, "paul", "FERM", person_of("paul"), status="terminated", after=closing("x"))
    assert answer.subcode == "soap:DMPAccessDeniedByRightsService"
