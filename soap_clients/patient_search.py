"""TD0.5: somebody looked for without an INS, by a regulation centre only (ITI-47, HL7 v3 NE2008)."""

from __future__ import annotations

import re
import uuid

from lxml import etree

from dossier.access import Access, AccessMode
from dossier.failure import Failure
from dossier.following import Candidate, SearchedTraits
from dossier.patient import INS_OIDS, Ins
from soap_clients.demography import read_traits
from soap_clients.faults import refusal
from soap_clients.hl7v3 import (
    Sender,
    attribute,
    build_request,
    check_answer,
    find_all,
    observations,
    put,
    text,
    writable,
)
from soap_clients.host import Host
from soap_clients.namespaces import HL7

QUERY = f"{HL7}:PRPA_IN201305UV02"
_ANSWER = "PRPA_IN201306UV02"
_TRIGGERS = "2.16.840.1.113883.1.6"
_REGULATION = Access(AccessMode.REGULATION)
_BIRTH = re.compile(r"(\d{4}|\d{6}|\d{8})?", re.ASCII)
MOST_CANDIDATES = 100
"""The host gives at most ten; an answer far beyond is not one."""


def find_candidates(host: Host, searched: SearchedTraits) -> tuple[Candidate, ...]:
    """Look for people by traits, in the access mode of regulation (centre_15); the host's order, likeliest first.

    Raises Failure SEARCH_TOO_VAGUE, SEARCH_INVALID, TOO_MANY_CANDIDATES, ACCESS_DENIED and as Host.call does,
    HOST_ANSWER_INVALID.
    """
    with writable():
        request = build_search(host, searched)
    answer = host.call("patients_pdq", QUERY, request, access=_REGULATION, transaction="TD0.5")
    query_id = attribute(request, "controlActProcess/queryByParameter/queryId", "extension")
    return read_candidates(answer, attribute(request, "id", "extension"), query_id)


def build_search(host: Host, searched: SearchedTraits) -> etree._Element:
    """Write PRPA_IN201305UV02; raises Failure SEARCH_TOO_VAGUE, SEARCH_INVALID."""
    _check(searched)
    sender = Sender(host.software.oid, host.software.name, production=not host.professional.is_test)
    request, act = build_request("PRPA_IN201305UV02", None, sender, host.clock())
    put(act, "code", code="PRPA_TE201305UV02", codeSystem=_TRIGGERS)
    query = put(act, "queryByParameter")
    put(query, "queryId", root=f"{sender.oid}.1.2", extension=str(uuid.uuid4()))
    put(query, "statusCode", code="new")
    parameters = put(query, "parameterList")
    if searched.sex:
        gender = put(parameters, "livingSubjectAdministrativeGender")
        put(gender, "value", code=searched.sex)
        put(gender, "semanticsText", "LivingSubject.administrativeGender")
    if searched.birth_date:
        birth = put(parameters, "livingSubjectBirthTime")
        put(birth, "value", value=searched.birth_date)
        put(birth, "semanticsText", "LivingSubject.birthTime")
    name = put(parameters, "livingSubjectName")
    value = put(name, "value")
    put(value, "family", searched.family_name.strip())
    if searched.given_name.strip():
        put(value, "given", searched.given_name.strip())
    put(name, "semanticsText", "LivingSubject.name")
    _add_address(parameters, searched)
    return request


def _check(searched: SearchedTraits) -> None:
    if not searched.family_name.strip():
        raise Failure("SEARCH_TOO_VAGUE")
    if not _BIRTH.fullmatch(searched.birth_date):
        raise Failure("SEARCH_INVALID", field="date de naissance")
    if searched.sex not in ("", "M", "F"):
        raise Failure("SEARCH_INVALID", field="sexe")


def _add_address(parameters: etree._Element, searched: SearchedTraits) -> None:
    if not (searched.city or searched.postal_code):
        return
    address = put(parameters, "patientAddress")
    value = put(address, "value")
    if searched.postal_code:
        put(value, "postalCode", searched.postal_code)
    if searched.city:
        put(value, "city", searched.city)
    put(address, "semanticsText", "Patient.addr")


def read_candidates(answer: etree._Element, request_id: str = "", query_id: str = "") -> tuple[Candidate, ...]:
    """Read PRPA_IN201306UV02; raises as ``find_candidates``, HOST_ANSWER_MISMATCH when it answers another query."""
    act = check_answer(answer, _ANSWER, request_id)
    echoed = attribute(act, "queryAck/queryId", "extension")
    if query_id and echoed and echoed != query_id:
        raise Failure("HOST_ANSWER_MISMATCH", field="queryId")
    response = attribute(act, "queryAck/queryResponseCode", "code")
    if response == "NF":
        return ()
    if response != "OK":
        raise refusal(response or "?")
    patients = find_all(act, "subject/registrationEvent/subject1/patient")
    if len(patients) > MOST_CANDIDATES:
        raise Failure("TOO_MANY_CANDIDATES")
    return tuple(_candidate(each) for each in patients)


def _candidate(patient: etree._Element) -> Candidate:
    seen = dict(observations(patient))
    return Candidate(
        ins=_ins(patient),
        traits=read_traits(patient),
        city=text(patient, "patientPerson/addr/city"),
        postal_code=text(patient, "patientPerson/addr/postalCode"),
        score=_score(patient),
        opposes_regulation=seen.get("OPPOSITION_ACCES_URGENCE", False),
    )


def _ins(patient: etree._Element) -> Ins | None:
    for each in find_all(patient, "id"):
        root = attribute(each, ".", "root")
        if root in INS_OIDS:
            try:
                return Ins.parse(attribute(each, ".", "extension"), root)
            except Failure as failure:
                raise Failure("HOST_ANSWER_INVALID", field="patient/id") from failure
    return None


def _score(patient: etree._Element) -> int | None:
    for name in ("subjectOf1", "subjectOf2", "subjectOf"):
        value = attribute(patient, f"{name}/queryMatchObservation/value", "value")
        if value.isascii() and value.isdecimal() and len(value) < 4 and int(value) <= 100:
            return int(value)
    return None
