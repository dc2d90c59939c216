"""From an admitted call to its reply: name the transaction, apply the patient's refusals, run, write the access log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import connections, dossiers, following, notices, secret_calls
from .audit_objects import objects_of
from .call import Call, HostFault, Reply
from .house import House
from .routes import ROUTES
from .store import Cursor
from .transactions import (
    certification,
    followed,
    habilitations,
    insi,
    naming,
    patients,
    patients_specific,
    registry,
    repository,
    search,
)

Handler = Callable[[Call, House], Reply]

HANDLERS: dict[tuple[str, str], Handler] = {
    **patients.HANDLERS,
    **patients_specific.HANDLERS,
    **followed.HANDLERS,
    **search.HANDLERS,
    **certification.HANDLERS,
    **habilitations.HANDLERS,
    **insi.HANDLERS,
    **registry.HANDLERS,
    **repository.HANDLERS,
}
_READINGS = frozenset({"TD0.2", "TD0.4", "TD0.5", "TD1.3a", "TD1.6", "TD3.1", "TD3.2", "INSi"})
_CONNECTIONS = frozenset({"TD0.3", "TD1.3a", "TD1.6", "TD3.1", "TD3.2"})
_EMERGENCIES = {
    "bris_de_glace": ("break_glass", "{who} a ouvert votre dossier en mode urgence (bris de glace)."),
    "centre_15": ("regulation", "{who} a ouvert votre dossier en mode urgence (régulation du centre 15)."),
}


def run(call: Call, house: House) -> Reply:
    """Run one call: the reply and its line in the access log are committed together, or neither is.

    Calls run beside each other; two that change the same dossier, one after the other. Raises HostFault (logged), or
    what an armed fault wants.
    """
    name = naming.transaction_of(call, house.store)
    try:
        return _run(call, name, house)
    except HostFault as refusal:
        record(house, call, name, refusal.code)
        raise


def _run(call: Call, name: str, house: House) -> Reply:
    handler = HANDLERS[call.endpoint, call.action]
    _check_refusals(call, name, house)
    before = house.faults.take(name, "before_commit")
    if before is not None and before.effect == "delay":
        house.stopping.wait(before.seconds)
    with house.notices.held(), house.store.transaction() as cursor:
        if call.patient and name not in _READINGS:
            house.store.lock(f"dossier {call.patient}")
        reply = handler(call, house)
        outcome = outcome_of(reply.body)
        _announce(call, house)
        if outcome == "ok" and name in _CONNECTIONS:
            _announce_first(call, house, cursor)
        if outcome == "ok" and call.patient and call.endpoint != "insi":
            following.acted(cursor, call.patient, call.caller, call.now)
        secret_calls.note(cursor, call)
        record(house, call, name, outcome)
        if before is not None:
            before.strike()
    after = house.faults.take(name, "after_commit")
    if after is not None:
        house.stopping.wait(after.seconds)
        after.strike()
    return reply


def record(house: House, call: Call, name: str, outcome: str) -> None:
    """Write the access log of a call."""
    house.audit.record(
        call.now,
        name,
        outcome,
        caller=call.caller,
        patient=call.patient,
        purpose=call.purpose,
        reason=call.reason,
        message_id=call.message_id,
        objects=objects_of(call.body),
    )


def outcome_of(body: Any) -> str:
    """What a reply says of itself: "ok", or the first error code in it."""
    for element in body.iter():
        if not isinstance(element.tag, str):
            continue
        name = element.tag.rpartition("}")[2]
        if name == "RegistryError" and not element.get("severity", "").endswith(":Warning"):
            return str(element.get("errorCode", ""))
        if name == "acknowledgementDetail":
            return str(element[0].get("code", ""))
        if name == "CodeCR" and element.text != "00":
            return f"INSi-{element.text}"
        if name == "status" and element.text and element.text != "DMPOk":
            return str(element.text)
    return "ok"


def _check_refusals(call: Call, name: str, house: House) -> None:
    """The patient's oppositions and the block of a professional bind every transaction of the dossier."""
    if not call.patient or ROUTES[call.endpoint, call.action].patient_optional:
        return
    row = dossiers.dossier(house.store, call.patient)
    if row is None:
        return
    if row.opposes(call.purpose):
        raise HostFault("DMPAccessDeniedByRightsService", "The patient is opposed to emergency accesses of this kind")
    blocked = call.purpose == "normal" and house.authorisation(call).state == dossiers.FORBIDDEN
    if blocked and name != "TD0.2" and not name.startswith("TD2."):
        raise HostFault("DMPAccessDeniedByRightsService", "The patient blocked this professional")


def _announce(call: Call, house: House) -> None:
    """Tell the patient of an emergency access, once for each professional and day."""
    kind, text = _EMERGENCIES.get(call.purpose, ("", ""))
    if not kind or dossiers.dossier(house.store, call.patient) is None:
        return
    sentence = text.format(who=f"{call.caller.given_name} {call.caller.family_name}")
    today = call.now.date().isoformat()
    told = house.audit.notifications(call.patient)
    if not any(each["text"] == sentence and each["at"].startswith(today) for each in told):
        house.notify(call.patient, kind, sentence)


def _announce_first(call: Call, house: House, cursor: Cursor) -> None:
    """Tell the patient that a professional enters the dossier for the first time; not of a secret connection."""
    if call.secret or not call.patient or call.purpose != "normal" or not call.caller.profession:
        return
    if connections.first(cursor, call.patient, call.caller.id_nat, call.now):
        who = f"{call.caller.given_name} {call.caller.family_name}"
        text = f"{who} s’est connecté à votre dossier pour la première fois."
        house.notify(call.patient, notices.FIRST_CONNECTION, text)
