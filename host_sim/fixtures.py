"""Patients of the behaviours that the official test set offers, loaded on demand from data/fixtures.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from . import dossiers, insurance, life, made_documents, profile, registry, seed
from .house import House
from .made_documents import Made
from .store import Cursor

_FILE = Path(__file__).parent / "data" / "fixtures.toml"
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def patients() -> list[dict[str, Any]]:
    """The facts of every patient of the file."""
    found: list[dict[str, Any]] = tomllib.loads(_FILE.read_text("utf-8"))["patients"]
    return found


def load(house: House) -> list[str]:
    """Write the patients that the host does not know yet; gives their keys. Nothing of those it knows changes."""
    added = []
    for facts in patients():
        if dossiers.person(house.store, facts["ins"]) is None:
            write(house, facts)
            added.append(str(facts["key"]))
    return added


def write(house: House, facts: Mapping[str, Any]) -> None:
    """Write one patient: the facts of seed.add_patient, and `documents`, `reimbursements`, `masked_in_emergency`.

    KeyError or ValueError when a fact is missing or cannot be.
    """
    with house.changing(facts["ins"]) as cursor:
        seed.add_patient(cursor, facts, house.clock.now(), house.parameters["authorisation_days"])
        if "masked_in_emergency" in facts:
            life.choose_masked_in_emergency(cursor, facts["ins"], bool(facts["masked_in_emergency"]))
        insurance.add_lines(cursor, facts["ins"], facts.get("reimbursements", ()), house.clock.now().date())
        for each in facts.get("documents", ()):
            _document(house, cursor, facts["ins"], each)
        if facts.get("load_reimbursements", False):
            house.opened(cursor, facts["ins"])


def _document(house: House, cursor: Cursor, ins: str, facts: Mapping[str, Any]) -> None:
    row = dossiers.dossier(house.store, ins)
    if row is None:
        raise ValueError("documents want a dossier")
    patient = facts["by"] == "patient"
    source = made_documents.patient_of(row) if patient else made_documents.professional(house, facts["by"])
    masks = {"masked": profile.MASKED, "hidden": profile.HIDDEN, "hidden_rl": profile.HIDDEN_RL}
    codes = ("N", *(code for name, code in masks.items() if facts.get(name, False)))
    created = house.clock.now() - timedelta(days=int(facts.get("days_ago", 0)))
    made = Made(facts["title"], facts["type"], "application/pdf", _PDF, confidentiality=codes, created=created)
    unique_id = made_documents.register(house, cursor, row, source, made)
    if facts.get("archived", False):
        entry = registry.find_entry(cursor, unique_id=unique_id)
        if entry is not None:
            registry.set_status(cursor, entry, registry.ARCHIVED)
