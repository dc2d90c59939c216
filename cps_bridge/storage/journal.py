"""The practice's own record of what was done: append-only, durable before the act, chained by hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cps_bridge.storage.cipher import Vault
from dossier.clock import Clock, system_clock
from dossier.failure import Failure
from dossier.patient import Ins, masked

_SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, action TEXT NOT NULL,
    professional TEXT NOT NULL, structure TEXT NOT NULL,
    matricule TEXT NOT NULL, oid TEXT NOT NULL, mode TEXT NOT NULL, reason TEXT NOT NULL,
    outcome TEXT NOT NULL, subject TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS journal_end (
    one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL);
INSERT INTO journal_end SELECT 1, seq, hash FROM journal ORDER BY seq DESC LIMIT 1 ON CONFLICT (one) DO NOTHING
"""
_COLUMNS = "seq, at, action, professional, structure, matricule, oid, mode, reason, outcome, subject, hash"


@dataclass(frozen=True)
class JournalEntry:
    """One act: who (PS_IdNat, Struct_IdNat), for whom, in which mode and why, with which outcome.

    outcome: "begun", "done" or a Failure code; subject: identifier of the document or lot concerned.
    """

    seq: int
    at: datetime
    action: str
    professional: str
    structure: str
    patient: Ins | None
    mode: str
    reason: str
    outcome: str
    subject: str
    hash: str


class Journal:
    """Append-only entries in the vault, each sealed with the hash of the one before.

    The last number and its seal are kept apart: lines taken from the end are missed too.
    """

    def __init__(self, vault: Vault, clock: Clock = system_clock) -> None:
        self._vault, self._clock = vault, clock
        vault.ensure(_SCHEMA)

    def record(
        self,
        action: str,
        *,
        outcome: str,
        professional: str = "",
        structure: str = "",
        patient: Ins | None = None,
        mode: str = "normal",
        reason: str = "",
        subject: str = "",
    ) -> int:
        """Write one act and give its number; when this returns, the entry survives a power cut."""
        matricule, oid = (patient.matricule, patient.oid) if patient else ("", "")
        with self._vault.transaction():
            last = self._vault.row("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1") or (0, "")
            fields = [
                *(last[0] + 1, self._clock().isoformat(), action, professional, structure),
                *(matricule, oid, mode, reason, outcome, subject),
            ]
            seal = _seal(last[1], fields)
            self._vault.execute(f"INSERT INTO journal ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", [*fields, seal])
            self._vault.execute(
                "INSERT INTO journal_end VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET seq = excluded.seq,"
                " hash = excluded.hash",
                [fields[0], seal],
            )
            return int(fields[0])

    def entries(self) -> Iterator[JournalEntry]:
        """Give all entries, oldest first."""
        for row in self._vault.rows(f"SELECT {_COLUMNS} FROM journal ORDER BY seq"):
            seq, at, action, professional, structure, matricule, oid, mode, reason, outcome, subject, seal = row
            patient = Ins(matricule, oid) if matricule else None
            yield JournalEntry(
                *(seq, datetime.fromisoformat(at), action, professional, structure, patient),
                *(mode, reason, outcome, subject, seal),
            )

    def verify(self) -> None:
        """Check numbering and seals; raises Failure JOURNAL_BROKEN with the first bad number."""
        before, number = "", 0
        with self._vault.transaction():
            rows = self._vault.rows(f"SELECT {_COLUMNS} FROM journal ORDER BY seq")
            end = self._vault.row("SELECT seq, hash FROM journal_end") or (0, "")
        for number, row in enumerate(rows, 1):
            if row[0] != number or _seal(before, list(row[:-1])) != row[-1]:
                raise Failure("JOURNAL_BROKEN", number=number)
            before = row[-1]
        if (number, before) != tuple(end):
            raise Failure("JOURNAL_BROKEN", number=number + 1)

    def export(self, path: Path) -> int:
        """Write the entries as JSON lines, patients by the last three characters of their INS; gives their number.

        Raises Failure EXPORT_NOT_WRITTEN.
        """
        lines = []
        for entry in self.entries():
            fields = entry.__dict__ | {
                "at": entry.at.isoformat(),
                "patient": masked(entry.patient.matricule) if entry.patient else "",
            }
            lines.append(json.dumps(fields, ensure_ascii=False) + "\n")
        try:
            path.write_text("".join(lines), encoding="utf-8")
        except OSError as error:
            raise Failure("EXPORT_NOT_WRITTEN") from error
        return len(lines)


def _seal(before: str, fields: list[object]) -> str:
    return hashlib.sha256(json.dumps([before, *fields], ensure_ascii=False).encode()).hexdigest()
