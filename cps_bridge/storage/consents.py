"""The consents that were collected: how, by whom, when, with which emergency choices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cps_bridge.storage.cipher import Vault
from dossier.access import Consent, ConsentMode, EmergencyChoices
from dossier.patient import Ins

_SCHEMA = """
CREATE TABLE IF NOT EXISTS consent (
    id INTEGER PRIMARY KEY, matricule TEXT NOT NULL, oid TEXT NOT NULL, purpose TEXT NOT NULL, mode TEXT NOT NULL,
    collected_by TEXT NOT NULL, collected_at TEXT NOT NULL, break_glass INTEGER NOT NULL, regulation INTEGER NOT NULL)
"""


@dataclass(frozen=True)
class KeptConsent:
    """A consent as it was stored; purpose: "create" or "reactivate"."""

    patient: Ins
    purpose: str
    consent: Consent
    choices: EmergencyChoices


class Consents:
    """The practice's register of consents, in the vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        vault.ensure(_SCHEMA)

    def keep(self, kept: KeptConsent) -> None:
        """Store one consent, durably."""
        self._vault.execute(
            "INSERT INTO consent (matricule, oid, purpose, mode, collected_by, collected_at, break_glass, regulation)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (
                *(kept.patient.matricule, kept.patient.oid, kept.purpose, kept.consent.mode.name),
                *(kept.consent.collected_by, kept.consent.collected_at.isoformat()),
                *(kept.choices.allow_break_glass, kept.choices.allow_regulation),
            ),
        )

    def of(self, patient: Ins) -> tuple[KeptConsent, ...]:
        """Give the consents of one patient, oldest first."""
        rows = self._vault.rows(
            "SELECT purpose, mode, collected_by, collected_at, break_glass, regulation FROM consent"
            " WHERE matricule = ? AND oid = ? ORDER BY id",
            (patient.matricule, patient.oid),
        )
        return tuple(
            KeptConsent(
                patient,
                purpose,
                Consent(ConsentMode[mode], by, datetime.fromisoformat(at)),
                EmergencyChoices(bool(glass), bool(regulation)),
            )
            for purpose, mode, by, at, glass, regulation in rows
        )
