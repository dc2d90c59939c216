"""The transaction that a call is, from its action and its body: the name used by faults and by the access log."""

from __future__ import annotations

from host_sim import registry
from host_sim.call import Call
from host_sim.ebrim import RIM
from host_sim.profile import CONFIDENTIALITY, HIDDEN, HIDDEN_RL
from host_sim.routes import HL7, INSI_ACTION, PATIENTS, PDQ_ACTION, RIGHTS
from host_sim.store import Store

_FIXED = {
    f"{PATIENTS}:PatientCertificationEndPoint:identityCertification": "TD0.0",
    f"{PATIENTS}:PatientSpecificEndPoint:patientList": "TD0.4",
    f"{HL7}:PRPA_IN201305UV02": "TD0.5",
    PDQ_ACTION: "TD0.5",
    f"{HL7}:PRPA_IN201311UV02": "TD1.1",
    f"{PATIENTS}:PatientSpecificEndPoint:createPatientAccess": "TD1.5a",
    f"{PATIENTS}:PatientSpecificEndPoint:patientOTPUpdate": "TD1.5b",
    f"{PATIENTS}:PatientSpecificEndPoint:updatePatientAccess": "TD1.5d",
    f"{RIGHTS}:HabilitationsEndPoint:listAuthorizationByPatient": "TD1.6",
    f"{RIGHTS}:HabilitationsEndPoint:setAuthorization": "TD0.3",
    "urn:ihe:iti:2007:RegistryStoredQuery": "TD3.1",
    "urn:ihe:iti:2007:RetrieveDocumentSet": "TD3.2",
    f"{INSI_ACTION}rechercherInsAvecCarteVitale": "INSi",
    f"{INSI_ACTION}rechercherInsAvecTraitsIdentite": "INSi",
}
_REASONS = {
    "TEST_EXST": "TD0.2",
    "CNSLT_DATA": "TD1.3a",
    "REAC": "TD1.2",
    "MODIF_DATA": "TD1.3b",
    "FERM": "TD1.4",
}
_STATUSES = {"Archived": "TD3.3d", "Approved": "TD3.3d", "Deleted": "TD3.3c"}


def transaction_of(call: Call, store: Store) -> str:
    """Name a call: "TD0.2", "TD2.1b", "TD3.3a"...; the action itself when it is none of ours."""
    fixed = _FIXED.get(call.action)
    if fixed is not None:
        return fixed
    if call.endpoint == "patients":
        found = call.body.find(f".//{{{HL7}}}controlActProcess/{{{HL7}}}reasonCode")
        return _REASONS.get("" if found is None else found.get("code", ""), call.action)
    if call.action.endswith("UpdateDocumentSet"):
        return _update(call, store)
    if call.action.endswith("ProvideAndRegisterDocumentSet-b"):
        number = "TD2.2" if call.caller.card_kind == "CPE" else "TD2.1"
        return number + ("b" if "RPLC" in _association_kinds(call) else "")
    return call.action


def _association_kinds(call: Call) -> set[str]:
    found = call.body.iter(f"{{{RIM}}}Association")
    return {str(each.get("associationType", "")).rpartition(":")[2] for each in found}


def _update(call: Call, store: Store) -> str:
    for slot in call.body.iter(f"{{{RIM}}}Slot"):
        if slot.get("name") == "NewStatus":
            value = slot.findtext(f".//{{{RIM}}}Value") or ""
            return _STATUSES.get(value.strip().rpartition(":")[2], "TD3.3")
    found = next(call.body.iter(f"{{{RIM}}}ExtrinsicObject"), None)
    if found is None:
        return "TD3.3"
    with store.reading() as cursor:
        current = registry.find_entry(cursor, lid=found.get("lid", "")) if found.get("lid") else None
    wanted = {
        str(each.get("nodeRepresentation", ""))
        for each in found.iterchildren(f"{{{RIM}}}Classification")
        if each.get("classificationScheme") == CONFIDENTIALITY
    }
    uncovered = {HIDDEN, HIDDEN_RL} & (current.confidentiality if current else frozenset()) - wanted
    return "TD3.3b" if uncovered else "TD3.3a"
