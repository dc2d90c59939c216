"""The dossier of a patient as the host's patient service knows it: TD0.2, TD1.1, TD1.2, TD1.3a (HL7 v3, NE2009)."""

from __future__ import annotations

import uuid
from contextlib import suppress

from lxml import etree

from dossier.access import (
    NORMAL_ACCESS,
    Access,
    AuthorisationState,
    ChannelKind,
    Consent,
    Contact,
    Dossier,
    DossierState,
    EmergencyChoices,
)
from dossier.administration import Administration
from dossier.failure import Failure
from dossier.patient import Beneficiary, Ins, PatientIdentity, Sex, Traits
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
)
from soap_clients.host import Host
from soap_clients.namespaces import GDP, HL7, XSI
from soap_clients.registration import Agreement, add_registration

QUERY = f"{HL7}:PRPA_IN201307UV02"
CREATION = f"{HL7}:PRPA_IN201311UV02"
CHANGE = f"{HL7}:PRPA_IN201314UV02"
_EXISTENCE = Reason("TEST_EXST", "Test d'existence de dossier")
_CONSULTATION = Reason("CNSLT_DATA", "Consultation des données de gestion du dossier")
_CREATION = Reason("CREA_RD", "Création de dossier")
_REACTIVATION = Reason("REAC", "Réactivation de dossier")
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
) -> None:
    """Create the dossier of a consenting patient whose Vitale card was read (TD1.1).

    Raises Failure as Host.call does, DOSSIER_EXISTS, DOSSIER_CREATION_REFUSED, IDENTITY_NOT_QUALIFIED.
    """
    ins = identity.qualified_ins()
    request, act = build_request("PRPA_IN201311UV02", _CREATION, _sender(host, ins), host.clock())
    agreement = Agreement("CONSENTEMENT_OUVERTURE_DMP", consent.collected_at, choices)
    add_registration(
        act, identity, agreement, host.professional, host.activity, contact=contact, beneficiary=beneficiary
    )
    answer = host.call("patients", CREATION, request, patient=ins, transaction="TD1.1")
    read_outcome(answer, ("201311", "201312", "201313"), attribute(request, "id", "extension"))


def reactivate(host: Host, identity: PatientIdentity, consent: Consent, choices: EmergencyChoices) -> None:
    """Open a closed dossier again, with the patient's agreement (TD1.2).

    Raises Failure as Host.call does, DOSSIER_EXISTS when it is open already, IDENTITY_NOT_QUALIFIED.
    """
    ins = identity.qualified_ins()
    request, act = build_request("PRPA_IN201314UV02", _REACTIVATION, _sender(host, ins), host.clock())
    agreement = Agreement("CONSENTEMENT_REACTIVATION_DMP", consent.collected_at, choices)
    add_registration(act, identity, agreement, host.professional, host.activity)
    answer = host.call("patients", CHANGE, request, patient=ins, transaction="TD1.2")
    read_outcome(answer, ("201314", "201315", "201316"), attribute(request, "id", "extension"))


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
    return Dossier(
        ins=ins,
        state=DossierState.OPEN if status == "active" else DossierState.CLOSED,
        authorisation=authorisation,
        is_attending_doctor=attending,
        account_open=seen.get("COMPTE_INTERNET_OUVERT", False),
        attached_to_ens=seen.get("RATTACHEMENT_ENS", False),
        traits=_traits(patient),
        closing_reason=_closing_reason(act) if status == "terminated" else "",
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
    return Administration(ins, _traits(patient), choices, _contacts(patient), seen.get("COMPTE_INTERNET_OUVERT", False))


def read_outcome(answer: etree._Element, numbers: tuple[str, str, str], request_id: str = "") -> None:
    """Read the answer to a registration: (request, accepting, refusing) message numbers; raises what was refused."""
    asked, accepted, refusing = numbers
    children = [each for each in answer if isinstance(each.tag, str)]
    if answer.tag != f"{{{GDP}}}PRPA_IN{asked}UV02_Response" or len(children) != 1:
        raise Failure("HOST_ANSWER_INVALID", field=f"PRPA_IN{asked}UV02_Response")
    if children[0].tag == f"{{{HL7}}}PRPA_IN{refusing}UV02":
        raise refused(children[0])
    check_answer(children[0], f"PRPA_IN{accepted}UV02", request_id)


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


def _traits(patient: etree._Element) -> Traits:
    person = find(patient, "patientPerson")
    if person is None:
        raise Failure("HOST_ANSWER_INVALID", field="patientPerson")
    families = {
        attribute(each, ".", "qualifier"): (each.text or "").strip() for each in find_all(person, "name/family")
    }
    birth = families.get("BR") or families.get("SP") or families.get("", "")
    usage = families.get("SP", "")
    sex = attribute(person, "administrativeGenderCode", "code")
    born = attribute(person, "birthTime", "value")[:8]
    return Traits(
        birth_name=birth,
        given_names=tuple(filter(None, ((each.text or "").strip() for each in find_all(person, "name/given")))),
        birth_date=born if born.isdecimal() else "",
        sex=Sex(sex) if sex in ("M", "F") else Sex.UNKNOWN,
        birth_place=text(person, "birthPlace/addr/city"),
        usage_name=usage if usage != birth else "",
    )


def _contacts(patient: etree._Element) -> tuple[Contact, ...]:
    found = []
    for each in find_all(patient, "patientPerson/telecom"):
        scheme, _, value = attribute(each, ".", "value").partition(":")
        kind = {"tel": ChannelKind.SMS, "mailto": ChannelKind.EMAIL}.get(scheme)
        if kind is not None:
            # A landline or a malformed address is no channel for codes: it is left out.
            with suppress(Failure):
                found.append(Contact(kind, "".join(value.split())))
    return tuple(found)


def _closing_reason(act: etree._Element) -> str:
    for path in ("reasonOf/detectedIssueEvent", "subject/registrationEvent/reasonOf/detectedIssueEvent"):
        event = find(act, path)
        if event is not None:
            return text(event, "text") or attribute(event, "code", "displayName") or attribute(event, "code", "code")
    return ""
