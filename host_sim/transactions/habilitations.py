"""TD0.3: a professional declares or withdraws an authorisation that the patient gave; TD1.6: who has one."""

from __future__ import annotations

from datetime import datetime

from dossier import codes
from host_sim import dossiers, following, rights
from host_sim.call import Call, HostFault, Reply
from host_sim.dossiers import FORBIDDEN, VALID
from host_sim.house import House
from host_sim.routes import RIGHTS
from host_sim.store import Cursor

from . import small
from .demography import IDNPS, IDNST

_ATTENDING = "MEDECIN_TRAITANT"
_MODES = {"ACTIVE": {"ACTIVE"}, "INTERDITE": {"INTERDITE"}, "TOUTE": {"ACTIVE", "INTERDITE"}}
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
    context = declare(call, house, asked["role"]) if asked["action"] == "AJOUT" else _remove(call, house, asked["role"])
    return small.output(call, {}, context=context)


def _holder(call: Call) -> str:
    """An establishment card authorises its structure; a professional, him or herself."""
    return call.caller.structure_id if call.caller.card_kind == "CPE" else call.caller.id_nat


def declare(call: Call, house: House, role: str = "") -> str:
    """Write the caller's authorisation; gives what the answer explains. Raises HostFault for somebody blocked."""
    present = house.authorisation(call)
    if present.state == FORBIDDEN:
        raise HostFault("DMPAccessDeniedByRightsService", "The patient blocked this professional")
    attending = role == _ATTENDING or present.attending
    if present.state == VALID and attending == present.attending:
        return "Autorisation déjà valide"
    with house.store.transaction() as cursor:
        several = bool(house.parameters["several_attending"])
        dossiers.grant(cursor, call.patient, _holder(call), call.now, attending=attending, several=several)
    return ""


def _remove(call: Call, house: House, role: str) -> str:
    key = (call.patient, _holder(call))
    with house.store.transaction() as cursor:
        if role == _ATTENDING:
            cursor.execute("UPDATE authorisations SET attending = 0 WHERE ins = ? AND holder = ?", key)
        else:
            cursor.execute("DELETE FROM authorisations WHERE ins = ? AND holder = ?", key)
        return "" if cursor.rowcount else "Aucune autorisation à retirer"


def list_authorizations(call: Call, house: House) -> Reply:
    """List the professionals and structures that may open the dossier (ACTIVE), are blocked (INTERDITE), or both."""
    asked = small.fields(call, ("mode",))
    if asked["mode"] not in _MODES:
        raise HostFault("DMPInvalidMessage", "mode")
    row = dossiers.dossier(house.store, call.patient)
    if row is None:
        raise HostFault("DMPUnknownPatient")
    rights.may("TD1.6", call, house.store)
    if row.state != "open":
        raise HostFault("DMPClosed")
    with house.store.reading() as cursor:
        holders = cursor.execute(
            "SELECT holder, granted_at FROM authorisations WHERE ins = ? ORDER BY granted_at, holder", (row.ins,)
        ).fetchall()
        items = [_party(cursor, row.ins, each["holder"], each["granted_at"], call, house) for each in holders]
    wanted = _MODES[asked["mode"]]
    return small.output(call, {}, items=[item for mode, item in items if mode in wanted])


def _party(cursor: Cursor, ins: str, holder: str, granted_at: str, call: Call, house: House) -> tuple[str, small.Item]:
    """One line of TD1.6 and its mode; the mode is "" when the authorisation has expired."""
    life = house.parameters["authorisation_days"]
    present = dossiers.authorisation(house.store, ins, (holder, holder), call.now, life)
    mode = {VALID: "ACTIVE", FORBIDDEN: "INTERDITE"}.get(present.state, "")
    fields = [
        *_named(holder, house),
        ("startOfAuthorization", small.digits(datetime.fromisoformat(granted_at))),
        ("lastActionDate", small.digits(following.last_action(cursor, ins, (holder,)))),
        ("mode", mode),
        ("specificRight", _ATTENDING if present.attending else ""),
    ]
    return mode, ("listOfAuthorizationByPatient", fields)


def _named(holder: str, house: House) -> list[tuple[str, str]]:
    """Identifier, its kind, names and specialties of a holder: a person of the directory, or else a structure."""
    person = house.directory.practitioner(holder)
    if person is None:
        name = following.structure_name(house.store, holder)
        return [("nationalId", holder), ("nationalIdType", IDNST), ("lastName", name)]
    code = f"G15_{person.profession}" + (f"/{person.specialty}" if person.specialty else "")
    known = codes.load(codes.SPECIALTY).get(code)
    return [
        ("nationalId", person.id_nat),
        ("nationalIdType", IDNPS),
        ("firstName", person.given_name),
        ("lastName", person.family_name),
        ("codeSpeciality", code if person.profession else ""),
        ("libSpeciality", known.display if known else ""),
    ]


HANDLERS = {
    ("habilitations", f"{RIGHTS}:HabilitationsEndPoint:setAuthorization"): set_authorization,
    ("habilitations", f"{RIGHTS}:HabilitationsEndPoint:listAuthorizationByPatient"): list_authorizations,
}
