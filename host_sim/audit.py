"""The access log of every call, and the notifications that a patient receives."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from .call import Caller
from .store import Store

EMERGENCY = {"bris_de_glace": "mode urgence", "centre_15": "mode urgence"}

_SCHEMA = """
CREATE TABLE IF NOT EXISTS access_log (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, name TEXT NOT NULL, structure TEXT NOT NULL,
    tx TEXT NOT NULL, patient TEXT NOT NULL, purpose TEXT NOT NULL, word TEXT NOT NULL, reason TEXT NOT NULL,
    outcome TEXT NOT NULL, message_id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS access_log_patient ON access_log (patient);
CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, patient TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);
"""


class Audit:
    """The access log: one row for each call that the host understood, accepted or refused."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.ensure(_SCHEMA)

    def record(
        self, at: datetime, transaction: str, outcome: str, *,
        caller: Caller | None = None, patient: str = "", purpose: str = "", reason: str = "", message_id: str = "",
    ) -> None:  # fmt: skip
        """Write one row; `outcome` is "ok" or the code of the refusal; `word` says "mode urgence" where it was one."""
        row = (
            at.isoformat(timespec="milliseconds"),
            caller.id_nat if caller else "",
            f"{caller.given_name} {caller.family_name}" if caller else "",
            caller.structure_id if caller else "",
            transaction, patient, purpose, EMERGENCY.get(purpose, ""), reason, outcome, message_id,
        )  # fmt: skip
        with self._store.transaction() as cursor:
            cursor.execute(
                "INSERT INTO access_log (at, who, name, structure, tx, patient, purpose, word, reason, outcome,"
                " message_id) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                row,
            )

    def rows(self, patient: str | None = None) -> list[dict[str, Any]]:
        """The log, oldest first; of one patient when asked."""
        with self._store.transaction() as cursor:
            found = cursor.execute(
                "SELECT at, who, name, structure, tx AS 'transaction', patient, purpose, word, reason, outcome,"
                " message_id FROM access_log WHERE patient = coalesce(?, patient) ORDER BY id",
                (patient,),
            ).fetchall()
        return [dict(row) for row in found]

    def export(self) -> str:
        """The log as JSON lines (host-access.jsonl)."""
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in self.rows())

    def notify(self, at: datetime, patient: str, kind: str, text: str) -> None:
        """Tell the patient something."""
        with self._store.transaction() as cursor:
            cursor.execute(
                "INSERT INTO notifications (at, patient, kind, text) VALUES (?,?,?,?)",
                (at.isoformat(timespec="milliseconds"), patient, kind, text),
            )

    def notifications(self, patient: str) -> list[dict[str, Any]]:
        """What the patient was told, oldest first."""
        with self._store.transaction() as cursor:
            found = cursor.execute(
                "SELECT at, kind, text FROM notifications WHERE patient = ? ORDER BY id", (patient,)
            ).fetchall()
        return [dict(row) for row in found]
