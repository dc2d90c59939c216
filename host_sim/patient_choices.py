"""The patient's space: directives, organ donation, persons to trust and to call, emergencies, contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from . import life, made_documents, patient_wishes, registry
from .dossiers import DossierRow
from .house import House
from .made_documents import Made
from .patient_acts import noted, open_row
from .patient_life import checked_channels, write_channel
from .patient_nouns import Contact, Refused, Visitor, Wishes
from .store import Cursor, sealed

_DONATIONS = {"": "non renseigné", "accord": "accord", "opposition": "opposition"}
_MOST_PEOPLE = 10


def wishes(house: House, visitor: Visitor) -> Wishes:
    """What the patient wants known."""
    open_row(house, visitor)
    return patient_wishes.read(house.store, visitor.ins)[0]


def set_directives(house: House, visitor: Visitor, text: str) -> None:
    """Write the advance directives ("" withdraws them); professionals read them as a document (EXPPAT_3)."""
    row = open_row(house, visitor)
    with noted(house, visitor, "PATIENT_WISHES") as cursor:
        known, rights_id, directives_id = patient_wishes.read(house.store, visitor.ins)
        said = text.strip()
        changed = replace(known, directives=said)
        made = Made("Directives anticipées", "EXPPAT_3", "text/plain", said.encode()) if said else None
        directives_id = _publish(house, cursor, row, directives_id, made)
        patient_wishes.write(cursor, visitor.ins, changed, rights_id, directives_id)


def set_organ_donation(house: House, visitor: Visitor, choice: str) -> None:
    """Say "accord", "opposition", or "" (nothing said); part of the document of wishes (EXPPAT_1)."""
    if choice not in _DONATIONS:
        raise Refused("UNKNOWN_CHOICE")
    _change(house, visitor, organ_donation=choice)


def set_trusted_person(house: House, visitor: Visitor, person: Contact | None) -> None:
    """Name the trusted person, or nobody; part of the document of wishes (EXPPAT_1)."""
    _change(house, visitor, trusted_person=person)


def set_persons_to_call(house: House, visitor: Visitor, people: Sequence[Contact]) -> None:
    """Name the persons to call in an emergency, in order; part of the document of wishes (EXPPAT_1)."""
    _change(house, visitor, persons_to_call=tuple(people)[:_MOST_PEOPLE])


def _change(house: House, visitor: Visitor, **changes: object) -> None:
    row = open_row(house, visitor)
    with noted(house, visitor, "PATIENT_WISHES") as cursor:
        known, rights_id, directives_id = patient_wishes.read(house.store, visitor.ins)
        changed = replace(known, **changes)  # type: ignore[arg-type]
        made = Made("Volontés et droits du patient", "EXPPAT_1", "text/plain", _text(changed).encode())
        rights_id = _publish(house, cursor, row, rights_id, made)
        patient_wishes.write(cursor, visitor.ins, changed, rights_id, directives_id)


def _publish(house: House, cursor: Cursor, row: DossierRow, former: str, made: Made | None) -> str:
    """Put the document in the place of the former one; without document, delete the former one."""
    old = registry.find_entry(cursor, unique_id=former) if former else None
    if old is not None and old.status == registry.DELETED:
        old = None
    if made is None:
        if old is not None:
            registry.set_status(cursor, old, registry.DELETED)
        return ""
    return made_documents.register(house, cursor, row, made_documents.patient_of(row), replace(made, replaces=old))


def _text(said: Wishes) -> str:
    lines = [f"Don d’organes : {_DONATIONS[said.organ_donation]}"]
    if said.trusted_person is not None:
        lines.append(f"Personne de confiance : {_line(said.trusted_person)}")
    lines += [f"Personne à prévenir : {_line(each)}" for each in said.persons_to_call]
    return "\n".join(lines) + "\n"


def _line(person: Contact) -> str:
    return ", ".join(each for each in (person.name, person.link, person.phone, person.address) if each)


def set_emergency(
    house: House, visitor: Visitor, *, opposed_break_glass: bool, opposed_regulation: bool, masked_in_emergency: bool
) -> None:
    """Tick the two boxes of opposition, and whether masked documents are shown in an emergency."""
    open_row(house, visitor)
    with noted(house, visitor, "PATIENT_EMERGENCY") as cursor:
        cursor.execute(
            "UPDATE dossiers SET opposed_break_glass = ?, opposed_regulation = ? WHERE ins = ?",
            (int(opposed_break_glass), int(opposed_regulation), visitor.ins),
        )
        life.choose_masked_in_emergency(cursor, visitor.ins, masked_in_emergency)


def set_contact(house: House, visitor: Visitor, *, mobile: str, mail: str) -> None:
    """Change where notices and one-time codes go. Raises Refused: NOT_A_MOBILE, NOT_A_MAIL, CONTACT_MISSING."""
    open_row(house, visitor)
    channels = checked_channels(mobile, mail)
    if not channels:
        raise Refused("CONTACT_MISSING")
    with noted(house, visitor, "PATIENT_CONTACT") as cursor:
        cursor.execute(
            "UPDATE dossiers SET mobile = ?, mail = ? WHERE ins = ?",
            (*sealed(visitor.ins, mobile, mail), visitor.ins),
        )
        cursor.execute("DELETE FROM otp_channels WHERE ins = ?", (visitor.ins,))
        for kind, canal in channels.items():
            write_channel(cursor, visitor.ins, kind, canal)
