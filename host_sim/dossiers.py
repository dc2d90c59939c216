"""Patients, their dossiers, and who may open them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .store import Cursor, Store

VALID, EXPIRED, FORBIDDEN, NONE = "VALIDE", "EXPIRE", "INTERDIT", "NON_EXISTE"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS patients (
    ins TEXT PRIMARY KEY, oid TEXT NOT NULL, key TEXT NOT NULL, birth_name TEXT NOT NULL, usage_name TEXT NOT NULL,
    given_names TEXT NOT NULL, birth_date TEXT NOT NULL, sex TEXT NOT NULL, birth_place TEXT NOT NULL,
    insi INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS vitale (
    nir_od TEXT NOT NULL, rank INTEGER NOT NULL, family_name TEXT NOT NULL, given_name TEXT NOT NULL,
    birth_date TEXT NOT NULL, ins TEXT NOT NULL, PRIMARY KEY (nir_od, rank, ins));
CREATE INDEX IF NOT EXISTS patients_key ON patients (key);
CREATE INDEX IF NOT EXISTS patients_birth ON patients (birth_date, sex);
CREATE INDEX IF NOT EXISTS vitale_ins ON vitale (ins);
CREATE TABLE IF NOT EXISTS dossiers (
    ins TEXT PRIMARY KEY, oid TEXT NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL, closed_at TEXT NOT NULL
    DEFAULT '', closing_reason TEXT NOT NULL DEFAULT '', birth_name TEXT NOT NULL, usage_name TEXT NOT NULL,
    given_names TEXT NOT NULL, birth_date TEXT NOT NULL, sex TEXT NOT NULL, birth_place TEXT NOT NULL,
    street TEXT NOT NULL DEFAULT '', postal_code TEXT NOT NULL DEFAULT '', city TEXT NOT NULL DEFAULT '',
    mobile TEXT NOT NULL DEFAULT '', mail TEXT NOT NULL DEFAULT '', opposed_break_glass INTEGER NOT NULL DEFAULT 0,
    opposed_regulation INTEGER NOT NULL DEFAULT 0, attached_to_ens INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS authorisations (
    ins TEXT NOT NULL, holder TEXT NOT NULL, state TEXT NOT NULL, granted_at TEXT NOT NULL,
    attending INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (ins, holder));
CREATE TABLE IF NOT EXISTS accounts (
    ins TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE, salt BLOB NOT NULL, password_hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS otp_channels (
    ins TEXT NOT NULL, kind TEXT NOT NULL, canal TEXT NOT NULL, PRIMARY KEY (ins, kind));
"""
_PERSON = "ins, oid, key, birth_name, usage_name, given_names, birth_date, sex, birth_place, insi"


def ensure_tables(store: Store) -> None:
    """Make the tables of this module."""
    store.ensure(_SCHEMA)


@dataclass(frozen=True)
class Person:
    """Traits as INSi keeps them; given_names separated by one space, birth_date yyyymmdd; insi: can be qualified."""

    ins: str
    oid: str
    key: str
    birth_name: str
    usage_name: str
    given_names: str
    birth_date: str
    sex: str
    birth_place: str
    insi: bool


@dataclass(frozen=True)
class DossierRow:
    """A dossier: state is "open" or "closed"; oppositions are the patient's refusals."""

    ins: str
    oid: str
    state: str
    created_at: str
    closed_at: str
    closing_reason: str
    birth_name: str
    usage_name: str
    given_names: str
    birth_date: str
    sex: str
    birth_place: str
    street: str
    postal_code: str
    city: str
    mobile: str
    mail: str
    opposed_break_glass: bool
    opposed_regulation: bool
    attached_to_ens: bool

    def opposes(self, purpose: str) -> bool:
        """Whether the patient refuses accesses of this purpose (bris_de_glace, centre_15)."""
        refused = {"bris_de_glace": self.opposed_break_glass, "centre_15": self.opposed_regulation}
        return bool(refused.get(purpose, False))


def person(store: Store, ins_or_key: str) -> Person | None:
    """Find somebody by INS matricule or by cast key, dossier or not."""
    with store.reading() as cursor:
        for column in ("ins", "key"):
            query = f"SELECT {_PERSON} FROM patients WHERE {column} = ?"  # noqa: S608 - our own names
            row = cursor.execute(query, (ins_or_key,)).fetchone()
            if row:
                return Person(*row)
    return None


def dossier(store: Store, ins: str) -> DossierRow | None:
    """The dossier of an INS matricule, open or closed."""
    with store.reading() as cursor:
        row = cursor.execute("SELECT * FROM dossiers WHERE ins = ?", (ins,)).fetchone()
    return DossierRow(**dict(row)) if row else None


def open_ones(store: Store) -> Iterator[DossierRow]:
    """Every open dossier, one at a time."""
    with store.reading() as cursor:
        for row in cursor.execute("SELECT * FROM dossiers WHERE state = 'open'"):
            yield DossierRow(**dict(row))


def summary(store: Store, ins: str) -> dict[str, Any]:
    """Say what is written of a dossier, as plain values; state is "absent" when there is none."""
    found = dossier(store, ins)
    with store.reading() as cursor:
        rows = cursor.execute("SELECT holder, state, attending FROM authorisations WHERE ins = ?", (ins,)).fetchall()
        channels = cursor.execute("SELECT kind FROM otp_channels WHERE ins = ? ORDER BY kind", (ins,)).fetchall()
    return {
        "state": found.state if found else "absent",
        "opposed_break_glass": bool(found and found.opposed_break_glass),
        "opposed_regulation": bool(found and found.opposed_regulation),
        "account": has_account(store, ins),
        "channels": [row["kind"] for row in channels],
        "authorisations": {row["holder"]: {"state": row["state"], "attending": bool(row["attending"])} for row in rows},
    }


def forget(cursor: Cursor, ins: str) -> None:
    """Make as if the dossier had never been: state, authorisations, account and channels; documents stay."""
    for table in ("dossiers", "authorisations", "accounts", "otp_channels"):
        cursor.execute(f"DELETE FROM {table} WHERE ins = ?", (ins,))  # noqa: S608 - names of our own tables


def has_account(store: Store, ins: str) -> bool:
    """Whether the patient's internet account exists."""
    with store.reading() as cursor:
        return cursor.execute("SELECT 1 FROM accounts WHERE ins = ?", (ins,)).fetchone() is not None


@dataclass(frozen=True)
class Authorisation:
    """What a professional may do in a dossier now: VALIDE, EXPIRE, INTERDIT or NON_EXISTE, and médecin traitant."""

    state: str
    attending: bool


def authorisation(store: Store, ins: str, holders: tuple[str, str], now: datetime, life_days: int) -> Authorisation:
    """What `holders` (professional, structure) may do: the own row, or else the one of the whole structure."""
    with store.reading() as cursor:
        rows = {
            row["holder"]: row
            for row in cursor.execute(
                "SELECT holder, state, granted_at, attending FROM authorisations WHERE ins = ? AND holder IN (?, ?)",
                (ins, *holders),
            )
        }
    row = rows.get(holders[0]) or rows.get(holders[1])
    if row is None:
        return Authorisation(NONE, attending=False)
    state = str(row["state"])
    if state == VALID and now - datetime.fromisoformat(row["granted_at"]) >= timedelta(days=life_days):
        state = EXPIRED
    return Authorisation(state, attending=bool(row["attending"]))


def grant(cursor: Cursor, ins: str, holder: str, now: datetime, *, attending: bool, several: bool) -> None:
    """Write an authorisation that begins now; one treating doctor replaces the others unless there may be several."""
    if attending and not several:
        cursor.execute("UPDATE authorisations SET attending = 0 WHERE ins = ? AND holder <> ?", (ins, holder))
    cursor.execute(
        "INSERT INTO authorisations (ins, holder, state, granted_at, attending) VALUES (?,?,?,?,?)"
        " ON CONFLICT (ins, holder) DO UPDATE SET state = excluded.state, granted_at = excluded.granted_at,"
        " attending = excluded.attending",
        (ins, holder, VALID, now.isoformat(), int(attending)),
    )
