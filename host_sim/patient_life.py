"""The patient's space: entering, the state of the dossier, requests, closing, reactivation, creation online."""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from typing import Any

from . import accounts, administrative, dossiers, life
from .accounts import Secrets
from .dossiers import DossierRow
from .house import House
from .patient_acts import noted, open_row, row_of
from .patient_nouns import OnlineCreation, Refused, Summary, Visitor, Wanted
from .store import Cursor, Sealed

MOBILE = re.compile(r"^0[67]\d{8}$", re.ASCII)
MAIL = re.compile(r"^[^@\s]{1,64}@[^@\s]+\.[^@\s.]+$")
_MEDIA = ("papier", "cd-rom")


def sign_in(house: House, login: str, password: str) -> Visitor | None:
    """Find who a login and a password are of (the one-time code comes after); None when they are nobody's.

    The account of a holder under the minimum age is that of the legal representatives. Raises Refused: TOO_YOUNG,
    NO_DOSSIER.
    """
    ins = accounts.holder_of(house.store, login, password)
    if not ins:
        return None
    row = row_of(house, ins)
    young = life.age(row.birth_date, house.clock.now()) < int(house.parameters["account_minimum_age"])
    return visitor_of(house, ins, representative=young and bool(administrative.representatives(house.store, ins)))


def visitor_of(house: House, ins: str, *, representative: bool = False) -> Visitor:
    """The holder of a dossier, or the first legal representative of a minor, as already recognised.

    Raises Refused: NO_DOSSIER, TOO_YOUNG (the holder is under the minimum age), NO_LONGER_REPRESENTATIVE.
    """
    row = row_of(house, ins)
    if representative:
        people = administrative.representatives(house.store, ins)
        if not life.is_minor(house, row.birth_date) or not people:
            raise Refused("NO_LONGER_REPRESENTATIVE")
        return Visitor(ins, f"{people[0].given_name} {people[0].family_name}", representative=True)
    if life.age(row.birth_date, house.clock.now()) < int(house.parameters["account_minimum_age"]):
        raise Refused("TOO_YOUNG")
    return Visitor(ins, _name(row))


def _name(row: DossierRow) -> str:
    return f"{row.given_names.split(' ')[0]} {row.usage_name or row.birth_name}"


def summary(house: House, visitor: Visitor) -> Summary:
    """Say in what state the dossier is; open to the visitor of a closed one too, like reactivate and ask."""
    row = row_of(house, visitor.ins)
    return Summary(
        _name(row),
        row.birth_date,
        life.is_minor(house, row.birth_date),
        row.state == "open",
        datetime.fromisoformat(row.closed_at) if row.closed_at else None,
        row.closing_reason,
        life.kept_until(house, row),
        bool(row.opposed_break_glass),
        bool(row.opposed_regulation),
        life.masked_in_emergency(house.store, row.ins, house.parameters["masked_in_emergency"]),
        row.mobile,
        row.mail,
        dossiers.has_account(house.store, row.ins),
    )


def ask(house: House, visitor: Visitor, kind: str, medium: str = "") -> Wanted:
    """Ask the desk for a copy (medium "papier" or "cd-rom") or for the destruction of a closed dossier.

    Raises Refused: ALREADY_ASKED, NOT_THAT_MEDIUM, CLOSE_FIRST.
    """
    row = row_of(house, visitor.ins)
    if kind not in (life.COPY, life.DESTRUCTION):
        raise Refused("UNKNOWN_CHOICE")
    if (kind == life.COPY) != (medium in _MEDIA):
        raise Refused("NOT_THAT_MEDIUM")
    if kind == life.DESTRUCTION and row.state == "open":
        raise Refused("CLOSE_FIRST")
    waiting = [(each["kind"], each["medium"]) for each in life.requests(house.store, row.ins) if _waits(each)]
    if (kind, medium) in waiting:
        raise Refused("ALREADY_ASKED")
    with noted(house, visitor, "PATIENT_REQUEST") as cursor:
        life.ask(cursor, row.ins, kind, medium, house.clock.now())
    return asked(house, visitor)[0]


def asked(house: House, visitor: Visitor) -> tuple[Wanted, ...]:
    """The requests made, the newest first."""
    found = [
        Wanted(
            each["number"], each["kind"], each["medium"], datetime.fromisoformat(each["asked_at"]), each["state"],
            datetime.fromisoformat(each["settled_at"]) if each["settled_at"] else None,
        )
        for each in life.requests(house.store, visitor.ins)
    ]  # fmt: skip
    return tuple(reversed(found))


def _waits(request: dict[str, Any]) -> bool:
    return bool(request["state"] == life.ASKED)


def cancel(house: House, visitor: Visitor, number: int) -> None:
    """Take a request back before the desk has executed it. Raises Refused NO_REQUEST."""
    mine = [each["number"] for each in life.requests(house.store, visitor.ins) if _waits(each)]
    if number not in mine:
        raise Refused("NO_REQUEST")
    with noted(house, visitor, "PATIENT_REQUEST") as cursor:
        life.mark(cursor, number, life.CANCELLED, house.clock.now())


def close(house: House, visitor: Visitor, reason: str) -> None:
    """Close the dossier. Raises Refused: REASON_MISSING, CLOSED."""
    open_row(house, visitor)
    if not reason.strip():
        raise Refused("REASON_MISSING")
    with noted(house, visitor, "PATIENT_CLOSE") as cursor:
        life.close(cursor, visitor.ins, reason.strip()[:500], house.clock.now())
        house.notify(visitor.ins, "life", "Votre dossier médical partagé est fermé.")


def reactivate(house: House, visitor: Visitor, *, consent: bool) -> None:
    """Open a closed dossier again within the ten years. Raises Refused: CONSENT_MISSING, NOT_CLOSED, TOO_LATE."""
    row = row_of(house, visitor.ins)
    if row.state == "open":
        raise Refused("NOT_CLOSED")
    if not consent:
        raise Refused("CONSENT_MISSING")
    until = life.kept_until(house, row)
    if until is not None and house.clock.now() >= until:
        raise Refused("TOO_LATE")
    with noted(house, visitor, "PATIENT_REACTIVATE") as cursor:
        life.reopen(cursor, visitor.ins)
        house.notify(visitor.ins, "life", "Votre dossier médical partagé a été réactivé.")


def create_online(house: House, form: OnlineCreation) -> Secrets:
    """Create one's own dossier with the code of Assurance Maladie; gives login and password, once.

    Raises Refused: WRONG_CODE, CODE_EXPIRED, TOO_YOUNG_ONLINE, CONSENT_MISSING, DOSSIER_EXISTS, CONTACT_MISSING.
    """
    known, waiting = dossiers.person(house.store, form.ins), life.code_waiting(house.store, form.ins)
    if known is None or waiting is None or not hmac.compare_digest(waiting[0].encode(), form.code.encode()):
        raise Refused("WRONG_CODE")
    names = {each.casefold() for each in (known.birth_name, known.usage_name) if each}
    if form.family_name.strip().casefold() not in names or form.birth_date != known.birth_date:
        raise Refused("WRONG_CODE")
    if house.clock.now() >= waiting[1]:
        raise Refused("CODE_EXPIRED")
    if life.is_minor(house, known.birth_date):
        raise Refused("TOO_YOUNG_ONLINE")
    if not form.consent:
        raise Refused("CONSENT_MISSING")
    if dossiers.dossier(house.store, known.ins) is not None:
        raise Refused("DOSSIER_EXISTS")
    channels = checked_channels(form.mobile, form.mail)
    if not channels:
        raise Refused("CONTACT_MISSING")
    choices = life.Choices(form.opposed_break_glass, form.opposed_regulation, form.mobile, form.mail)
    with house.changing(known.ins) as cursor:
        life.insert_dossier(house, cursor, known, choices, life.ONLINE, "")
        for kind, canal in channels.items():
            write_channel(cursor, known.ins, kind, canal)
        cursor.execute("DELETE FROM creation_codes WHERE ins = ?", (known.ins,))
        made = accounts.open_account(house.store, known.ins)
        house.opened(cursor, known.ins)
        house.audit.record(house.clock.now(), "PATIENT_CREATE", "ok", patient=known.ins)
    return made


def checked_channels(mobile: str, mail: str) -> dict[str, str]:
    """The channels of one-time codes, by kind, those left empty apart. Raises Refused: NOT_A_MOBILE, NOT_A_MAIL."""
    if mobile and not MOBILE.match(mobile):
        raise Refused("NOT_A_MOBILE")
    if mail and not MAIL.match(mail):
        raise Refused("NOT_A_MAIL")
    return {kind: canal for kind, canal in (("SMS", mobile), ("EMAIL", mail)) if canal}


def write_channel(cursor: Cursor, ins: str, kind: str, canal: str) -> None:
    """Write where one-time codes of a kind go."""
    cursor.execute(
        "INSERT INTO otp_channels (ins, kind, canal) VALUES (?,?,?)"
        " ON CONFLICT (ins, kind) DO UPDATE SET canal = excluded.canal",
        (ins, kind, Sealed(canal, ins)),
    )
