"""Logins that too many wrong passwords or codes have locked; kept in the store, so that a restart opens nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..house import House

_SCHEMA = """
CREATE TABLE IF NOT EXISTS site_failures (
    login TEXT PRIMARY KEY, failures INTEGER NOT NULL, last TEXT NOT NULL);
"""


def ensure_tables(house: House) -> None:
    """Make the table of this module."""
    house.store.ensure(_SCHEMA)


def is_locked(house: House, login: str) -> bool:
    """Whether a login, known or not, had too many failures lately."""
    with house.store.reading() as cursor:
        row = cursor.execute("SELECT failures, last FROM site_failures WHERE login = ?", (_name(login),)).fetchone()
    if row is None or _is_over(house, row["last"]):
        return False
    return bool(row["failures"] >= house.parameters["wrong_secrets_before_lock"])


def failed(house: House, login: str) -> None:
    """Count one failure; those older than the lock are forgotten."""
    now = house.clock.now().isoformat(timespec="seconds")
    with house.store.transaction() as cursor:
        house.store.lock(f"site {_name(login)}")
        for row in cursor.execute("SELECT login, last FROM site_failures").fetchall():
            if _is_over(house, row["last"]):
                cursor.execute("DELETE FROM site_failures WHERE login = ?", (row["login"],))
        cursor.execute(
            "INSERT INTO site_failures (login, failures, last) VALUES (?,1,?)"
            " ON CONFLICT (login) DO UPDATE SET failures = site_failures.failures + 1, last = excluded.last",
            (_name(login), now),
        )


def succeeded(house: House, login: str) -> None:
    """Forget the failures of who has given both secrets."""
    with house.store.transaction() as cursor:
        cursor.execute("DELETE FROM site_failures WHERE login = ?", (_name(login),))


def _is_over(house: House, last: str) -> bool:
    life = timedelta(minutes=house.parameters["lock_minutes"])
    return house.clock.now() - datetime.fromisoformat(last) > life


def _name(login: str) -> str:
    return login.strip().upper()[:64]
