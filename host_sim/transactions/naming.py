"""The transaction that a call is, from its action and its body: the name used by faults and by the access log."""

from __future__ import annotations

from host_sim.call import Call
from host_sim.routes import HL7, INSI_ACTION, PATIENTS, RIGHTS

_RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
_FIXED = {
    f"{HL7}:PRPA_IN201311UV02": "TD1.1",
    f"{PATIENTS}:PatientSpecificEndPoint:createPatientAccess": "TD1.5a",
    f"{PATIENTS}:PatientSpecificEndPoint:patientOTPUpdate": "TD1.5b",
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


def transaction_of(call: Call) -> str:
    """Name a call: "TD0.2", "TD2.1b", "TD3.3a"...; the action itself when it is none of ours."""
    fixed = _FIXED.get(call.action)
    if fixed is not None:
        return fixed
    if call.endpoint == "patients":
        found = call.body.find(f".//{{{HL7}}}controlActProcess/{{{HL7}}}reasonCode")
        return _REASONS.get("" if found is None else found.get("code", ""), call.action)
    if call.action.endswith("UpdateDocumentSet"):
        return _update(call)
    if call.action.endswith("ProvideAndRegisterDocumentSet-b"):
        number = "TD2.2" if call.caller.card_kind == "CPE" else "TD2.1"
        return number + ("b" if "RPLC" in _association_kinds(call) else "")
    return call.action


def _association_kinds(call: Call) -> set[str]:
    found = call.body.iter(f"{{{_RIM}}}Association")
    return {str(each.get("associationType", "")).rpartition(":")[2] for each in found}


def _update(call: Call) -> str:
    for slot in call.body.iter(f"{{{_RIM}}}Slot"):
        if slot.get("name") == "NewStatus":
            value = slot.findtext(f".//{{{_RIM}}}Value") or ""
            return _STATUSES.get(value.strip().rpartition(":")[2], "TD3.3")
    codes = {str(each.get("nodeRepresentation", "")) for each in call.body.iter(f"{{{_RIM}}}Classification")}
    return "TD3.3a" if "MASQUE_PS" in codes else "TD3.3"
