"""What a patient wants known, as it is kept: beside it, the documents by which professionals read it."""

from __future__ import annotations

import json
from dataclasses import asdict

from .patient_nouns import Contact, Wishes
from .store import Cursor, Sealed, Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS patient_wishes (
    ins TEXT PRIMARY KEY, wishes TEXT NOT NULL, rights_id TEXT NOT NULL, directives_id TEXT NOT NULL);
"""


def ensure_tables(store: Store) -> None:
    """Make the table of this module."""
    store.ensure(_SCHEMA)


def read(store: Store, ins: str) -> tuple[Wishes, str, str]:
    """What was written, and the uniqueIds of the two documents that say it."""
    with store.reading() as cursor:
        row = cursor.execute(
            "SELECT wishes, rights_id, directives_id FROM patient_wishes WHERE ins = ?", (ins,)
        ).fetchone()
    if row is None:
        return Wishes(), "", ""
    facts = json.loads(row["wishes"])
    trusted = facts["trusted_person"]
    people = tuple(Contact(**each) for each in facts["persons_to_call"])
    said = Wishes(facts["directives"], facts["organ_donation"], Contact(**trusted) if trusted else None, people)
    return said, row["rights_id"], row["directives_id"]


def write(cursor: Cursor, ins: str, said: Wishes, rights_id: str, directives_id: str) -> None:
    """Replace what was written."""
    cursor.execute(
        "INSERT INTO patient_wishes (ins, wishes, rights_id, directives_id) VALUES (?,?,?,?)"
        " ON CONFLICT (ins) DO UPDATE SET wishes = excluded.wishes, rights_id = excluded.rights_id,"
        " directives_id = excluded.directives_id",
        (ins, Sealed(json.dumps(asdict(said)), ins), rights_id, directives_id),
    )
