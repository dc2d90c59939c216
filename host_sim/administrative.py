"""The administrative part of a dossier beyond traits and contacts: title, death, other identifiers, representatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from .store import Cursor, Sealed, Store, sealed

LINKS = frozenset(
    {
        "FTH", "MTH", "STPFTH", "STPMTH", "GRFTH", "GRMTH", "GGRFTH", "GGRMTH", "AUNT", "UNCLE", "BRO", "SIS",
        "RESPRSN",
    }  # HL7 RoleCode
)  # fmt: skip
_SCHEMA = """
CREATE TABLE IF NOT EXISTS patient_details (
    ins TEXT PRIMARY KEY, title TEXT NOT NULL, deceased INTEGER NOT NULL, home_phone TEXT NOT NULL,
    additional TEXT NOT NULL, country TEXT NOT NULL, ins_c TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS representatives (
    seq INTEGER PRIMARY KEY, ins TEXT NOT NULL, link TEXT NOT NULL, family_name TEXT NOT NULL,
    given_name TEXT NOT NULL, street TEXT NOT NULL, additional TEXT NOT NULL, postal_code TEXT NOT NULL,
    city TEXT NOT NULL, country TEXT NOT NULL, phone TEXT NOT NULL, mail TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS representatives_ins ON representatives (ins);
CREATE TABLE IF NOT EXISTS patient_messages (
    ins TEXT NOT NULL, holder TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (ins, holder));
"""


def ensure_tables(store: Store) -> None:
    """Make the tables of this module."""
    store.ensure(_SCHEMA)


@dataclass(frozen=True)
class Details:
    """title is M, Mme or Mlle ("": by the sex), ins_c the 22 digits of the former identifier ("": none)."""

    title: str = ""
    deceased: bool = False
    home_phone: str = ""
    additional: str = ""
    country: str = "FR"
    ins_c: str = ""


@dataclass(frozen=True)
class Representative:
    """A legal representative of a minor; link is a code of LINKS."""

    link: str
    family_name: str
    given_name: str
    street: str = ""
    additional: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    phone: str = ""
    mail: str = ""


_DETAILS = tuple(each.name for each in fields(Details))
_REPRESENTATIVE = tuple(each.name for each in fields(Representative))


def details(store: Store, ins: str) -> Details:
    """The details of a patient; those of nobody in particular when none were written."""
    with store.reading() as cursor:
        row = cursor.execute(
            f"SELECT {', '.join(_DETAILS)} FROM patient_details WHERE ins = ?",  # noqa: S608 - our own names
            (ins,),
        ).fetchone()
    return Details(**(dict(row) | {"deceased": bool(row["deceased"])})) if row else Details()


def write_details(cursor: Cursor, ins: str, said: Details) -> None:
    """Replace the details of a patient."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in _DETAILS)
    values = [
        int(value) if isinstance(value, bool) else Sealed(value, ins)
        for value in (getattr(said, name) for name in _DETAILS)
    ]
    cursor.execute(
        f"INSERT INTO patient_details (ins, {', '.join(_DETAILS)}) VALUES (?,?,?,?,?,?,?)"  # noqa: S608
        f" ON CONFLICT (ins) DO UPDATE SET {changes}",
        (ins, *values),
    )


def representatives(store: Store, ins: str) -> tuple[Representative, ...]:
    """The legal representatives of a patient, in the order in which they were given."""
    with store.reading() as cursor:
        rows = cursor.execute(
            f"SELECT {', '.join(_REPRESENTATIVE)} FROM representatives WHERE ins = ? ORDER BY seq",  # noqa: S608
            (ins,),
        ).fetchall()
    return tuple(Representative(**dict(row)) for row in rows)


def write_representatives(cursor: Cursor, ins: str, people: Iterable[Representative]) -> None:
    """Replace the legal representatives of a patient."""
    cursor.execute("DELETE FROM representatives WHERE ins = ?", (ins,))
    for each in people:
        cursor.execute(
            f"INSERT INTO representatives (ins, {', '.join(_REPRESENTATIVE)}) VALUES (?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608
            (ins, *sealed(ins, *(getattr(each, name) for name in _REPRESENTATIVE))),
        )


def write_facts(cursor: Cursor, facts: Mapping[str, Any]) -> None:
    """Write what the facts of a patient (admin, cast) say of this part; nothing where they are silent.

    Facts: `details` {field of Details: value}, `representatives` [{field of Representative: value}].
    """
    if "details" in facts:
        write_details(cursor, facts["ins"], Details(**facts["details"]))
    if "representatives" in facts:
        people = [Representative(**each) for each in facts["representatives"]]
        if any(each.link not in LINKS for each in people):
            raise ValueError("link of a representative")
        write_representatives(cursor, facts["ins"], people)


def leave_message(cursor: Cursor, ins: str, holder: str, now: datetime) -> None:
    """The patient leaves a message for a professional (holder: national identifier)."""
    cursor.execute(
        "INSERT INTO patient_messages (ins, holder, at) VALUES (?,?,?)"
        " ON CONFLICT (ins, holder) DO UPDATE SET at = excluded.at",
        (ins, holder, now.isoformat()),
    )


def message_waits(cursor: Cursor, ins: str, holder: str) -> bool:
    """Whether a message of the patient awaits a professional."""
    found = cursor.execute("SELECT 1 FROM patient_messages WHERE ins = ? AND holder = ?", (ins, holder)).fetchone()
    return found is not None


def message_read(cursor: Cursor, ins: str, holder: str) -> None:
    """The professional has seen the messages of a patient."""
    cursor.execute("DELETE FROM patient_messages WHERE ins = ? AND holder = ?", (ins, holder))


def forget(cursor: Cursor, ins: str) -> None:
    """Make as if nothing of this part had ever been written of a patient."""
    for table in ("patient_details", "representatives", "patient_messages"):
        cursor.execute(f"DELETE FROM {table} WHERE ins = ?", (ins,))  # noqa: S608 - names of our own tables
