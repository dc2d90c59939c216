"""What patients ask of the host's desk about their login: lost, then renewed once the identity was checked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import accounts, dossiers
from .accounts import Secrets
from .house import House
from .store import Sealed

_SCHEMA = """
CREATE TABLE IF NOT EXISTS lost_logins (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, ins TEXT NOT NULL, name TEXT NOT NULL, birth_date TEXT NOT NULL,
    state TEXT NOT NULL);
"""
WAITING, RENEWED = "demandée", "renouvelée"


def lost(house: House, at: datetime, *, ins: str, name: str, birth_date: str) -> None:
    """Write down that somebody has lost a login; nothing is said of whether the account exists."""
    house.store.ensure(_SCHEMA)
    with house.store.transaction() as cursor:
        cursor.execute(
            "INSERT INTO lost_logins (at, ins, name, birth_date, state) VALUES (?,?,?,?,?)",
            (at.isoformat(timespec="seconds"), ins, Sealed(name[:100]), Sealed(birth_date[:10]), WAITING),
        )


def lost_logins(house: House) -> list[dict[str, Any]]:
    """Every request, the oldest first: number, at, ins, name, birth_date, state, and whether they are consistent."""
    house.store.ensure(_SCHEMA)
    with house.store.reading() as cursor:
        rows = cursor.execute("SELECT * FROM lost_logins ORDER BY number").fetchall()
    found = [{name: row[name] for name in ("number", "at", "ins", "name", "birth_date", "state")} for row in rows]
    return [{**each, "consistent": _is_consistent(house, each)} for each in found]


def renew(house: House, number: int) -> Secrets | None:
    """Give new secrets for a request of consistent identity; None when there is none, or no account."""
    wanted = next((each for each in lost_logins(house) if each["number"] == number), None)
    if wanted is None or not wanted["consistent"] or wanted["state"] != WAITING:
        return None
    with house.store.transaction() as cursor:
        made = accounts.renew(house.store, wanted["ins"])
        if made is not None:
            cursor.execute("UPDATE lost_logins SET state = ? WHERE number = ?", (RENEWED, number))
    return made


def account_mark(house: House, ins: str) -> bytes:
    """What changes when the password of an account does; b"" without an account."""
    with house.store.reading() as cursor:
        row = cursor.execute("SELECT salt FROM accounts WHERE ins = ?", (ins,)).fetchone()
    return bytes(row["salt"]) if row else b""


def _is_consistent(house: House, wanted: dict[str, Any]) -> bool:
    row = dossiers.dossier(house.store, wanted["ins"])
    if row is None:
        return False
    names = {each.casefold() for each in (row.birth_name, row.usage_name) if each}
    return wanted["name"].strip().casefold() in names and wanted["birth_date"] == row.birth_date
