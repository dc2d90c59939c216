"""The readers of what the host sends: they understand its answers, and let nothing but Failure out."""

from __future__ import annotations

import contextlib
import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from dossier.access import AuthorisationState, ChannelKind, Contact, DossierState, EmergencyChoices
from dossier.failure import Failure
from dossier.patient import INS_NIR_TEST, IdentityStatus, Ins, Sex
from soap_clients import insi, patients, services
from soap_clients.envelope import read_envelope

INS = Ins.parse("255081416802538", INS_NIR_TEST)
HL7 = 'xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

PERSON = """<patientPerson classCode="PSN" determinerCode="INSTANCE"><name><prefix>Mme</prefix><given>ODETTE</given>
<given>MARIE</given><family qualifier="SP">ROUX</family><family qualifier="BR">PETIT</family></name>
<telecom value="tel:0612345678" use="MC"/><telecom value="tel:0298000000" use="HP"/>
<telecom value="mailto:odette@example.fr"/>
<administrativeGenderCode code="F"/><birthTime value="19550828"/>
<birthPlace classCode="BIRTHPL"><addr><city>68025</city></addr></birthPlace></patientPerson>"""


def observation(code: str, value: str) -> str:
    return (
        '<subjectOf typeCode="SBJ"><administrativeObservation classCode="OBS" moodCode="EVN">'
        f'<code code="{code}" codeSystem="1.2.250.1.213.4.1.2.3"/><value xsi:type="BL" value="{value}"/>'
        "</administrativeObservation></subjectOf>"
    )


DETAIL = '<acknowledgementDetail><code code="DMPClosed"/></acknowledgementDetail>'
IDS = (
    '<id root="1.2.250.1.213.1.4.2" extension="0123456789012345678901"/>'
    f'<id root="{INS.oid}" extension="{INS.matricule}"/>'
)


def answer(
    *,
    response="OK",
    status="active",
    authorisation="VALIDE",
    attending="true",
    observed="",
    ack='typeCode="AA"',
    inside="",
    person=PERSON,
    reason="",
    ids=IDS,
) -> etree._Element:
    subject = (
        f'<subject typeCode="SUBJ"><registrationEvent classCode="REG" moodCode="EVN"><statusCode code="completed"/>'
        f'<subject1 typeCode="SBJ"><patient classCode="PAT">{ids}<statusCode code="{status}"/>{person}{observed}'
        "</patient></subject1></registrationEvent></subject>"
        if response == "OK"
        else ""
    )
    attention = (
        '<attentionLine><keyWordText code="AUTORISATION" codeSystem="1.2.250.1.213.4.1.2.6.1"/>'
        f'<value xsi:type="CV" code="{authorisation}" codeSystem="1.2.250.1.213.4.1.2.6.2"/></attentionLine>'
        '<attentionLine><keyWordText code="STATUT_MT" codeSystem="1.2.250.1.213.4.1.2.6.3"/>'
        f'<value xsi:type="BL" value="{attending}"/></attentionLine>'
        if authorisation
        else ""
    )
    return etree.fromstring(
        f"<PRPA_IN201308UV02 {HL7}>{attention}<acknowledgement {ack}>{inside}<targetMessage>"
        f'<id root="1" extension="q1"/></targetMessage></acknowledgement><controlActProcess>{subject}{reason}'
        f'<queryAck><queryResponseCode code="{response}"/></queryAck></controlActProcess></PRPA_IN201308UV02>'
    )


def code_of(action) -> str:
    with pytest.raises(Failure) as caught:
        action()
    return caught.value.code


def test_an_open_dossier_is_read_with_authorisation_traits_and_flags():
    observed = observation("COMPTE_INTERNET_OUVERT", "true") + observation("RATTACHEMENT_ENS", "false")
    dossier = patients.read_existence(answer(observed=observed), INS, "q1")
    assert (dossier.state, dossier.authorisation) == (DossierState.OPEN, AuthorisationState.VALID)
    assert dossier.is_attending_doctor
    assert dossier.account_open
    assert not dossier.attached_to_ens
    traits = dossier.traits
    assert (traits.birth_name, traits.usage_name, traits.given_names) == ("PETIT", "ROUX", ("ODETTE", "MARIE"))
    assert (traits.birth_date, traits.sex) == ("19550828", Sex.FEMALE)


@pytest.mark.parametrize("state", list(AuthorisationState))
def test_each_state_of_the_authorisation_is_read(state):
    found = patients.read_existence(answer(authorisation=state.value, attending="false"), INS)
    assert (found.authorisation, found.is_attending_doctor) == (state, False)


def test_no_dossier_is_an_answer_and_no_failure():
    found = patients.read_existence(answer(response="NF", authorisation=""), INS)
    assert (found.state, found.traits) == (DossierState.ABSENT, None)


def test_a_closed_dossier_says_why():
    reason = (
        '<reasonOf typeCode="RSON"><detectedIssueEvent classCode="ALRT" moodCode="EVN">'
        '<code code="FERMETURE_DEMANDE_PATIENT"/><text>Je ne veux plus de DMP</text></detectedIssueEvent></reasonOf>'
    )
    found = patients.read_existence(answer(status="terminated", reason=reason), INS)
    assert (found.state, found.closing_reason) == (DossierState.CLOSED, "Je ne veux plus de DMP")
    assert patients.read_existence(answer(status="terminated"), INS).closing_reason == ""


def test_administrative_data_are_read_with_oppositions_and_channels():
    observed = observation("OPPOSITION_BRIS_DE_GLACE", "true") + observation("OPPOSITION_ACCES_URGENCE", "false")
    found = patients.read_administrative_answer(answer(observed=observed, authorisation=""), INS)
    assert found.choices == EmergencyChoices(allow_break_glass=False, allow_regulation=True)
    assert found.contacts == (
        Contact(ChannelKind.SMS, "0612345678"),
        Contact(ChannelKind.EMAIL, "odette@example.fr"),
    )
    assert found.traits.birth_place == "68025"


def test_administrative_data_of_no_dossier_are_a_failure():
    message = answer(response="NF", authorisation="")
    assert code_of(lambda: patients.read_administrative_answer(message, INS)) == "DOSSIER_ABSENT"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (answer(ids='<id root="1.2.250.1.213.1.4.10" extension="187052901990188"/>'), "PATIENT_MISMATCH"),
        (answer(ids=f'<id root="1.2.250.1.213.1.4.8" extension="{INS.matricule}"/>'), "PATIENT_MISMATCH"),
        (answer(status="nullified"), "HOST_ANSWER_INVALID"),
        (answer(authorisation="AUTRE"), "HOST_ANSWER_INVALID"),
        (answer(person=""), "HOST_ANSWER_INVALID"),
        (answer(response="AE"), "HOST_FAULT"),
        (answer(ack='typeCode="AE"'), "HOST_FAULT"),
        (
            answer(
                ack='typeCode="AE"', inside='<acknowledgementDetail><code code="DMPClosed"/></acknowledgementDetail>'
            ),
            "DOSSIER_CLOSED",
        ),
        (etree.fromstring(f"<PRPA_IN201306UV02 {HL7}/>"), "HOST_ANSWER_INVALID"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(message, code):
    assert code_of(lambda: patients.read_existence(message, INS)) == code


def test_an_answer_to_another_message_is_refused():
    assert code_of(lambda: patients.read_existence(answer(), INS, "q2")) == "HOST_ANSWER_MISMATCH"


def test_the_acknowledgement_of_the_older_schema_is_read_too():
    message = answer(ack="", inside='<typeCode code="AA"/>')
    assert patients.read_existence(message, INS).state is DossierState.OPEN


def outcome(number: str, ack: str, detail: str = "") -> etree._Element:
    return etree.fromstring(
        f'<g:PRPA_IN201311UV02_Response xmlns:g="asip:ci-sis:gdp:2010"><PRPA_IN{number}UV02 {HL7}>'
        f'<acknowledgement typeCode="{ack}">{detail}</acknowledgement><controlActProcess/></PRPA_IN{number}UV02>'
        "</g:PRPA_IN201311UV02_Response>"
    )


def test_a_registration_is_accepted_or_refused_with_its_code():
    numbers = ("201311", "201312", "201313")
    patients.read_outcome(outcome("201312", "AA"), numbers)
    found = '<acknowledgementDetail><code code="DMPFound"/><text>exists</text></acknowledgementDetail>'
    assert code_of(lambda: patients.read_outcome(outcome("201313", "AE", found), numbers)) == "DOSSIER_EXISTS"
    assert code_of(lambda: patients.read_outcome(outcome("201313", "AR"), numbers)) == "HOST_FAULT"
    assert code_of(lambda: patients.read_outcome(outcome("201315", "AA"), numbers)) == "HOST_ANSWER_INVALID"
    assert code_of(lambda: patients.read_outcome(answer(), numbers)) == "HOST_ANSWER_INVALID"


RESULT = """<RESULTAT xmlns="http://www.cnamts.fr/INSiResultat"><CR><CodeCR>00</CodeCR><LibelleCR>OK</LibelleCR></CR>
<INDIVIDU><INSACTIF><IdIndividu><NumIdentifiant>2550814168025</NumIdentifiant><Cle>38</Cle></IdIndividu>
<OID>1.2.250.1.213.1.4.10</OID></INSACTIF><TIQ><NomNaissance>PETIT</NomNaissance><Prenom>ANNE LAURE</Prenom>
<ListePrenom>ANNE LAURE ODETTE</ListePrenom><Sexe>F</Sexe><DateNaissance>1955-08-28</DateNaissance>
<LieuNaissance>68025</LieuNaissance></TIQ></INDIVIDU></RESULTAT>"""


def result(text: str = RESULT):
    return services.read_body("insi", insi.BY_VITALE, etree.fromstring(text))


def test_an_identity_of_insi_is_qualified_with_the_oid_of_the_answer():
    identity = insi.read_result(result())
    assert identity.status is IdentityStatus.QUALIFIED
    assert identity.qualified_ins() == INS
    assert identity.traits.given_names == ("ANNE LAURE", "ODETTE")
    assert (identity.traits.birth_date, identity.traits.birth_place) == ("19550828", "68025")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<CodeCR>00<", "<CodeCR>01<", "INSI_NOT_FOUND"),
        ("<CodeCR>00<", "<CodeCR>43<", "INSI_REFUSED"),
        ("<CodeCR>00</CodeCR>", "", "INSI_REFUSED"),
        ("<Cle>38<", "<Cle>39<", "HOST_ANSWER_INVALID"),
        ("4.10<", "4.2<", "HOST_ANSWER_INVALID"),
        ("1955-08-28", "28/08/1955", "HOST_ANSWER_INVALID"),
        ("<NomNaissance>PETIT</NomNaissance>", "", "HOST_ANSWER_INVALID"),
    ],
)
def test_what_insi_does_not_say_properly_is_refused(old, new, code):
    assert code_of(lambda: insi.read_result(result(RESULT.replace(old, new)))) == code


def mangled(data, element: etree._Element) -> etree._Element:
    """Remove, copy and rewrite some nodes of a valid answer."""
    element = copy.deepcopy(element)
    for _ in range(data.draw(st.integers(1, 5))):
        every = [each for each in element.iter() if isinstance(each.tag, str)]
        target = data.draw(st.sampled_from(every))
        match data.draw(st.integers(0, 4)):
            case 0:
                target.text = data.draw(st.text("aZ09:-é ", max_size=12))
            case 1 if target.attrib:
                name = data.draw(st.sampled_from(sorted(target.attrib)))
                target.set(name, data.draw(st.text("aZ09.:-é", max_size=12)))
            case 2 if target.attrib:
                del target.attrib[data.draw(st.sampled_from(sorted(target.attrib)))]
            case 3 if target.getparent() is not None:
                target.getparent().remove(target)
            case _:
                target.append(copy.deepcopy(data.draw(st.sampled_from(every))))
    return element


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_only_failures_leave_the_readers_of_patient_answers(data):
    observed = observation("COMPTE_INTERNET_OUVERT", "true")
    message = mangled(data, answer(observed=observed))
    with contextlib.suppress(Failure):
        patients.read_existence(message, INS, "q1")
    with contextlib.suppress(Failure):
        patients.read_administrative_answer(message, INS, "q1")
    with contextlib.suppress(Failure):
        patients.read_outcome(mangled(data, outcome("201313", "AE")), ("201311", "201312", "201313"))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_only_failures_leave_the_reader_of_insi_answers(data):
    with contextlib.suppress(Failure):
        insi.read_result(services.read_body("insi", insi.BY_VITALE, mangled(data, etree.fromstring(RESULT))))


ENVELOPE = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">
<s:Header><a:Action>urn:aResponse</a:Action><a:RelatesTo>urn:uuid:1</a:RelatesTo></s:Header><s:Body><s:Fault><s:Code>
<s:Value>s:Sender</s:Value><s:Subcode><s:Value>soap:DMPX</s:Value></s:Subcode></s:Code><s:Reason>
<s:Text xml:lang="en">no</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"""


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_only_failures_leave_the_reader_of_envelopes_and_faults(data):
    with contextlib.suppress(Failure):
        read_envelope(mangled(data, etree.fromstring(ENVELOPE)), message_id="urn:uuid:1", action="urn:a")
