"""Orders of the admin about the life of dossiers: desk, statistics, insurance, connected objects, fixtures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import accounts, administrative, dossiers, fixtures, insurance, life, objects, rights, show, visibility
from .house import House
from .store import Sealed

_FACTS = ("opposed_break_glass", "opposed_regulation", "mobile", "mail")


def _ins(house: House, key: str) -> str:
    person = dossiers.person(house.store, key)
    if person is None:
        raise ValueError("no such patient")
    return person.ins


def get_statistics(house: House, query: dict[str, str]) -> Any:
    """Dossiers open and closed, creations by channel, documents, accounts."""
    return life.statistics(house)


def get_requests(house: House, query: dict[str, str]) -> Any:
    """What patients ask of the desk: copies and destructions."""
    return life.requests(house.store, _ins(house, query["patient"]) if "patient" in query else "")


def get_care(house: House, query: dict[str, str]) -> Any:
    """The care team and indicators for a professional: ?patient=...&professional=...; refused without right to read."""
    ins = _ins(house, query["patient"])
    who = house.directory.practitioner(query["professional"])
    if who is None:
        raise ValueError("no such professional")
    caller = show.caller_of(house, who)
    holders = (caller.id_nat, caller.structure_id)
    state = dossiers.authorisation(house.store, ins, holders, house.clock.now(), house.parameters["authorisation_days"])
    row = dossiers.dossier(house.store, ins)
    if row is None or row.state != "open" or state.state != dossiers.VALID:
        raise ValueError("no valid authorisation, or no open dossier")
    viewer = visibility.as_professional(
        house.clock.now(), house.parameters.as_dict(), id_nat=caller.id_nat, structure_id=caller.structure_id,
        profession=caller.profession, column=rights.column_of(caller, attending=state.attending),
    )  # fmt: skip
    house.audit.record(house.clock.now(), "INSURANCE_SHOW", "ok", caller=caller, patient=ins)
    return insurance.drawn_for(house, ins, viewer)


def post_settle(house: House, body: Any) -> Any:
    """The desk settles a request: {"number": ..., "granted": bool}."""
    answer = life.settle(house, int(body["number"]), granted=bool(body.get("granted", True)))
    if answer is None:
        raise ValueError("nothing to settle, or a dossier that is still open")
    return answer


def post_desk_creation(house: House, body: Any) -> Any:
    """An agent creates a dossier: {"patient": ..., "consent": true, "agent": ..., choices}."""
    if body.get("consent") is not True:
        raise ValueError("consent")
    choices = life.Choices(**{name: body[name] for name in _FACTS if name in body})
    if not life.desk_creation(house, _ins(house, body["patient"]), choices, str(body.get("agent", ""))):
        raise ValueError("a dossier exists, or the identity cannot be qualified")
    return {"created": True}


def post_creation_code(house: House, body: Any) -> Any:
    """Assurance Maladie sends the code of a creation online: {"patient": ...} to {"code": ...}."""
    return {"code": life.creation_code(house, _ins(house, body["patient"]))}


def post_contact(house: House, body: Any) -> Any:
    """The desk writes where codes and notices go: {"patient": ..., "mobile": ..., "mail": ...}."""
    ins = _ins(house, body["patient"])
    with house.changing(ins) as cursor:
        for kind, name in (("SMS", "mobile"), ("EMAIL", "mail")):
            if body.get(name):
                cursor.execute(
                    "INSERT INTO otp_channels (ins, kind, canal) VALUES (?,?,?)"
                    " ON CONFLICT (ins, kind) DO UPDATE SET canal = excluded.canal",
                    (ins, kind, Sealed(str(body[name]), ins)),
                )
    return {"written": True}


def post_representative_account(house: House, body: Any) -> Any:
    """The desk opens the account of a minor for the legal representatives: {"patient": ...} to login and password.

    TD1.5a refuses a holder under the minimum age: the account is then the representatives', until that age.
    """
    ins = _ins(house, body["patient"])
    row = dossiers.dossier(house.store, ins)
    if row is None or not life.is_minor(house, row.birth_date):
        raise ValueError("no dossier of a minor")
    if not administrative.representatives(house.store, ins) or dossiers.has_account(house.store, ins):
        raise ValueError("no legal representative, or an account exists")
    made = accounts.open_account(house.store, ins)
    return {"login": made.login, "password": made.password}


def post_object(house: House, body: Any) -> Any:
    """A connected object feeds: {"patient": ..., "device": ..., "measures": {name: value}}."""
    return {"document": objects.feed(house, _ins(house, body["patient"]), str(body["device"]), body["measures"])}


def post_fixtures(house: House, body: Any) -> Any:
    """Load the patients of the official behaviours that the host does not know yet."""
    return {"added": fixtures.load(house)}


def post_purge(house: House, body: Any) -> Any:
    """Destroy what was closed longer ago than it is kept."""
    return {"destroyed": len(life.purge(house))}


GET: dict[str, Callable[[House, dict[str, str]], Any]] = {
    "statistics": get_statistics,
    "requests": get_requests,
    "care": get_care,
}
POST: dict[str, Callable[[House, Any], Any]] = {
    "settle": post_settle,
    "desk-creation": post_desk_creation,
    "creation-code": post_creation_code,
    "contact": post_contact,
    "representative-account": post_representative_account,
    "object": post_object,
    "fixtures": post_fixtures,
    "purge": post_purge,
}
