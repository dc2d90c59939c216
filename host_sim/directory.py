"""The host's directory of professionals: who practises where and in which sector."""

from __future__ import annotations

from dataclasses import dataclass

from .store import Cursor, Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS professionals (
    id_nat TEXT PRIMARY KEY, key TEXT NOT NULL, family_name TEXT NOT NULL, given_name TEXT NOT NULL,
    profession TEXT NOT NULL, specialty TEXT NOT NULL, card_kind TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS professionals_key ON professionals (key);
CREATE TABLE IF NOT EXISTS structures (id_nat TEXT PRIMARY KEY, name TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS activities (
    seq INTEGER PRIMARY KEY, id_nat TEXT NOT NULL REFERENCES professionals,
    structure_id TEXT NOT NULL REFERENCES structures, sector TEXT NOT NULL, UNIQUE (id_nat, structure_id, sector));
"""
_PRACTITIONER = "id_nat, key, family_name, given_name, profession, specialty, card_kind"


@dataclass(frozen=True)
class Practitioner:
    """A row of the directory; profession is a TRE_G15 code ("" for a secretary), card_kind CPS or CPE."""

    id_nat: str
    key: str
    family_name: str
    given_name: str
    profession: str
    specialty: str
    card_kind: str


class Directory:
    """Look-ups in the tables professionals, structures and activities."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.ensure(_SCHEMA)

    def practitioner(self, id_or_key: str) -> Practitioner | None:
        """Find somebody by national identifier or by cast key."""
        with self._store.transaction() as cursor:
            for column in ("id_nat", "key"):
                query = f"SELECT {_PRACTITIONER} FROM professionals WHERE {column} = ?"  # noqa: S608 - our own names
                row = cursor.execute(query, (id_or_key,)).fetchone()
                if row:
                    return Practitioner(*row)
        return None

    def structure_is_active(self, structure_id: str) -> bool:
        """Whether the structure exists and is open."""
        with self._store.transaction() as cursor:
            row = cursor.execute("SELECT active FROM structures WHERE id_nat = ?", (structure_id,)).fetchone()
        return bool(row and row["active"])

    def sectors(self, id_nat: str, structure_id: str) -> frozenset[str]:
        """The sectors (SAnn) in which somebody practises at a structure; empty when not linked to it."""
        with self._store.transaction() as cursor:
            rows = cursor.execute(
                "SELECT sector FROM activities WHERE id_nat = ? AND structure_id = ?", (id_nat, structure_id)
            ).fetchall()
        return frozenset(row["sector"] for row in rows)

    def sectors_of(self, structure_id: str) -> frozenset[str]:
        """The sectors of a structure: those in which somebody practises there."""
        with self._store.transaction() as cursor:
            rows = cursor.execute("SELECT sector FROM activities WHERE structure_id = ?", (structure_id,)).fetchall()
        return frozenset(row["sector"] for row in rows)

    def places(self, id_nat: str) -> list[tuple[str, str]]:
        """Where somebody practises: (structure identifier, sector)."""
        with self._store.transaction() as cursor:
            rows = cursor.execute(
                "SELECT structure_id, sector FROM activities WHERE id_nat = ? ORDER BY seq", (id_nat,)
            ).fetchall()
        return [(row["structure_id"], row["sector"]) for row in rows]


def add_practitioner(cursor: Cursor, person: Practitioner, places: list[tuple[str, str, str]]) -> None:
    """Write somebody and their places: (structure identifier, structure name, sector)."""
    cursor.execute(
        "INSERT INTO professionals (id_nat, key, family_name, given_name, profession, specialty, card_kind)"
        " VALUES (?,?,?,?,?,?,?) ON CONFLICT (id_nat) DO UPDATE SET key = excluded.key,"
        " family_name = excluded.family_name, given_name = excluded.given_name, profession = excluded.profession,"
        " specialty = excluded.specialty, card_kind = excluded.card_kind",
        (
            person.id_nat,
            person.key,
            person.family_name,
            person.given_name,
            person.profession,
            person.specialty,
            person.card_kind,
        ),
    )
    for structure_id, name, sector in places:
        cursor.execute(
            "INSERT INTO structures (id_nat, name) VALUES (?,?) ON CONFLICT (id_nat) DO NOTHING", (structure_id, name)
        )
        cursor.execute(
            "INSERT INTO activities (id_nat, structure_id, sector) VALUES (?,?,?) ON CONFLICT DO NOTHING",
            (person.id_nat, structure_id, sector),
        )
