"""Which dossiers a professional may open, when somebody last acted in one, and when it last changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from . import dossiers, registry
from .call import Caller
from .dossiers import VALID, DossierRow
from .profile import MASKED
from .registry import DELETED, Entry
from .store import Cursor, Store

if TYPE_CHECKING:
    from .consultation import Reading

_SCHEMA = """
CREATE TABLE IF NOT EXISTS last_actions (
    ins TEXT NOT NULL, holder TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (ins, holder));
CREATE INDEX IF NOT EXISTS authorisations_holder ON authorisations (holder);
"""


def ensure_tables(store: Store) -> None:
    """Make the table of this module; that of the authorisations is there already."""
    store.ensure(_SCHEMA)


@dataclass(frozen=True)
class Followed:
    """A dossier that its holder may open now; `granted_at`: since when."""

    row: DossierRow
    holder: str
    granted_at: datetime
    attending: bool


def acted(cursor: Cursor, ins: str, caller: Caller, now: datetime) -> None:
    """Note that somebody, and their structure, acted in a dossier."""
    for holder in dict.fromkeys((caller.id_nat, caller.structure_id)):
        cursor.execute(
            "INSERT INTO last_actions (ins, holder, at) VALUES (?,?,?)"
            " ON CONFLICT (ins, holder) DO UPDATE SET at = excluded.at",
            (ins, holder, now.isoformat()),
        )


def last_action(cursor: Cursor, ins: str, holders: Sequence[str]) -> datetime | None:
    """When one of the holders last acted in a dossier."""
    marks = ",".join("?" * len(holders))
    query = f"SELECT max(at) AS at FROM last_actions WHERE ins = ? AND holder IN ({marks})"  # noqa: S608 - marks
    row = cursor.execute(query, (ins, *holders)).fetchone()
    return datetime.fromisoformat(row["at"]) if row and row["at"] else None


def colleagues(cursor: Cursor, structure_id: str) -> tuple[str, ...]:
    """The professionals who practise in a structure, by identifier."""
    rows = cursor.execute(
        "SELECT DISTINCT id_nat FROM activities WHERE structure_id = ? ORDER BY id_nat", (structure_id,)
    ).fetchall()
    return tuple(row["id_nat"] for row in rows)


def structure_name(store: Store, structure_id: str) -> str:
    """The name of a structure; "" when it is not known."""
    with store.reading() as cursor:
        row = cursor.execute("SELECT name FROM structures WHERE id_nat = ?", (structure_id,)).fetchone()
    return str(row["name"]) if row else ""


def followed(store: Store, holders: Sequence[str], now: datetime, life_days: int) -> list[Followed]:
    """The open dossiers that one of the holders may open now, the newest authorisation first; each dossier once."""
    marks = ",".join("?" * len(holders))
    with store.reading() as cursor:
        rows = cursor.execute(
            f"SELECT ins, holder, granted_at FROM authorisations WHERE holder IN ({marks}) AND state = ?",  # noqa: S608
            (*holders, VALID),
        ).fetchall()
    order = {holder: number for number, holder in enumerate(holders)}
    first = {row["ins"]: row for row in sorted(rows, key=lambda row: -order[row["holder"]])}
    found = []
    for ins, row in first.items():
        present = dossiers.authorisation(store, ins, (row["holder"], row["holder"]), now, life_days)
        dossier = dossiers.dossier(store, ins) if present.state == VALID else None
        if dossier is not None and dossier.state == "open":
            granted = datetime.fromisoformat(row["granted_at"])
            found.append(Followed(dossier, row["holder"], granted, present.attending))
    return sorted(found, key=lambda each: each.granted_at, reverse=True)


@dataclass(frozen=True)
class Changes:
    """When a dossier last changed and last received a document that the reader may know of; None: never."""

    updated: datetime | None
    added: datetime | None


def changes(cursor: Cursor, ins: str, reading: Reading | None) -> Changes:
    """What changed in a dossier, for a reader, or for somebody who reads none of its documents (then not the masked).

    A change of codes or of status counts only in a dossier of which the reader knows a document.
    """
    entries = [each for each in registry.entries_of(cursor, ins) if _counts(each, reading)]
    if not entries:
        return Changes(None, None)
    added = max(each.received_at for each in entries)
    row = cursor.execute("SELECT max(received_at) AS at FROM registry_sets WHERE patient = ?", (ins,)).fetchone()
    changed = datetime.fromisoformat(row["at"]) if row and row["at"] else added
    return Changes(max(added, changed), added)


def _counts(entry: Entry, reading: Reading | None) -> bool:
    if entry.is_signature or entry.status == DELETED:
        return False
    return reading.shows(entry) if reading is not None else MASKED not in entry.confidentiality
