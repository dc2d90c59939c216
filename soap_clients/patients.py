"""The dossier of a patient as the host's patient service knows it: TD0.2 and TD1.1 to TD1.4 (HL7 v3, NE2009)."""

from __future__ import annotations

import uuid

from lxml import etree

from dossier.access import (
    NORMAL_ACCESS,
    Access,
    AuthorisationState,
    Consent,
    Contact,
    Dossier,
    DossierState,
    EmergencyChoices,
)
from dossier.administration import Address, Administration, LegalRepresentative
from dossier.failure import Failure
from dossier.patient import INS_OIDS, Beneficiary, Ins, PatientIdentity
from soap_clients.demography import (
    read_address,
    read_closing,
    read_contacts,
    read_home_phone,
    read_representatives,
    read_title,
    read_traits,
)
from soap_clients.faults import refusal
from soap_clients.hl7v3 import (
    Reason,
    Sender,
    attribute,
    build_request,
    check_answer,
    find,
    find_all,
    observations,
    put,
    refused,
    text,
    writable,
)
from soap_clients.host import Host
from soap_clients.namespaces import GDP, HL7, XSI
from soap_clients.registration import Agreement, Sheet, add_closing, add_modification, add_registration

QUERY = f"{HL7}:PRPA_IN201307UV02"
CREATION = f"{HL7}:PRPA_IN201311UV02"
CHANGE = f"{HL7}:PRPA_IN201314UV02"
_EXISTENCE = Reason("TEST_EXST", "Test d'existence de dossier")
_CONSULTATION = Reason("CNSLT_DATA", "Consultation des données de gestion du dossier")
_CREATION = Reason("CREA_RD", "Création de dossier")
_REACTIVATION = Reason("REAC", "Réactivation de dossier")
_MODIFICATION = Reason("MODIF_DATA", "Modification des données de gestion du dossier")
_CLOSING = Reason("FERM", "Fermeture de dossier")
_CHANGED = ("201314", "201315", "201316")
_PATIENT = "subject/registrationEvent/subject1/patient"


def existence(host: Host, ins: Ins, access: Access = NORMAL_ACCESS) -> Dossier:
    """Ask whether the patient has a dossier, in which state, and whether this professional may open it (TD0.2).

    Raises Failure as Host.call does, HOST_ANSWER_INVALID, PATIENT_MISMATCH.
    """
    request = build_query(host, ins, _EXISTENCE)
    answer = host.call("patients", QUERY, request, access=access, patient=ins, transaction="TD0.2")
    return read_existence(answer, ins, attribute(request, "id", "extension"))


def read_administration(host: Host, ins: Ins, access: Access = NORMAL_ACCESS) -> Administration:
    """Read the administrative part of a dossier (TD1.3a).

    Raises Failure as Host.call does, DOSSIER_ABSENT, HOST_ANSWER_INVALID, PATIENT_MISMATCH.
    """
    request = build_query(host, ins, _CONSULTATION)
    answer = host.call("patients", QUERY, request, access=access, patient=ins, transaction="TD1.3a")
    return read_administrative_answer(answer, ins, attribute(request, "id", "extension"))


def create(
    host: Host,
    identity: PatientIdentity,
    consent: Consent,
    choices: EmergencyChoices,
    contact: Contact,
    beneficiary: Beneficiary,
    *,
    address: Address | None = None,
    representatives: tuple[LegalRepresentative, ...] = (),
) -> None:
    """Create the dossier of a consenting patient whose Vitale card was read (TD1.1).

    representatives: of a minor. Raises Failure as Host.call does, DOSSIER_EXISTS, DOSSIER_VITALE_REQUIRED,
    DOSSIER_CONSENT_REQUIRED, HOST_TRAITS_DIFFERENT, HOST_IDENTITY_NOT_QUALIFIED, IDENTITY_NOT_QUALIFIED.
    """
    ins = identity.qualified_ins()
    request, act = build_request("PRPA_IN201311UV02", _CREATION, _sender(host, ins), host.clock())
    agreement = Agreement("CONSENTEMENT_OUVERTURE_DMP", consent.collected_at, choices)
    sheet = Sheet((contact,), address or Address(), representatives)
    with writable():
        add_registration(act, identity, agreement, host.professional, host.activity, sheet, beneficiary)
    answer = host.call("patients", CREATION, request, patient=ins, transaction="TD1.1")
    read_outcome(answer, ("201311", "201312", "201313"), attribute(request, "id", "extension"), ins)


def reactivate(host: Host, identity: PatientIdentity, consent: Consent, choices: EmergencyChoices) -> None:
    """Open a closed dossier again, with the patient's agreement (TD1.2).

    Raises Failure as Host.call does, DOSSIER_EXISTS when it is open already, IDENTITY_NOT_QUALIFIED.
    """
    ins = identity.qualified_ins()
    request, act = build_request("PRPA_IN201314UV02", _REACTIVATION, _sender(host, ins), host.clock())
    agreement = Agreement("CONSENTEMENT_REACTIVATION_DMP", consent.collected_at, choices)
    add_registration(act, identity, agreement, host.professional, host.activity)
    _change(host, request, ins, "TD1.2")


def modify(host: Host, administration: Administration) -> None:
    """Replace the editable administrative data: title, usage name, channels, address, oppositions (TD1.3b).

    Everything is replaced: give what ``read_administration`` gave, changed; only the representatives stay when none is
    given. Raises Failure as Host.call does, DOSSIER_CLOSED, ADMINISTRATION_INVALID, TEXT_UNWRITABLE.
    """
    ins = administration.ins
    request, act = build_request("PRPA_IN201314UV02", _MODIFICATION, _sender(host, ins), host.clock())
    with writable():
        add_modification(act, administration, host.professional, host.activity)
    _change(host, request, ins, "TD1.3b")


def close(host: Host, identity: PatientIdentity, text: str) -> None:
    """Close a dossier because the patient asks for it; text: the patient's reason, in a few words (TD1.4).

    Raises Failure as Host.call does, DOSSIER_CLOSED when it is already, CLOSING_TEXT_MISSING, IDENTITY_NOT_QUALIFIED.
    """
    ins = identity.qualified_ins()
    if not text.strip():
        raise Failure("CLOSING_TEXT_MISSING")
    request, act = build_request("PRPA_IN201314UV02", _CLOSING, _sender(host, ins), host.clock())
    with writable():
        add_closing(act, identity, text.strip(), host.professional, host.activity)
    _change(host, request, ins, "TD1.4")


def _change(host: Host, request: etree._Element, ins: Ins, transaction: str) -> None:
    answer = host.call("patients", CHANGE, request, patient=ins, transaction=transaction)
    read_outcome(answer, _CHANGED, attribute(request, "id", "extension"), ins)


def build_query(host: Host, ins: Ins, reason: Reason) -> etree._Element:
    """Write the query by identifier, PRPA_IN201307UV02."""
    sender = _sender(host, ins)
    request, act = build_request("PRPA_IN201307UV02", reason, sender, host.clock())
    query = put(act, "queryByParameter")
    put(query, "queryId", root=f"{sender.oid}.1.2", extension=str(uuid.uuid4()))
    put(query, "statusCode", code="new")
    parameters = put(query, "parameterList")
    put(parameters, "dataSource").set(f"{{{XSI}}}nil", "true")
    identifier = put(parameters, "patientIdentifier")
    put(identifier, "value", root=ins.oid, extension=ins.matricule)
    put(identifier, "semanticsText", "Patient.id")
    return request


def read_existence(answer: etree._Element, ins: Ins, request_id: str = "") -> Dossier:
    """Read PRPA_IN201308UV02 as the answer to TD0.2."""
    act = check_answer(answer, "PRPA_IN201308UV02", request_id)
    authorisation, attending = _attention(answer)
    patient = _found(act, ins)
    if patient is None:
        return Dossier(ins, DossierState.ABSENT, authorisation)
    seen = dict(observations(patient))
    status = attribute(patient, "statusCode", "code")
    if status not in ("active", "terminated"):
        raise Failure("HOST_ANSWER_INVALID", field="patient/statusCode")
    reason, closed_at = read_closing(act) if status == "terminated" else ("", None)
    return Dossier(
        ins=ins,
        state=DossierState.OPEN if status == "active" else DossierState.CLOSED,
        authorisation=authorisation,
        is_attending_doctor=attending,
        account_open=seen.get("COMPTE_INTERNET_OUVERT", False),
        attached_to_ens=seen.get("RATTACHEMENT_ENS", False),
        traits=read_traits(patient),
        closing_reason=reason,
        closed_at=closed_at,
    )


def read_administrative_answer(answer: etree._Element, ins: Ins, request_id: str = "") -> Administration:
    """Read PRPA_IN201308UV02 as the answer to TD1.3a."""
    act = check_answer(answer, "PRPA_IN201308UV02", request_id)
    patient = _found(act, ins)
    if patient is None:
        raise Failure("DOSSIER_ABSENT")
    seen = dict(observations(patient))
    choices = EmergencyChoices(
        allow_break_glass=not seen.get("OPPOSITION_BRIS_DE_GLACE", False),
        allow_regulation=not seen.get("OPPOSITION_ACCES_URGENCE", False),
    )
    closed = attribute(patient, "statusCode", "code") == "terminated"
    reason, closed_at = read_closing(act) if closed else ("", None)
    person = find(patient, "patientPerson")
    traits = read_traits(patient)
    assert person is not None
    return Administration(
        ins=ins,
        traits=traits,
        choices=choices,
        contacts=read_contacts(person),
        account_open=seen.get("COMPTE_INTERNET_OUVERT", False),
        address=read_address(person),
        birth_place=text(person, "birthPlace/addr/city"),
        deceased=attribute(person, "deceasedInd", "value") == "true",
        representatives=read_representatives(person),
        title=read_title(patient),
        home_phone=read_home_phone(person),
        state=DossierState.CLOSED if closed else DossierState.OPEN,
        closing_reason=reason,
        closed_at=closed_at,
    )


def read_outcome(
    answer: etree._Element, numbers: tuple[str, str, str], request_id: str = "", ins: Ins | None = None
) -> None:
    """Read the answer to a registration: (request, accepting, refusing) message numbers; raises what was refused.

    ins: of our patient: an acceptance that names another one is OUTCOME_UNKNOWN.
    """
    asked, accepted, refusing = numbers
    children = [each for each in answer if isinstance(each.tag, str)]
    if answer.tag != f"{{{GDP}}}PRPA_IN{asked}UV02_Response" or len(children) != 1:
        raise Failure("HOST_ANSWER_INVALID", field=f"PRPA_IN{asked}UV02_Response")
    if children[0].tag == f"{{{HL7}}}PRPA_IN{refusing}UV02":
        raise refused(children[0])
    act = check_answer(children[0], f"PRPA_IN{accepted}UV02", request_id)
    named = {
        (attribute(each, ".", "root"), attribute(each, ".", "extension")) for each in find_all(act, f"{_PATIENT}/id")
    }
    known = {each for each in named if each[0] in INS_OIDS}
    if ins is not None and known and (ins.oid, ins.matricule) not in known:
        raise Failure("OUTCOME_UNKNOWN", reason="another patient")


def _sender(host: Host, ins: Ins) -> Sender:
    return Sender(host.software.oid, host.software.name, production=not ins.is_test)


def _found(act: etree._Element, ins: Ins) -> etree._Element | None:
    response = attribute(act, "queryAck/queryResponseCode", "code")
    if response == "NF":
        return None
    if response != "OK":
        raise refusal(response or "?")
    patients = find_all(act, _PATIENT)
    if len(patients) != 1:
        raise Failure("HOST_ANSWER_INVALID", field="patient")
    identifiers = {(attribute(each, ".", "root"), attribute(each, ".", "extension")) for each in patients[0]}
    if (ins.oid, ins.matricule) not in identifiers:
        raise Failure("PATIENT_MISMATCH", place="réponse du serveur")
    return patients[0]


def _attention(answer: etree._Element) -> tuple[AuthorisationState, bool]:
    said = {
        attribute(each, "keyWordText", "code"): attribute(each, "value", "code") or attribute(each, "value", "value")
        for each in find_all(answer, "attentionLine")
    }
    state = said.get("AUTORISATION", AuthorisationState.NONE.value)
    try:
        return AuthorisationState(state), said.get("STATUT_MT") == "true"
    except ValueError as error:
        raise Failure("HOST_ANSWER_INVALID", field="AUTORISATION") from error
