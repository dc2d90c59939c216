"""Whatever the host answers, a parser gives a value or a Failure; nobody else's data passes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from wire_stage import NOW

from dossier.failure import Failure
from dossier.following import ListBasis, PartyFilter
from dossier.patient import INS_NIR_TEST, Ins, nir_key
from soap_clients import authorisations, patient_access, patient_list, patient_search, patients, safe_xml, services

HL7 = "urn:hl7-org:v3"
BODIES = ("2550814168025", "1750199999034")
INS, OTHER = (Ins(body + nir_key(body), INS_NIR_TEST) for body in BODIES)


def patient(ins: Ins = INS) -> str:
    return (
        f'<subject><registrationEvent><subject1><patient><id root="1.2.250.1.213.1.4.2" extension="12"/>'
        f'<id root="{ins.oid}" extension="{ins.matricule}"/><statusCode code="terminated"/><patientPerson>'
        '<name><prefix>Mme</prefix><given>ANNE</given><family qualifier="SP">PETIT</family>'
        '<family qualifier="BR">DUVAL</family></name><telecom value="tel:0299000000" use="HP"/>'
        '<telecom value="tel:0612345678" use="MC"/><telecom value="mailto:anne@example.fr"/>'
        '<administrativeGenderCode code="F"/><birthTime value="19550814"/><deceasedInd value="true"/>'
        "<addr><streetAddressLine>1 rue A</streetAddressLine><additionalLocator>Bât. B</additionalLocator>"
        "<postalCode>35000</postalCode><city>RENNES</city><country>FR</country></addr>"
        '<personalRelationship><code code="MTH"/><addr><city>LYON</city></addr><telecom value="mailto:eve@example.fr"/>'
        "<relationshipHolder1><name><given>EVE</given><family>DUVAL</family></name></relationshipHolder1>"
        "</personalRelationship><birthPlace><addr><city>35238</city></addr></birthPlace></patientPerson>"
        '<subjectOf><administrativeObservation><code code="OPPOSITION_BRIS_DE_GLACE"/><value value="true"/>'
        "</administrativeObservation></subjectOf>"
        '<subjectOf1><queryMatchObservation><code code="POURCENTAGE"/><value value="87"/></queryMatchObservation>'
        '</subjectOf1><subjectOf2><administrativeObservation><code code="OPPOSITION_ACCES_URGENCE"/>'
        '<value value="true"/></administrativeObservation></subjectOf2>'
        "</patient></subject1></registrationEvent></subject>"
    )


def message(name: str, act: str, ack: str = '<acknowledgement typeCode="AA"/>') -> str:
    return f'<{name} xmlns="{HL7}">{ack}<controlActProcess>{act}</controlActProcess></{name}>'


CLOSING = (
    '<reasonOf><detectedIssueEvent><code code="FERMETURE_DEMANDE_PATIENT"/><text>Parti</text>'
    '<effectiveTime value="20261101120000"/></detectedIssueEvent></reasonOf>'
)
FOUND = '<queryAck><queryId extension="q"/><queryResponseCode code="OK"/></queryAck>'
SHEET = message("PRPA_IN201308UV02", patient() + CLOSING + FOUND)
NE2008 = '<acknowledgement><typeCode code="AA"/><targetMessage><id extension="m"/></targetMessage></acknowledgement>'
SEARCH = message("PRPA_IN201306UV02", patient() + FOUND, NE2008)
ACCEPTED = message("PRPA_IN201315UV02", patient())
CHANGED = f'<g:PRPA_IN201314UV02_Response xmlns:g="asip:ci-sis:gdp:2010">{ACCEPTED}</g:PRPA_IN201314UV02_Response>'
LIST = (
    '<patientListResponse xmlns="urn:si-dmp-patients"><output><patientlistData><patientIdentifier>'
    f"<nationalId>{INS.matricule}</nationalId><nationalIdType>{INS.oid}</nationalIdType></patientIdentifier>"
    "<patientIdentifier><nationalId>1234567890123456789012</nationalId>"
    "<nationalIdType>1.2.250.1.213.1.4.2</nationalIdType></patientIdentifier><lastName>PETIT</lastName>"
    "<patronymicalName>DUVAL</patronymicalName><firstName>ANNE</firstName><civility>MME</civility>"
    "<dateOfBirth>19550814</dateOfBirth><MT>true</MT><message>false</message>"
    "<lastAccessDate>20261101120000</lastAccessDate></patientlistData><status>DMPOk</status><context/></output>"
    "</patientListResponse>"
)
PARTIES = (
    '<listAuthorizationByPatientResponse xmlns="urn:si-dmp-habilitations"><output><listOfAuthorizationByPatient>'
    "<nationalId>899700000021</nationalId><nationalIdType>1.2.250.1.71.4.2.1</nationalIdType>"
    "<firstName>Claire</firstName><lastName>MARTIN</lastName><codeSpeciality>G15_10/SM26</codeSpeciality>"
    "<libSpeciality>Médecin</libSpeciality><startOfAuthorization>2026-11-01T12:00:00+01:00</startOfAuthorization>"
    "<mode>INTERDITE</mode><specificRight>MEDECIN_TRAITANT</specificRight></listOfAuthorizationByPatient>"
    "<status>DMPOk</status></output></listAuthorizationByPatientResponse>"
)
ACCOUNT = (
    '<updatePatientAccessResponse xmlns="urn:si-dmp-patients"><output><login>l</login><password>p</password>'
    "<status>DMPOk</status></output></updatePatientAccessResponse>"
)


@dataclass
class Answering:
    """Where a Host would be: the small services answered by one text, read as the real Host reads."""

    text: str

    def invoke(self, endpoint: str, action: str, values: Any, **how: Any) -> Any:
        return services.read_body(endpoint, action, safe_xml.parse(self.text.encode()))


READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "TD0.2": (SHEET, lambda text: patients.read_existence(safe_xml.parse(text.encode()), INS)),
    "TD1.3a": (SHEET, lambda text: patients.read_administrative_answer(safe_xml.parse(text.encode()), INS)),
    "TD0.5": (SEARCH, lambda text: patient_search.read_candidates(safe_xml.parse(text.encode()), "m", "q")),
    "TD1.3b": (
        CHANGED,
        lambda text: patients.read_outcome(safe_xml.parse(text.encode()), ("201314", "201315", "201316"), "", INS),
    ),
    "TD0.4": (LIST, lambda text: patient_list.list_dossiers(Answering(text), NOW, ListBasis.AUTHORISED)),
    "TD1.6": (PARTIES, lambda text: authorisations.list_parties(Answering(text), INS, PartyFilter.ALL)),
    "TD1.5d": (ACCOUNT, lambda text: patient_access.renew_secrets(Answering(text), INS)),
}


def read(name: str, change: Callable[[str], str] = str) -> Any:
    text, reader = READERS[name]
    return reader(change(text))


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(Failure) as caught:
        call()
    return caught.value.code


def test_an_administrative_sheet_is_read_whole():
    sheet = read("TD1.3a")
    assert (sheet.title, sheet.home_phone, sheet.deceased, sheet.birth_place) == ("MME", "0299000000", True, "35238")
    assert sheet.address.lines == ("1 rue A", "Bât. B")
    assert [each.value for each in sheet.contacts] == ["0612345678", "anne@example.fr"]
    assert sheet.representatives[0].contacts[0].value == "eve@example.fr"
    assert (sheet.closing_reason, sheet.closed_at.isoformat()) == ("Parti", "2026-11-01T12:00:00+00:00")


def test_a_candidate_a_followed_dossier_and_a_party_are_read_whole():
    (candidate,) = read("TD0.5")
    assert (candidate.ins, candidate.score, candidate.city, candidate.opposes_regulation) == (INS, 87, "RENNES", True)
    (followed,) = read("TD0.4")
    assert (followed.ins, followed.is_attending_doctor, followed.other_ids) == (INS, True, ())
    (party,) = read("TD1.6")
    assert (party.is_forbidden, party.since.hour, party.is_attending_doctor) == (True, 11, True)


@pytest.mark.parametrize(
    ("name", "code"), [("TD0.2", "PATIENT_MISMATCH"), ("TD1.3a", "PATIENT_MISMATCH"), ("TD1.3b", "OUTCOME_UNKNOWN")]
)
def test_the_answer_about_somebody_else_is_refused(name, code):
    assert code_of(lambda: read(name, lambda text: text.replace(INS.matricule, OTHER.matricule))) == code


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("TD0.4", INS.matricule, "255081416802599", "HOST_ANSWER_INVALID"),
        ("TD0.4", INS.oid, "1.2.3", "HOST_ANSWER_INVALID"),
        ("TD0.4", "20261101120000", "20261399", "HOST_ANSWER_INVALID"),
        ("TD0.4", "DMPOk", "DMPAccessDeniedByRightsService", "ACCESS_DENIED"),
        ("TD0.4", "<status>DMPOk</status>", "", "HOST_ANSWER_INVALID"),
        ("TD1.6", "INTERDITE", "PEUT-ETRE", "HOST_ANSWER_INVALID"),
        ("TD1.6", "1.2.250.1.71.4.2.1", "1.2.3", "HOST_ANSWER_INVALID"),
        ("TD1.5d", "<login>l</login>", "", "HOST_ANSWER_INVALID"),
        ("TD1.5d", "DMPOk", "DMPPatientAccessNotFound", "ACCOUNT_ABSENT"),
        ("TD0.5", 'extension="q"', 'extension="other"', "HOST_ANSWER_MISMATCH"),
        ("TD0.5", 'extension="m"', 'extension="other"', "HOST_ANSWER_MISMATCH"),
        ("TD0.5", 'code="OK"', 'code="AE"', "HOST_FAULT"),
        ("TD0.5", INS.matricule, "255081416802599", "HOST_ANSWER_INVALID"),
        ("TD1.3a", "20261101120000", "hier", "HOST_ANSWER_INVALID"),
    ],
)
def test_a_bad_answer_has_its_code(name, old, new, code):
    assert code_of(lambda: read(name, lambda text: text.replace(old, new))) == code


def test_an_answer_of_too_many_is_bounded():
    many = SEARCH.replace(patient(), patient() * 101)
    assert code_of(lambda: patient_search.read_candidates(safe_xml.parse(many.encode()))) == "TOO_MANY_CANDIDATES"
    item = re.search("<patientlistData>.*</patientlistData>", LIST).group()
    assert len(read("TD0.4", lambda text: text.replace(item, item * 300))) == 300
    relation = re.search("<personalRelationship>.*</personalRelationship>", SHEET).group()
    bad = code_of(lambda: read("TD1.3a", lambda text: text.replace(relation, relation * 21)))
    assert bad == "HOST_ANSWER_INVALID"


def spoiled(text: str, seed: int) -> str:
    """Remove, empty, repeat, rename or fill with junk a few places of a message, well-formed or not."""
    chance = random.Random(seed)
    root = etree.fromstring(text.encode())
    for _ in range(chance.randint(1, 4)):
        element = chance.choice(list(root.iter()))
        act = chance.randrange(6)
        if act == 0 and element.getparent() is not None:
            element.getparent().remove(element)
        elif act == 1:
            element.clear()
        elif act == 2 and element.getparent() is not None:
            element.getparent().append(etree.fromstring(etree.tostring(element)))
        elif act == 3:
            element.text = chance.choice(["", "\u202e", "9" * 300, "-1", "\U0001f600", "DMPOk"])
        elif act == 4 and element.attrib:
            element.set(chance.choice(list(element.attrib)), chance.choice(["", "x" * 500, "é", "0", "true"]))
        else:
            element.tag = etree.QName(chance.choice(["urn:x", HL7]), chance.choice(["id", "output", "zz"]))
    text = etree.tostring(root, encoding="unicode")
    if chance.random() < 0.1:
        text = text[: chance.randrange(len(text))]
    return text


@pytest.mark.parametrize("name", sorted(READERS))
@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_only_a_failure_escapes_from_a_spoiled_answer(name, seed):
    try:
        read(name, lambda text: spoiled(text, seed))
    except Failure as failure:
        assert failure.sentence()
