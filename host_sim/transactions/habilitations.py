"""TD0.3: a professional declares or withdraws an authorisation that the patient gave."""

from __future__ import annotations

from host_sim import dossiers, rights
from host_sim.call import Call, HostFault, Reply
from host_sim.dossiers import FORBIDDEN, VALID
from host_sim.house import House
from host_sim.routes import RIGHTS

from . import small

_ATTENDING = "MEDECIN_TRAITANT"
_FUNCTIONS = {
    ("AJOUT", ""): "TD0.3",
    ("AJOUT", _ATTENDING): "TD0.3_MT",
    ("SUPPRESSION", ""): "TD0.3_REMOVE",
    ("SUPPRESSION", _ATTENDING): "TD0.3_STOP_MT",
}


def set_authorization(call: Call, house: House) -> Reply:
    """Add or remove the caller's authorisation; with the role MEDECIN_TRAITANT, the declaration of treating doctor."""
    asked = small.fields(call, ("action", "role"))
    function = _FUNCTIONS.get((asked["action"], asked["role"]))
    if function is None:
        raise HostFault("DMPInvalidMessage", "action or role")
    row = dossiers.dossier(house.store, call.patient)
    if row is None:
        raise HostFault("DMPUnknownPatient")
    if row.state != "open":
        raise HostFault("DMPClosed")
    rights.may(function, call, house.store)
    context = _add(call, house, asked["role"]) if asked["action"] == "AJOUT" else _remove(call, house, asked["role"])
    return small.output(call, {}, context=context)


def _holder(call: Call) -> str:
    """An establishment card authorises its structure; a professional, him or herself."""
    return call.caller.structure_id if call.caller.card_kind == "CPE" else call.caller.id_nat


def _add(call: Call, house: House, role: str) -> str:
    present = house.authorisation(call)
    if present.state == FORBIDDEN:
        raise HostFault("DMPAccessDeniedByRightsService", "The patient blocked this professional")
    attending = role == _ATTENDING or present.attending
    if present.state == VALID and attending == present.attending:
        return "Autorisation déjà valide"
    with house.store.transaction() as cursor:
        cursor.execute(
            "INSERT INTO authorisations (ins, holder, state, granted_at, attending) VALUES (?,?,?,?,?)"
            " ON CONFLICT (ins, holder) DO UPDATE SET state = excluded.state, granted_at = excluded.granted_at,"
            " attending = excluded.attending",
            (call.patient, _holder(call), VALID, call.now.isoformat(), attending),
        )
    return ""


def _remove(call: Call, house: House, role: str) -> str:
    key = (call.patient, _holder(call))
    with house.store.transaction() as cursor:
        if role == _ATTENDING:
            cursor.execute("UPDATE authorisations SET attending = 0 WHERE ins = ? AND holder = ?", key)
        else:
            cursor.execute("DELETE FROM authorisations WHERE ins = ? AND holder = ?", key)
        return "" if cursor.rowcount else "Aucune autorisation à retirer"


HANDLERS = {("habilitations", f"{RIGHTS}:HabilitationsEndPoint:setAuthorization"): set_authorization}
