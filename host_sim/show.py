"""A dossier as one person would see it: the patient, or a professional."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from . import dossiers, registry, rights, visibility
from .call import Caller
from .directory import Practitioner
from .dossiers import DossierRow, Person
from .house import House

_STATES = {"open": "ouvert", "closed": "fermé"}
_AUTHORISATIONS = {
    dossiers.VALID: "autorisé",
    dossiers.EXPIRED: "autorisation expirée",
    dossiers.FORBIDDEN: "accès interdit par le patient",
    dossiers.NONE: "non autorisé",
}


class NobodyThere(Exception):  # noqa: N818 - becomes an exit code
    """No such patient or professional."""


def as_patient(house: House, key: str) -> dict[str, Any]:
    """What the patient sees: every document not hidden from him or her, the access history, the notifications."""
    person, row = _patient(house, key)
    seen: dict[str, Any] = _head(person, row)
    if row is not None:
        viewer = visibility.as_patient(house.clock.now(), house.parameters.as_dict())
        seen["documents"] = documents(house, person.ins, viewer)
    seen["history"] = [
        {
            name: each[name]
            for name in ("at", "name", "structure", "transaction", "purpose", "word", "reason", "outcome")
        }
        for each in house.audit.rows(person.ins)
    ]
    seen["notifications"] = house.audit.notifications(person.ins)
    return seen


def as_professional(house: House, who: str, key: str) -> dict[str, Any]:
    """What a professional would list in normal access."""
    person, row = _patient(house, key)
    practitioner = house.directory.practitioner(who)
    if practitioner is None:
        raise NobodyThere(who)
    caller = caller_of(house, practitioner)
    life = house.parameters["authorisation_days"]
    holders = (caller.id_nat, caller.structure_id)
    state = dossiers.authorisation(house.store, person.ins, holders, house.clock.now(), life)
    seen = _head(person, row)
    seen["professional"] = f"{caller.given_name} {caller.family_name}"
    seen["authorisation"] = _AUTHORISATIONS[state.state]
    seen["attending"] = state.attending
    open_to_him = row is not None and row.state == "open" and state.state == dossiers.VALID
    viewer = visibility.as_professional(
        house.clock.now(),
        house.parameters.as_dict(),
        id_nat=caller.id_nat,
        structure_id=caller.structure_id,
        profession=caller.profession,
        column=rights.column_of(caller, attending=state.attending),
    )
    seen["documents"] = documents(house, person.ins, viewer) if open_to_him else []
    return seen


def documents(house: House, ins: str, viewer: visibility.Viewer) -> list[dict[str, Any]]:
    """The documents that a viewer sees, as plain values: moments in ISO 8601, None for nothing."""
    listed = registry.listed_for(house.store, ins, viewer)
    return [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(each).items()}
        for each in listed
    ]


def text(seen: dict[str, Any]) -> str:
    """The same in French lines for a terminal."""
    lines = [f"{seen['name']}, {seen['birth_date']} : dossier {seen['state']}"]
    if "authorisation" in seen:
        attending = ", médecin traitant" if seen["attending"] else ""
        lines.append(f"Vu par {seen['professional']} : {seen['authorisation']}{attending}")
    listed = seen.get("documents", [])
    lines += [f"Documents : {len(listed)}", *(f"  {_document(each)}" for each in listed)]
    if "history" in seen:
        lines += [f"Accès : {len(seen['history'])}", *(f"  {_join(each.values())}" for each in seen["history"])]
        told = seen["notifications"]
        lines += [f"Notifications : {len(told)}", *(f"  {_join(each.values())}" for each in told)]
    return "\n".join(lines)


def _document(facts: dict[str, Any]) -> str:
    masks = ["masqué aux professionnels"] if facts["masked"] else []
    if facts["hidden_until"]:
        masks.append(f"caché au patient jusqu'au {facts['hidden_until'][:10]}")
    names = ("created", "type_name", "title", "author", "institution", "state")
    return _join([*(facts[name] for name in names), *masks])


def _join(values: Iterable[Any]) -> str:
    return " | ".join(str(value) for value in values if value not in ("", None))


def _patient(house: House, key: str) -> tuple[Person, DossierRow | None]:
    person = dossiers.person(house.store, key)
    if person is None:
        raise NobodyThere(key)
    return person, dossiers.dossier(house.store, person.ins)


def _head(person: Person, row: DossierRow | None) -> dict[str, Any]:
    return {
        "name": f"{person.given_names} {person.usage_name or person.birth_name}",
        "birth_date": person.birth_date,
        "state": "absent" if row is None else _STATES[row.state],
        "closing_reason": "" if row is None else row.closing_reason,
    }


def caller_of(house: House, person: Practitioner) -> Caller:
    """A professional of the directory as a caller, at the first place of practice."""
    places = house.directory.places(person.id_nat)
    structure, sector = places[0] if places else ("", "")
    return Caller(
        id_nat=person.id_nat,
        family_name=person.family_name,
        given_name=person.given_name,
        profession=person.profession,
        specialty=person.specialty,
        structure_id=structure,
        sector=sector,
        card_kind=person.card_kind,
    )
