"""TD0.2 and TD1.3a (201307), TD1.1 (201311), TD1.2, TD1.3b and TD1.4 (201314)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from host_sim import administrative, dossiers, rights
from host_sim.call import Call, HostFault, Reply
from host_sim.dossiers import DossierRow
from host_sim.house import House
from host_sim.refusals import Refusal
from host_sim.routes import HL7

from . import demography, demography_answer, hl7, registration

_AUTHORISATION = "1.2.250.1.213.4.1.2.6"
_QUERIES = {"TEST_EXST": "TD0.2", "CNSLT_DATA": "TD1.3a"}
_CHANGES: dict[str, tuple[str, Callable[[Call, House, Any], DossierRow]]] = {
    "REAC": ("TD1.2", registration.reactivate),
    "MODIF_DATA": ("TD1.3b", registration.modify),
    "FERM": ("TD1.4", registration.close),
}


def query(call: Call, house: House) -> Reply:
    """Answer 201307: existence and authorisation (TEST_EXST), or administrative data (CNSLT_DATA)."""
    request = hl7.read(call)
    function = _QUERIES.get(request.reason)
    if function is None:
        raise hl7.bad("reasonCode is none of this message")
    parameters = hl7.one(request.act, "queryByParameter")
    query_id = hl7.read_query_id(parameters)
    asked = hl7.one(parameters, "parameterList")
    if hl7.one(asked, "dataSource").get(f"{{{hl7.XSI}}}nil") != "true":
        raise hl7.bad("dataSource is nil")
    if (hl7.one(asked, "patientIdentifier/semanticsText").text or "").strip() != "Patient.id":
        raise hl7.bad("semanticsText")
    hl7.same_patient(hl7.one(asked, "patientIdentifier/value"), call)
    rights.may(function, call, house.store)
    row = dossiers.dossier(house.store, call.patient)
    answer = hl7.respond("PRPA_IN201308UV02", request, call.now, own_id=False)
    if row is not None and function == "TD0.2":
        _attention(answer, call, house)
    act = hl7.acknowledge(answer, request)
    if row is not None:
        _subject(act, row, function, house)
    acknowledgement = hl7.put(act, "queryAck")
    hl7.put(acknowledgement, "queryId", root=query_id[0], extension=query_id[1])
    hl7.put(acknowledgement, "queryResponseCode", code="NF" if row is None else "OK")
    return Reply(f"{HL7}:PRPA_IN201308UV02", answer)


def _attention(answer: Any, call: Call, house: House) -> None:
    state = house.authorisation(call)
    line = hl7.put(answer, "attentionLine")
    hl7.put(line, "keyWordText", code="AUTORISATION", codeSystem=f"{_AUTHORISATION}.1")
    hl7.put(line, "value", xsi_type="CV", code=state.state, codeSystem=f"{_AUTHORISATION}.2")
    line = hl7.put(answer, "attentionLine")
    hl7.put(line, "keyWordText", code="STATUT_MT", codeSystem=f"{_AUTHORISATION}.3")
    hl7.put(line, "value", xsi_type="BL", value="true" if state.attending else "false")


def _subject(act: Any, row: DossierRow, function: str, house: House) -> None:
    known = administrative.details(house.store, row.ins)
    event, patient = demography_answer.write_event(act)
    demography_answer.write_ids(patient, row, known)
    hl7.put(patient, "statusCode", code="active" if row.state == "open" else "terminated")
    person = demography_answer.write_person(patient, row, known)
    demography_answer.write_traits(person, row, known)
    if function == "TD1.3a":
        people = administrative.representatives(house.store, row.ins)
        demography_answer.write_administration(person, row, known, people)
        observed = {
            ("OPPOSITION_BRIS_DE_GLACE", hl7.OBSERVATIONS): row.opposed_break_glass,
            ("OPPOSITION_ACCES_URGENCE", hl7.OBSERVATIONS): row.opposed_regulation,
        }
    else:
        observed = {
            ("COMPTE_INTERNET_OUVERT", demography_answer.ACCOUNT_OBSERVATION): dossiers.has_account(
                house.store, row.ins
            ),
            ("RATTACHEMENT_ENS", hl7.OBSERVATIONS): row.attached_to_ens,
        }
    demography_answer.write_observations(patient, observed)
    demography_answer.write_custodian(event)
    if row.state != "open":
        _closing(act, row)


def _closing(act: Any, row: DossierRow) -> None:
    """Why and when a dossier was closed; only that it is told is published, so it takes the form of the request."""
    reason = hl7.put(act, "reasonOf", typeCode="RSON")
    issue = hl7.put(reason, "detectedIssueEvent", classCode="ALRT", moodCode="EVN")
    hl7.put(issue, "code", code="FERMETURE_DEMANDE_PATIENT", codeSystem=registration.CLOSING)
    hl7.put(issue, "text", row.closing_reason)
    if row.closed_at:
        moment = datetime.fromisoformat(row.closed_at).astimezone(UTC)
        hl7.put(issue, "effectiveTime", value=moment.strftime("%Y%m%d%H%M%S"))


def create(call: Call, house: House) -> Reply:
    """Answer 201311 (TD1.1) with 201312 or 201313."""
    request = hl7.read(call)
    if request.reason != "CREA_RD":
        raise hl7.bad("reasonCode is none of this message")
    rights.may("TD1.1", call, house.store)
    return _registration(call, house, request, ("201311", "201312", "201313"), registration.create)


def change(call: Call, house: House) -> Reply:
    """Answer 201314 (TD1.2 REAC, TD1.3b MODIF_DATA, TD1.4 FERM) with 201315 or 201316."""
    request = hl7.read(call)
    if request.reason not in _CHANGES:
        raise hl7.bad("reasonCode is none of this message")
    function, action = _CHANGES[request.reason]
    rights.may(function, call, house.store)
    row = dossiers.dossier(house.store, call.patient)
    if function != "TD1.2" and row is not None and row.attached_to_ens:
        raise HostFault("DMPAccessDeniedByRightsService", "The dossier is attached to Mon espace santé")
    return _registration(call, house, request, ("201314", "201315", "201316"), action)


def _registration(
    call: Call,
    house: House,
    request: hl7.Transmission,
    numbers: tuple[str, str, str],
    action: Callable[[Call, House, Any], DossierRow],
) -> Reply:
    asked, accepted, refused = numbers
    subject = hl7.one(request.act, "subject/registrationRequest")
    if hl7.one(subject, "statusCode").get("code") not in ("active", "terminated"):
        raise hl7.bad("statusCode of the registration")
    if hl7.one(subject, "subject1/patient/statusCode").get("code") not in ("active", "terminated"):
        raise hl7.bad("statusCode of the patient")
    hl7.same_patient(hl7.one(subject, "subject1/patient/id"), call)
    demography.check_author(subject, call)
    try:
        row = action(call, house, request.act)
    except Refusal as refusal:
        answer = hl7.respond(f"PRPA_IN{refused}UV02", request, call.now, own_id=True)
        hl7.acknowledge(answer, request, refusal)
    else:
        answer = hl7.respond(f"PRPA_IN{accepted}UV02", request, call.now, own_id=True)
        event, patient = demography_answer.write_event(hl7.acknowledge(answer, request))
        known = administrative.details(house.store, row.ins)
        demography_answer.write_ids(patient, row, known)
        hl7.put(patient, "statusCode", code="active" if row.state == "open" else "terminated")
        demography_answer.write_person(patient, row, known)
        demography_answer.write_custodian(event)
    return Reply(f"{HL7}:PRPA_IN{asked}ResponseUV02", hl7.wrapped(f"PRPA_IN{asked}UV02_Response", answer))


HANDLERS = {
    ("patients", f"{HL7}:PRPA_IN201307UV02"): query,
    ("patients", f"{HL7}:PRPA_IN201311UV02"): create,
    ("patients", f"{HL7}:PRPA_IN201314UV02"): change,
}
