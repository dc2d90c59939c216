"""Which professionals have already been in a dossier: the patient is told of the first time only."""

from __future__ import annotations

from datetime import datetime

from .store import Cursor, Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS first_connections (
    ins TEXT NOT NULL, holder TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (ins, holder));
"""


def ensure_tables(store: Store) -> None:
    """Make the table of this module."""
    store.ensure(_SCHEMA)


def first(cursor: Cursor, ins: str, holder: str, now: datetime) -> bool:
    """Whether a professional has never been in the dossier; from now on, he or she has."""
    known = cursor.execute("SELECT 1 FROM first_connections WHERE ins = ? AND holder = ?", (ins, holder)).fetchone()
    if known is not None:
        return False
    cursor.execute(
        "INSERT INTO first_connections (ins, holder, at) VALUES (?,?,?) ON CONFLICT (ins, holder) DO NOTHING",
        (ins, holder, now.isoformat()),
    )
    return cursor.rowcount == 1
