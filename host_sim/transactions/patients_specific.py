"""TD1.5a: the patient's internet account; TD1.5b: the channel of its one-time codes; TD1.5d: a new password."""

from __future__ import annotations

import re

from host_sim import accounts, dossiers, life, rights
from host_sim.call import Call, HostFault, Reply
from host_sim.dossiers import DossierRow
from host_sim.house import House
from host_sim.refusals import Refusal
from host_sim.routes import PATIENTS
from host_sim.store import Sealed

from . import small

_CHANNELS = {
    "SMS": re.compile(r"^0[67]\d{8}$", re.ASCII),
    "EMAIL": re.compile(r"^[^@\s]{1,64}@[^@\s]+\.[^@\s.]+$"),
}
_SET_CHANNEL = (
    "INSERT INTO otp_channels (ins, kind, canal) VALUES (?,?,?)"
    " ON CONFLICT (ins, kind) DO UPDATE SET canal = excluded.canal"
)


def create_access(call: Call, house: House) -> Reply:
    """Make the account (TD1.5a): login and password are told once, and kept as a salted hash."""
    asked = small.fields(call, ("type", "canal"))
    rights.may("TD1.5", call, house.store)
    try:
        row = _open_dossier(call, house)
        _check_channel(asked)
        if dossiers.has_account(house.store, row.ins):
            raise Refusal("DMPPatientAccessAlreadyExists")
        if life.age(row.birth_date, call.now) < house.parameters["account_minimum_age"]:
            raise Refusal("DMPPatientTooYoung")
    except Refusal as refusal:
        return small.refused(call, refusal)
    made = accounts.open_account(house.store, row.ins)
    with house.store.transaction() as cursor:
        cursor.execute(_SET_CHANNEL, (row.ins, asked["type"], Sealed(asked["canal"], row.ins)))
    return small.output(call, {"login": made.login, "password": made.password})


def renew_access(call: Call, house: House) -> Reply:
    """Give the account a new password (TD1.5d); the former one is worth nothing from then on."""
    small.fields(call, ())
    rights.may("TD1.5", call, house.store)
    try:
        row = _open_dossier(call, house)
        made = accounts.renew(house.store, row.ins)
        if made is None:
            raise Refusal("DMPPatientAccessNotFound")
    except Refusal as refusal:
        return small.refused(call, refusal)
    return small.output(call, {"login": made.login, "password": made.password})


def update_channel(call: Call, house: House) -> Reply:
    """Add, change or remove a channel (TD1.5b)."""
    asked = small.fields(call, ("type", "canal", "action"))
    rights.may("TD1.5", call, house.store)
    if asked["action"] not in ("AJOUT", "MODIFICATION", "SUPPRESSION"):
        raise HostFault("DMPInvalidMessage", "action")
    try:
        row = _open_dossier(call, house)
        _check_channel(asked)
        if not dossiers.has_account(house.store, row.ins):
            raise Refusal("DMPPatientAccessNotFound")
        _change_channel(house, row.ins, asked)
    except Refusal as refusal:
        return small.refused(call, refusal)
    return small.output(call, {})


def _change_channel(house: House, ins: str, asked: dict[str, str]) -> None:
    key = (ins, asked["type"])
    with house.store.transaction() as cursor:
        exists = cursor.execute("SELECT 1 FROM otp_channels WHERE ins = ? AND kind = ?", key).fetchone() is not None
        if asked["action"] == "AJOUT" and exists:
            raise Refusal("DMPPatientAccessOTPAlreadyExists")
        if asked["action"] != "AJOUT" and not exists:
            raise Refusal("DMPPatientAccessOTPNotFound")
        if asked["action"] == "SUPPRESSION":
            cursor.execute("DELETE FROM otp_channels WHERE ins = ? AND kind = ?", key)
        else:
            cursor.execute(_SET_CHANNEL, (*key, Sealed(asked["canal"], ins)))


def _open_dossier(call: Call, house: House) -> DossierRow:
    row = dossiers.dossier(house.store, call.patient)
    if row is None:
        raise Refusal("DMPNotFound")
    if row.state != "open":
        raise Refusal("DMPClosed")
    if row.attached_to_ens:
        raise HostFault("DMPAccessDeniedByRightsService", "The dossier is attached to Mon espace santé")
    return row


def _check_channel(asked: dict[str, str]) -> None:
    pattern = _CHANNELS.get(asked["type"])
    if pattern is None or not pattern.match(asked["canal"]):
        raise Refusal("DMPInvalidChannel")


HANDLERS = {
    ("patientsSpecific", f"{PATIENTS}:PatientSpecificEndPoint:createPatientAccess"): create_access,
    ("patientsSpecific", f"{PATIENTS}:PatientSpecificEndPoint:patientOTPUpdate"): update_channel,
    ("patientsSpecific", f"{PATIENTS}:PatientSpecificEndPoint:updatePatientAccess"): renew_access,
}
