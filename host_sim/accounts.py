"""The patient's internet account: login, password kept as a salted hash; opened, renewed, looked for."""

from __future__ import annotations

import os
from dataclasses import dataclass

from . import passwords
from .store import Store


@dataclass(frozen=True)
class Secrets:
    """What is told once, when an account is opened or its password renewed."""

    login: str
    password: str


def open_account(store: Store, ins: str) -> Secrets:
    """Make the account of a patient who has none."""
    made, salt = Secrets(passwords.new_login(), passwords.new_password()), os.urandom(16)
    kept = passwords.hashed(made.password, salt)
    with store.transaction() as cursor:
        cursor.execute(
            "INSERT INTO accounts (ins, login, salt, password_hash) VALUES (?,?,?,?)", (ins, made.login, salt, kept)
        )
    return made


def renew(store: Store, ins: str) -> Secrets | None:
    """Give a new password to the account of a patient, whose login stays; None when there is no account.

    The former password is worth nothing from then on.
    """
    password, salt = passwords.new_password(), os.urandom(16)
    kept = passwords.hashed(password, salt)
    with store.transaction() as cursor:
        row = cursor.execute("SELECT login FROM accounts WHERE ins = ?", (ins,)).fetchone()
        if row is None:
            return None
        cursor.execute("UPDATE accounts SET salt = ?, password_hash = ? WHERE ins = ?", (salt, kept, ins))
    return Secrets(str(row["login"]), password)


def holder_of(store: Store, login: str, password: str) -> str:
    """The INS matricule of the patient whose login and password these are; "" when they are nobody's."""
    with store.reading() as cursor:
        row = cursor.execute("SELECT ins, salt, password_hash FROM accounts WHERE login = ?", (login,)).fetchone()
    if row is None:
        passwords.hashed(password, bytes(16))  # as long as for a login that exists
        return ""
    good = passwords.matches(password, bytes(row["salt"]), bytes(row["password_hash"]))
    return str(row["ins"]) if good else ""
