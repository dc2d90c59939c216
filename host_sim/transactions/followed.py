"""TD0.4: the dossiers that a professional may open, by new authorisations or by new documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from host_sim import administrative, consultation, following, rights
from host_sim.call import Call, HostFault, Reply
from host_sim.consultation import Reading
from host_sim.following import Changes, Followed
from host_sim.house import House
from host_sim.routes import PATIENTS
from host_sim.store import Cursor

from . import demography_answer, small

BY_AUTHORISATION, BY_DOCUMENT = "LASTAUTORIZATION", "LASTDOC"
_DATE = re.compile(r"^\d{14}$", re.ASCII)
_SAME_STRUCTURE, _NEW_ONES = 2, 3  # notes of the functional matrix


def patient_list(call: Call, house: House) -> Reply:
    """List the dossiers authorised, or changed, since startDate; dossiers closed or no longer authorised are left out.

    psOwnerId names a professional of the structure of an establishment card or certificate; a professional's own list
    is only his or hers.
    """
    asked = small.fields(call, ("startDate", "dateType", "psOwnerId"))
    since = _since(asked["startDate"])
    if asked["dateType"] not in (BY_AUTHORISATION, BY_DOCUMENT):
        raise HostFault("DMPInvalidMessage", "dateType")
    rights.may("TD0.4", call, house.store)
    note = rights.right("TD0.4", call, house.store).note
    if note == _NEW_ONES and asked["dateType"] != BY_AUTHORISATION:
        raise HostFault(rights.DENIED, f"TD0.4: {rights.note(note)}")
    holders = _holders(call, house, asked["psOwnerId"], note)
    actors = holders if note in (_SAME_STRUCTURE, _NEW_ONES) else (call.caller.id_nat,)
    items = []
    for each in following.followed(house.store, holders, call.now, house.parameters["authorisation_days"]):
        with house.store.reading() as cursor:
            changes = following.changes(cursor, each.row.ins, _reading(each, call, house, note))
            if _since_then(each, changes, asked["dateType"], since):
                items.append(_item(each, changes, cursor, house, actors))
    return small.output(call, {}, items=items)


def _since(text: str) -> datetime:
    if not _DATE.match(text):
        raise HostFault("DMPInvalidMessage", "startDate is yyyyMMddHHmmss")
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise HostFault("DMPInvalidMessage", "startDate is not a date") from None


def _holders(call: Call, house: House, owner: str, note: int) -> tuple[str, ...]:
    """Whose authorisations are listed: the caller's, or those of the structure and of its professionals."""
    who = call.caller
    if note not in (_SAME_STRUCTURE, _NEW_ONES):
        if owner not in ("", who.id_nat):
            raise HostFault(rights.DENIED, "TD0.4: the list of another professional")
        return (who.id_nat, who.structure_id)
    with house.store.reading() as cursor:
        people = following.colleagues(cursor, who.structure_id)
    if owner and owner not in people:
        raise HostFault(rights.DENIED, f"TD0.4: {rights.note(_SAME_STRUCTURE)}")
    return (owner,) if owner else (who.structure_id, *people)


def _reading(each: Followed, call: Call, house: House, note: int) -> Reading | None:
    if note in (_SAME_STRUCTURE, _NEW_ONES):
        return None
    about = replace(call, patient=each.row.ins, patient_oid=each.row.oid)
    return Reading(consultation.viewer_of(about, house), each.row.ins)


def _since_then(each: Followed, changes: Changes, basis: str, since: datetime) -> bool:
    moment = each.granted_at if basis == BY_AUTHORISATION else changes.updated
    return moment is not None and moment.replace(microsecond=0) >= since


def _item(each: Followed, changes: Changes, cursor: Cursor, house: House, actors: Sequence[str]) -> small.Item:
    """One dossier; `actors`: whose accesses and messages it tells of."""
    row, known = each.row, administrative.details(house.store, each.row.ins)
    identifiers = [("nationalId", row.ins), ("nationalIdType", row.oid)]
    former = [("nationalId", known.ins_c), ("nationalIdType", demography_answer.INS_C)]
    fields: list[tuple[str, Any]] = [
        ("patientIdentifier", identifiers),
        *([("patientIdentifier", former)] if known.ins_c else []),
        ("lastName", row.usage_name or row.birth_name),
        ("patronymicalName", row.birth_name),
        ("firstName", row.given_names.split(" ")[0]),
        ("civility", demography_answer.title_of(row, known).upper()),
        ("dateOfBirth", row.birth_date),
        ("MT", "true" if each.attending else "false"),
        ("message", "true" if any(administrative.message_waits(cursor, row.ins, who) for who in actors) else "false"),
        ("lastAccessDate", small.digits(following.last_action(cursor, row.ins, actors))),
        ("lastUpdateDate", small.digits(changes.updated)),
        ("lastAddDate", small.digits(changes.added)),
    ]
    return "patientlistData", fields


HANDLERS = {("patientsSpecific", f"{PATIENTS}:PatientSpecificEndPoint:patientList"): patient_list}
