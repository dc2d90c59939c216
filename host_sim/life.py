"""The life of a dossier beyond the transactions: who created it, choices, requests of its holder, its end."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import administrative, dossiers, registry, repository
from .dossiers import DossierRow, Person
from .store import Cursor, Sealed, Store, sealed

if TYPE_CHECKING:
    from .house import House

PROFESSIONAL, PHARMACY, ESTABLISHMENT, DESK, ONLINE, SEEDED = (
    "professional", "pharmacy", "establishment", "desk", "online", "seeded",
)  # fmt: skip
ASKED, DONE, REFUSED, CANCELLED = "demandée", "exécutée", "refusée", "annulée"
COPY, DESTRUCTION = "copie", "destruction"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS creations (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, channel TEXT NOT NULL, holder TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS emergency_choices (ins TEXT PRIMARY KEY, masked INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS creation_codes (ins TEXT PRIMARY KEY, code TEXT NOT NULL, until TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS patient_requests (
    seq INTEGER PRIMARY KEY, ins TEXT NOT NULL, kind TEXT NOT NULL, medium TEXT NOT NULL, asked_at TEXT NOT NULL,
    state TEXT NOT NULL, settled_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS patient_requests_ins ON patient_requests (ins);
"""


def ensure_tables(store: Store) -> None:
    """Make the tables of this module."""
    store.ensure(_SCHEMA)


def age(birth_date: str, now: datetime) -> int:
    """Whole years of somebody born on a day (yyyymmdd; an incomplete date, month 00, is right to the year)."""
    birth = int(birth_date[:4]), int(birth_date[4:6] or 0), int(birth_date[6:8] or 0)
    return now.year - birth[0] - ((now.month, now.day) < birth[1:])


def is_minor(house: House, birth_date: str) -> bool:
    """Whether somebody is strictly under the age of majority today (parameter age_of_majority)."""
    return age(birth_date, house.clock.now()) < int(house.parameters["age_of_majority"])


def masked_in_emergency(store: Store, ins: str, default: bool) -> bool:
    """Whether masked documents are shown in an emergency: what the patient chose, else the host's default."""
    with store.reading() as cursor:
        row = cursor.execute("SELECT masked FROM emergency_choices WHERE ins = ?", (ins,)).fetchone()
    return default if row is None else bool(row["masked"])


def choose_masked_in_emergency(cursor: Cursor, ins: str, shown: bool) -> None:
    """Write the choice of the patient."""
    cursor.execute(
        "INSERT INTO emergency_choices (ins, masked) VALUES (?,?)"
        " ON CONFLICT (ins) DO UPDATE SET masked = excluded.masked",
        (ins, int(shown)),
    )


def count_creation(cursor: Cursor, channel: str, holder: str, now: datetime) -> None:
    """Count a creation; what is counted outlives the dossier and does not say whose it was."""
    cursor.execute("INSERT INTO creations (at, channel, holder) VALUES (?,?,?)", (now.isoformat(), channel, holder))


def channel_of(sector: str) -> str:
    """The channel of a professional, by sector (TRE_R02): pharmacies, establishments and centres, all others."""
    if sector in ("SA33", "SA38", "SA39"):
        return PHARMACY
    return ESTABLISHMENT if sector in ("SA01", "SA02", "SA03", "SA04", "SA05", "SA17") else PROFESSIONAL


def statistics(house: House) -> dict[str, Any]:
    """How many dossiers there are, and by which channel they were created."""
    with house.store.reading() as cursor:
        states = cursor.execute("SELECT state, count(*) AS n FROM dossiers GROUP BY state").fetchall()
        made = cursor.execute("SELECT channel, count(*) AS n FROM creations GROUP BY channel").fetchall()
        documents = cursor.execute("SELECT count(*) AS n FROM registry_entries WHERE newest = 1").fetchone()
        accounts = cursor.execute("SELECT count(*) AS n FROM accounts").fetchone()
    channels = dict.fromkeys((PROFESSIONAL, PHARMACY, ESTABLISHMENT, DESK, ONLINE), 0)
    counted = {row["state"]: int(row["n"]) for row in states}
    return {
        "open": counted.get("open", 0),
        "closed": counted.get("closed", 0),
        "created": channels | {row["channel"]: int(row["n"]) for row in made},
        "documents": int(documents["n"]) if documents else 0,
        "accounts": int(accounts["n"]) if accounts else 0,
    }


@dataclass(frozen=True)
class Choices:
    """What is chosen at a creation: oppositions and contacts."""

    opposed_break_glass: bool = False
    opposed_regulation: bool = False
    mobile: str = ""
    mail: str = ""


def insert_dossier(house: House, cursor: Cursor, known: Person, choices: Choices, channel: str, holder: str) -> None:
    """Open a dossier outside the transactions (desk, online), for somebody who has none."""
    now = house.clock.now()
    cursor.execute(
        "INSERT INTO dossiers (ins, oid, state, created_at, birth_name, usage_name, given_names, birth_date, sex,"
        " birth_place, mobile, mail, opposed_break_glass, opposed_regulation)"
        " VALUES (?,?,'open',?,?,?,?,?,?,?,?,?,?,?)",
        (
            known.ins, known.oid, now.isoformat(),
            *sealed(
                known.ins, known.birth_name, known.usage_name, known.given_names, known.birth_date, known.sex,
                known.birth_place, choices.mobile, choices.mail,
            ),
            int(choices.opposed_break_glass), int(choices.opposed_regulation),
        ),
    )  # fmt: skip
    count_creation(cursor, channel, holder, now)
    who = "vous-même" if channel == ONLINE else "un agent de l’Assurance Maladie"
    house.notify(known.ins, "creation", f"Votre dossier médical partagé a été créé par {who}.")


def desk_creation(house: House, ins: str, choices: Choices, agent: str) -> bool:
    """An agent of a CPAM opens a dossier at the desk, the identity and the consent checked there; False: not open.

    It is not open to a person whom INSi cannot qualify, nor to one who has a dossier.
    """
    known = dossiers.person(house.store, ins)
    if known is None or not known.insi or dossiers.dossier(house.store, ins) is not None:
        return False
    with house.changing(ins) as cursor:
        insert_dossier(house, cursor, known, choices, DESK, agent)
        house.opened(cursor, ins)
    return True


def creation_code(house: House, ins: str) -> str:
    """Give the code by which somebody creates the own dossier online; a new one replaces the former."""
    code = f"{secrets.randbelow(10**8):08d}"
    until = house.clock.now() + timedelta(days=house.parameters["creation_code_days"])
    with house.store.transaction() as cursor:
        cursor.execute(
            "INSERT INTO creation_codes (ins, code, until) VALUES (?,?,?)"
            " ON CONFLICT (ins) DO UPDATE SET code = excluded.code, until = excluded.until",
            (ins, Sealed(code, ins), until.isoformat()),
        )
    return code


def code_waiting(store: Store, ins: str) -> tuple[str, datetime] | None:
    """The code that was sent to somebody, and until when it is good."""
    with store.reading() as cursor:
        row = cursor.execute("SELECT code, until FROM creation_codes WHERE ins = ?", (ins,)).fetchone()
    return (row["code"], datetime.fromisoformat(row["until"])) if row else None


def close(cursor: Cursor, ins: str, reason: str, now: datetime) -> None:
    """Close a dossier; what it holds is kept."""
    cursor.execute(
        "UPDATE dossiers SET state = 'closed', closed_at = ?, closing_reason = ? WHERE ins = ?",
        (now.isoformat(), Sealed(reason, ins), ins),
    )


def reopen(cursor: Cursor, ins: str) -> None:
    """Open a closed dossier again."""
    cursor.execute("UPDATE dossiers SET state = 'open', closed_at = '', closing_reason = '' WHERE ins = ?", (ins,))


def kept_until(house: House, row: DossierRow) -> datetime | None:
    """When a closed dossier is purged; None for an open one."""
    if row.state == "open" or not row.closed_at:
        return None
    closed = datetime.fromisoformat(row.closed_at)
    years = int(house.parameters["closed_kept_years"])
    try:
        return closed.replace(year=closed.year + years)
    except ValueError:  # 29 February
        return closed.replace(year=closed.year + years, day=28)


def purge(house: House) -> list[str]:
    """Destroy what was closed longer ago than it is kept; gives the matricules. Called when the clock moves."""
    with house.store.reading() as cursor:
        rows = cursor.execute("SELECT ins FROM dossiers WHERE state = 'closed'").fetchall()
    over = []
    for ins in (row["ins"] for row in rows):
        row = dossiers.dossier(house.store, ins)
        until = kept_until(house, row) if row else None
        if until is not None and until <= house.clock.now():
            destroy(house, ins)
            over.append(ins)
    return over


def destroy(house: House, ins: str) -> None:
    """Destroy a dossier for good: rows, documents, and the key of the patient, without which no copy can be read."""
    with house.changing(ins) as cursor:
        rows = cursor.execute("SELECT entry_uuid, blob FROM registry_entries WHERE patient = ?", (ins,)).fetchall()
        sets = cursor.execute("SELECT entry_uuid FROM registry_sets WHERE patient = ?", (ins,)).fetchall()
        for each in (*rows, *sets):
            cursor.execute("DELETE FROM registry_links WHERE source = ?", (each["entry_uuid"],))
        for table in ("registry_entries", "registry_sets", "notifications"):
            cursor.execute(f"DELETE FROM {table} WHERE patient = ?", (ins,))  # noqa: S608 - our own tables
        dossiers.forget(cursor, ins)
        administrative.forget(cursor, ins)
        forget(cursor, ins)
        house.store.keys.destroy(ins)
        house.audit.record(house.clock.now(), "DESTRUCTION", "ok", patient=ins)
    repository.forget(house.store, {row["blob"] for row in rows})


def forget(cursor: Cursor, ins: str) -> None:
    """Make as if nothing of this part had ever been written of a patient."""
    for table in ("emergency_choices", "creation_codes", "patient_wishes", "first_connections", "last_actions"):
        cursor.execute(f"DELETE FROM {table} WHERE ins = ?", (ins,))  # noqa: S608 - names of our own tables


def requests(store: Store, ins: str = "") -> list[dict[str, Any]]:
    """The requests of copies and destructions, of one patient or all, the oldest first."""
    query = "SELECT seq AS number, ins, kind, medium, asked_at, state, settled_at FROM patient_requests"
    with store.reading() as cursor:
        if ins:
            rows = cursor.execute(f"{query} WHERE ins = ? ORDER BY seq", (ins,)).fetchall()
        else:
            rows = cursor.execute(f"{query} ORDER BY seq").fetchall()
    names = ("number", "ins", "kind", "medium", "asked_at", "state", "settled_at")
    return [{name: row[name] for name in names} for row in rows]


def ask(cursor: Cursor, ins: str, kind: str, medium: str, now: datetime) -> None:
    """Write down a request."""
    cursor.execute(
        "INSERT INTO patient_requests (ins, kind, medium, asked_at, state, settled_at) VALUES (?,?,?,?,?,'')",
        (ins, kind, medium, now.isoformat(), ASKED),
    )


def settle(house: House, number: int, *, granted: bool) -> dict[str, Any] | None:
    """The desk executes a request, or refuses it; None when none of that number waits.

    A copy answers {"documents": [{"title", "file", "size"}...]}: what goes on the paper or the disc is in `export`.
    """
    wanted = next((each for each in requests(house.store) if each["number"] == number), None)
    if wanted is None or wanted["state"] != ASKED:
        return None
    if granted and wanted["kind"] == DESTRUCTION:
        row = dossiers.dossier(house.store, wanted["ins"])
        if row is not None and row.state == "open":
            return None
    answer: dict[str, Any] = {"number": number, "state": DONE if granted else REFUSED}
    if granted and wanted["kind"] == COPY:
        answer["documents"] = _copied(house, wanted["ins"])
    if granted and wanted["kind"] == DESTRUCTION:
        destroy(house, wanted["ins"])
    with house.changing(wanted["ins"]) as cursor:
        mark(cursor, number, answer["state"], house.clock.now())
        if dossiers.dossier(house.store, wanted["ins"]) is not None:
            house.notify(wanted["ins"], "life", f"Votre demande de {wanted['kind']} est {answer['state']}.")
    return answer


def mark(cursor: Cursor, number: int, state: str, now: datetime) -> None:
    """Give a request its end."""
    cursor.execute(
        "UPDATE patient_requests SET state = ?, settled_at = ? WHERE seq = ?", (state, now.isoformat(), number)
    )


def _copied(house: House, ins: str) -> list[dict[str, Any]]:
    """Every document of a dossier that its holder may have, with its bytes as text (base64)."""
    import base64

    from . import visibility

    viewer = visibility.as_patient(house.clock.now(), house.parameters.as_dict())
    with house.store.reading() as cursor:
        entries = registry.entries_of(cursor, ins)
    found = []
    for each in entries:
        if each.status != registry.DELETED and visibility.sees(viewer, each):
            data = repository.document(house.store, each.blob).read_bytes()
            found.append({"title": each.item.title, "size": len(data), "base64": base64.b64encode(data).decode()})
    return found
