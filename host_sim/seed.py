"""Fill an empty host from the cast, and add patients that the admin sends."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from card_sim import cast

from . import administrative, dossiers, points
from .directory import Directory, Practitioner, add_practitioner
from .dossiers import EXPIRED, VALID
from .keys import HOST
from .passwords import hashed
from .store import Cursor, Sealed, Store, sealed

_ADDRESS = re.compile(r"^(?P<street>.*?),?\s*(?P<postal_code>\d{5})\s+(?P<city>.+)$")


def is_empty(store: Store) -> bool:
    """Whether nobody was ever written."""
    with store.transaction() as cursor:
        return cursor.execute("SELECT 1 FROM patients UNION SELECT 1 FROM professionals").fetchone() is None


def from_cast(store: Store, now: datetime, life_days: int) -> None:
    """Write the whole cast in one transaction: directory, INSi, Vitale cards, dossiers."""
    with store.transaction() as cursor:
        for each in cast.professionals().values():
            add_practitioner(
                cursor,
                Practitioner(
                    each.id_nat,
                    each.key,
                    each.family_name,
                    each.given_name,
                    each.profession,
                    each.specialty,
                    each.card_kind,
                ),
                [(place.structure.id_nat, place.structure.name, place.sector) for place in each.activities]
                + [(it.id_nat, it.name, it.sector) for it in cast.structures().values() if each.key in it.staff],
            )
        for patient in cast.patients().values():
            _cast_patient(cursor, patient, now, life_days)
        for card in cast.vitale_cards().values():
            for one in card.beneficiaries:
                names = (one.family_name, one.given_name)
                _add_vitale(cursor, one.insured_nir, one.rank, *names, one.birth_date, one.patient.ins)
        points.passed(points.SEEDED)


def add_professional(store: Store, directory: Directory, facts: Mapping[str, Any]) -> None:
    """Write a professional, whom the host may know already, and where they practise; KeyError for a missing fact.

    facts: those of Practitioner, and places: {"structure": identifier, "name": ..., "sector": SAnn}.
    """
    known = directory.practitioner(facts["id_nat"])
    names = ("id_nat", "key", "family_name", "given_name", "profession", "specialty", "card_kind")
    person = known or Practitioner(**{name: str(facts[name]) for name in names})
    with store.transaction() as cursor:
        add_practitioner(
            cursor, person, [(each["structure"], each["name"], each["sector"]) for each in facts["places"]]
        )


def _cast_patient(cursor: Cursor, patient: cast.CastPatient, now: datetime, life_days: int) -> None:
    start = patient.dossier
    add_patient(
        cursor,
        {
            "key": patient.key,
            "ins": patient.ins,
            "oid": patient.oid,
            "birth_name": patient.birth_name,
            "usage_name": patient.usage_name,
            "given_names": list(patient.given_names),
            "birth_date": patient.birth_date,
            "sex": patient.sex,
            "birth_place": patient.birth_place,
            "address": patient.address,
            "insi": patient.insi,
            "state": start.state,
            "closing_reason": start.closing_reason,
            "opposed_break_glass": start.opposed_break_glass,
            "opposed_regulation": start.opposed_regulation,
            "account": start.account,
            "authorisations": {
                key: {"state": each.state, "attending": each.attending} for key, each in start.authorisations.items()
            },
        },
        now,
        life_days,
    )


def add_patient(cursor: Cursor, facts: Mapping[str, Any], now: datetime, life_days: int) -> None:
    """Write one patient and, when `state` is open or closed, the dossier; KeyError when a needed fact is missing.

    Authorisations are by cast key or by national identifier, of a professional or of a structure; `vitale` lists the
    Vitale cards by which the INSi service finds the person. With the fact `anew` what the host knew of the dossier is
    forgotten first; with `once` the dossier of a person that the host knows is left as it is.
    """
    if facts.get("anew", False):
        dossiers.forget(cursor, facts["ins"])
        administrative.forget(cursor, facts["ins"])
    is_known = cursor.execute("SELECT 1 FROM patients WHERE ins = ?", (facts["ins"],)).fetchone() is not None
    _add_person(cursor, facts)
    if facts.get("state", "absent") == "absent" or (facts.get("once", False) and is_known):
        return
    _add_dossier(cursor, facts, now, life_days)
    administrative.write_facts(cursor, facts)
    for holder, each in facts.get("authorisations", {}).items():
        known = cursor.execute("SELECT id_nat FROM professionals WHERE key = ?", (holder,)).fetchone()
        cursor.execute(
            "INSERT INTO authorisations (ins, holder, state, granted_at, attending) VALUES (?,?,?,?,?)"
            " ON CONFLICT (ins, holder) DO UPDATE SET state = excluded.state, granted_at = excluded.granted_at,"
            " attending = excluded.attending",
            (facts["ins"], known["id_nat"] if known else holder, *_authorisation(each, now, life_days)),
        )
    if facts.get("account", False):
        salt = os.urandom(16)
        cursor.execute(
            "INSERT INTO accounts (ins, login, salt, password_hash) VALUES (?,?,?,?) ON CONFLICT DO NOTHING",
            (facts["ins"], f"seed-{facts['ins'][-6:]}", salt, hashed(os.urandom(16).hex(), salt)),
        )


def _add_person(cursor: Cursor, facts: Mapping[str, Any]) -> None:
    found = facts.get("insi", "found") == "found"
    birth_name, usage_name, given, birth_date, sex, place = _traits(facts)
    names = (*sealed(HOST, birth_name, usage_name, given), birth_date, sex, Sealed(place))
    cursor.execute("DELETE FROM patients WHERE ins = ?", (facts["ins"],))
    cursor.execute(
        "INSERT INTO patients (ins, oid, key, birth_name, usage_name, given_names, birth_date, sex, birth_place, insi)"
        " VALUES (?,?,?,?,?,?,?,?,?,?)",
        (facts["ins"], _oid(facts), facts.get("key", ""), *names, found),
    )
    for card in facts.get("vitale", ()):
        people = (card["family_name"], card["given_name"], card["birth_date"])
        _add_vitale(cursor, card["insured_nir"], card["rank"], *people, facts["ins"])


def _add_vitale(cursor: Cursor, nir: str, rank: int, family: str, given: str, birth_date: str, ins: str) -> None:
    cursor.execute("DELETE FROM vitale WHERE nir_od = ? AND rank = ? AND ins = ?", (nir, rank, ins))
    cursor.execute(
        "INSERT INTO vitale (nir_od, rank, family_name, given_name, birth_date, ins) VALUES (?,?,?,?,?,?)",
        (nir, rank, *sealed(HOST, family, given), birth_date, ins),
    )


def _add_dossier(cursor: Cursor, facts: Mapping[str, Any], now: datetime, life_days: int) -> None:
    address = _ADDRESS.match(facts.get("address", ""))
    cursor.execute("DELETE FROM dossiers WHERE ins = ?", (facts["ins"],))
    cursor.execute(
        "INSERT INTO dossiers (ins, oid, state, created_at, closed_at, closing_reason, birth_name,"
        " usage_name, given_names, birth_date, sex, birth_place, street, postal_code, city, mobile, mail,"
        " opposed_break_glass, opposed_regulation, attached_to_ens) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            facts["ins"],
            _oid(facts),
            facts["state"],
            (now - timedelta(days=2 * life_days)).isoformat(),
            now.isoformat() if facts["state"] == "closed" else "",
            *sealed(
                facts["ins"],
                facts.get("closing_reason", ""),
                *_traits(facts),
                *(address.group("street", "postal_code", "city") if address else ("", "", "")),
                *(facts.get(name, "") for name in ("mobile", "mail")),
            ),
            *(bool(facts.get(name)) for name in ("opposed_break_glass", "opposed_regulation", "attached_to_ens")),
        ),
    )


def _oid(facts: Mapping[str, Any]) -> str:
    return str(facts.get("oid", cast.TEST_INS_OID))


def _traits(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the columns from birth_name to birth_place, in their order in both tables."""
    given = " ".join(facts["given_names"])
    names = (facts["birth_name"], facts.get("usage_name", ""), given)
    return (*names, facts["birth_date"], facts["sex"], facts.get("birth_place", ""))


def _authorisation(facts: Mapping[str, Any], now: datetime, life_days: int) -> tuple[str, str, bool]:
    expired = facts["state"] == EXPIRED
    granted = now - timedelta(days=life_days + 1) if expired else now
    return VALID if expired else facts["state"], granted.isoformat(), bool(facts.get("attending", False))
