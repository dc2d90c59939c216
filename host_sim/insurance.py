"""Assurance Maladie: at the opening of a dossier it loads 24 months of reimbursements, which it cannot read back.

For the professional, the care team and simple indicators are drawn from that document.
"""

from __future__ import annotations

import calendar
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lxml import etree

from . import dossiers, made_documents, registry, repository, visibility
from .call import Caller
from .dossiers import DossierRow
from .made_documents import Made, Section, Source
from .store import Cursor, Sealed, Store
from .visibility import Viewer

if TYPE_CHECKING:
    from .house import House

NAME = "ASSURANCE MALADIE"
ALL, TEST_FUNDS, NOBODY = "all", "test_funds", "none"
_TYPE, _FORMAT = "REMB", "urn:asip:ci-sis:hr:2019"
_COLUMNS = ("Date", "Acte", "Professionnel", "Spécialité", "Quantité")
_SECTIONS = {
    "soins": ("29554-3", "Soins"),
    "pharmacie": ("10160-0", "Médicaments délivrés"),
    "vaccin": ("11369-6", "Vaccinations"),
    "hospitalisation": ("46240-8", "Hospitalisations"),
    "radiologie": ("29554-3", "Radiologie"),
    "biologie": ("29554-3", "Biologie"),
}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS reimbursements (
    seq INTEGER PRIMARY KEY, ins TEXT NOT NULL, day TEXT NOT NULL, facts TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS reimbursements_ins ON reimbursements (ins);
"""
_HL7 = "{urn:hl7-org:v3}"


def ensure_tables(store: Store) -> None:
    """Make the table of this module: what the insurer has in its own information system."""
    store.ensure(_SCHEMA)


def add_lines(cursor: Cursor, ins: str, lines: Iterable[Mapping[str, Any]], today: date) -> None:
    """Write lines of the insurer: `day` (ISO date) or `days_ago`; kind (soins, pharmacie, vaccin, hospitalisation,
    radiologie, biologie), act, by (who), specialty, quantity. KeyError when one is missing or the kind unknown.
    """
    for each in lines:
        day = date.fromisoformat(each["day"]) if "day" in each else today - timedelta(days=int(each["days_ago"]))
        if each["kind"] not in _SECTIONS:
            raise ValueError("kind of a reimbursement")
        facts = {
            "kind": each["kind"], "act": str(each["act"]), "by": str(each["by"]),
            "specialty": str(each.get("specialty", "")), "quantity": str(each.get("quantity", 1)),
        }  # fmt: skip
        cursor.execute(
            "INSERT INTO reimbursements (ins, day, facts) VALUES (?,?,?)",
            (ins, day.isoformat(), Sealed(json.dumps(facts))),
        )


def load(house: House, cursor: Cursor, ins: str) -> str:
    """Deposit the history of a patient whose dossier opens; gives the uniqueId, "" when there is nothing to load."""
    row = dossiers.dossier(house.store, ins)
    if row is None or not _is_covered(house, row):
        return ""
    lines = _lines(house, cursor, ins)
    if not lines:
        return ""
    sections = tuple(
        Section(code, title, _COLUMNS, tuple(cells for kind, cells in lines if kind == name))
        for name, (code, title) in _SECTIONS.items()
    )
    made = Made("Historique des remboursements", _TYPE, sections=sections, format_code=_FORMAT)
    unique_id = made_documents.register(house, cursor, row, _source(house), made)
    caller = Caller("ALIM_AM", NAME, "", "", "", "", "SA24")
    house.audit.record(house.clock.now(), "ALIM_AM", "ok", caller=caller, patient=ins, objects=(unique_id,))
    return unique_id


def _is_covered(house: House, row: DossierRow) -> bool:
    scope = house.parameters["reimbursements"]
    if scope == TEST_FUNDS:
        return row.postal_code[:2] in house.parameters["test_fund_departments"]
    return bool(scope == ALL)


def _lines(house: House, cursor: Cursor, ins: str) -> list[tuple[str, tuple[str, ...]]]:
    today = house.clock.now().date()
    since = months_before(today, int(house.parameters["reimbursement_months"]))
    rows = cursor.execute("SELECT day, facts FROM reimbursements WHERE ins = ? ORDER BY day DESC", (ins,)).fetchall()
    found: list[tuple[str, tuple[str, ...]]] = []
    for row in rows:
        if not since.isoformat() <= row["day"] <= today.isoformat():
            continue
        facts = json.loads(row["facts"])
        day = date.fromisoformat(row["day"]).strftime("%d/%m/%Y")
        found.append((facts["kind"], (day, facts["act"], facts["by"], facts["specialty"], facts["quantity"])))
    return found


def months_before(day: date, months: int) -> date:
    """The same day some months ago, or the last one of that month."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _source(house: House) -> Source:
    return Source(
        "ALIM_AM", repository.REPOSITORY_ID, "RI", NAME, "", "ALIM_AM", "SA24", "AMO", "07", "ALIM_AM",
        ("Assurance Maladie (simulée)", str(house.parameters["insurer_structure"])),
    )  # fmt: skip


def drawn_for(house: House, ins: str, viewer: Viewer) -> dict[str, Any]:
    """The care team and the indicators, from the history that a viewer may read: empty when there is none.

    {"since", "until": ISO dates or "", "care_team": [{"name", "specialty", "contacts", "last"}...],
    "indicators": {name: value}}.
    """
    lines = _read(house, ins, viewer)
    days = sorted(each["day"] for each in lines)
    return {
        "since": days[0].isoformat() if days else "",
        "until": days[-1].isoformat() if days else "",
        "care_team": _care_team(lines),
        "indicators": _indicators(lines) if lines else {},
    }


def _read(house: House, ins: str, viewer: Viewer) -> list[dict[str, Any]]:
    """The lines of the newest history in force that the viewer sees."""
    with house.store.reading() as cursor:
        entries = registry.entries_of(cursor, ins)
    for entry in reversed(entries):
        if entry.type_code == _TYPE and entry.status == registry.APPROVED and visibility.sees(viewer, entry):
            return _parsed(repository.document(house.store, entry.blob).read_bytes())
    return []


def _parsed(data: bytes) -> list[dict[str, Any]]:
    kinds = {title: name for name, (_, title) in _SECTIONS.items()}
    root: Any = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    found = []
    for section in root.iter(f"{_HL7}section"):
        kind = kinds.get(section.findtext(f"{_HL7}title", ""), "")
        for line in section.iter(f"{_HL7}tr"):
            cells = ["".join(cell.itertext()) for cell in line.iter(f"{_HL7}td")]
            if kind and len(cells) == len(_COLUMNS):
                day = datetime.strptime(cells[0], "%d/%m/%Y").date()
                found.append({"kind": kind, "day": day, "act": cells[1], "by": cells[2], "specialty": cells[3]})
    return found


def _care_team(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whom the patient saw, the most often seen first; those who delivered medicines count too."""
    contacts = Counter((each["by"], each["specialty"]) for each in lines)
    last = {(each["by"], each["specialty"]): each["day"] for each in sorted(lines, key=lambda each: each["day"])}
    return [
        {"name": name, "specialty": specialty, "contacts": count, "last": last[name, specialty].isoformat()}
        for (name, specialty), count in contacts.most_common()
    ]


def _indicators(lines: list[dict[str, Any]]) -> dict[str, Any]:
    kinds = Counter(each["kind"] for each in lines)
    medicines = {each["act"] for each in lines if each["kind"] == "pharmacie"}
    vaccines = [each["day"] for each in lines if each["kind"] == "vaccin"]
    return {
        "consultations": kinds["soins"],
        "professionals_seen": len({each["by"] for each in lines if each["kind"] == "soins"}),
        "hospital_stays": kinds["hospitalisation"],
        "radiology": kinds["radiologie"],
        "biology": kinds["biologie"],
        "medicines": len(medicines),
        "last_vaccination": max(vaccines).isoformat() if vaccines else "",
    }
