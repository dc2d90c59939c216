"""What a person chose once and need not choose again: the practice situation of each card."""

from __future__ import annotations

import hashlib

from cps_bridge.storage.cipher import Vault
from dossier.professional import Activity, HealthStructure

_SCHEMA = """
CREATE TABLE IF NOT EXISTS practice_situation (
    card TEXT PRIMARY KEY, structure TEXT NOT NULL, name TEXT NOT NULL, sector TEXT NOT NULL)
"""


class Choices:
    """The remembered choices, in the vault; a card is known by a digest of its serial number only."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        vault.ensure(_SCHEMA)

    def activity(self, serial: str) -> Activity | None:
        """Give the practice situation last chosen for a card, structure and sector of one record, or None."""
        row = self._vault.row("SELECT structure, name, sector FROM practice_situation WHERE card = ?", (_card(serial),))
        return Activity(HealthStructure(row[0], row[1]), row[2]) if row else None

    def remember(self, serial: str, activity: Activity) -> None:
        """Keep a choice in the place of the one before."""
        self._vault.execute(
            "REPLACE INTO practice_situation (card, structure, name, sector) VALUES (?,?,?,?)",
            (_card(serial), activity.structure.id_nat, activity.structure.name, activity.sector),
        )

    def forget(self, serial: str) -> None:
        """Drop the choice of a card."""
        self._vault.execute("DELETE FROM practice_situation WHERE card = ?", (_card(serial),))


def _card(serial: str) -> str:
    return hashlib.sha256(b"cps-bridge practice situation\0" + serial.encode()).hexdigest()
