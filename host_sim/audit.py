"""The access log of every call, chained row by row, and the notifications that a patient receives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from .audit_seal import Head, Seal, chained
from .audit_sealer import Sealer
from .call import Caller
from .keys import BrokenSealError
from .store import Cursor, Row, Sealed, Store

EMERGENCY = {"bris_de_glace": "mode urgence", "centre_15": "mode urgence"}

_SCHEMA = """
CREATE TABLE IF NOT EXISTS access_chain (
    number BIGINT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, name TEXT NOT NULL, structure TEXT NOT NULL,
    tx TEXT NOT NULL, patient TEXT NOT NULL, purpose TEXT NOT NULL, word TEXT NOT NULL, reason TEXT NOT NULL,
    outcome TEXT NOT NULL, message_id TEXT NOT NULL, objects TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS access_chain_patient ON access_chain (patient);
CREATE TABLE IF NOT EXISTS access_head (id BIGINT PRIMARY KEY, number BIGINT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, patient TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS notifications_patient ON notifications (patient);
"""
_COLUMNS = "at, who, name, structure, tx, patient, purpose, word, reason, outcome, message_id, objects"
_NAMES = _COLUMNS.split(", ")
_SECRET = ("name", "reason")  # kept encrypted; what is chained is what they say
_CHAIN = "access log"
_PAGE = 500


class Audit:
    """The access log: one row for each call that the host understood, accepted or refused; never changed afterwards."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.ensure(_SCHEMA)
        self.seal = Seal(store.directory)
        with store.transaction() as cursor:
            cursor.execute("INSERT INTO access_head VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING")
        if not self.seal.exists and self.head().number == 0:
            self.seal.write(Head(0, ""))
        self._sealer = Sealer(self.seal, self.head, self.hash_of)

    def record(
        self, at: datetime, transaction: str, outcome: str, *,
        caller: Caller | None = None, patient: str = "", purpose: str = "", reason: str = "", message_id: str = "",
        objects: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Write one row; `outcome` is "ok" or the code of the refusal; `word` says "mode urgence" where it was one.

        `objects`: identifiers of the documents or submission sets that the call was about.
        """
        row = (
            at.isoformat(timespec="milliseconds"),
            caller.id_nat if caller else "",
            f"{caller.given_name} {caller.family_name}" if caller else "",
            caller.structure_id if caller else "",
            transaction, patient, purpose, EMERGENCY.get(purpose, ""), reason, outcome, message_id, " ".join(objects),
        )  # fmt: skip
        self._append(row)
        self._sealer.wake()

    def _append(self, row: Sequence[str]) -> None:
        """The one place where rows are written; what they say is what is chained."""
        with self._store.transaction() as cursor:
            self._store.lock(_CHAIN)
            # The update comes first: whoever did it holds the row of the head until the end of the transaction.
            cursor.execute("UPDATE access_head SET number = number + 1 WHERE id = 1")
            head = _head(cursor)
            made = chained(head.hash, (head.number, *row))
            cursor.execute(
                f"INSERT INTO access_chain (number, {_COLUMNS}, hash) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608
                (
                    head.number,
                    *(Sealed(value) if each in _SECRET else value for each, value in zip(_NAMES, row, strict=True)),
                    made,
                ),
            )
            cursor.execute("UPDATE access_head SET hash = ? WHERE id = 1", (made,))

    def head(self) -> Head:
        """The last row that is committed; waits for a call that is writing one."""
        with self._store.transaction() as cursor:
            self._store.lock(_CHAIN)
            return _head(cursor)

    def hash_of(self, number: int) -> str:
        """The hash that a row holds; "" when there is no such row, or for 0."""
        with self._store.reading() as cursor:
            row = cursor.execute("SELECT hash FROM access_chain WHERE number = ?", (number,)).fetchone()
        return str(row["hash"]) if row else ""

    def stored(self) -> Iterator[tuple[int, tuple[str, ...], str]]:
        """Every row in the order of numbers: number, values, hash; a page at a time.

        A row whose encrypted values were changed has no values and no hash.
        """
        last, size = -1, _PAGE
        while True:
            try:
                page = self._page(last, size)
            except BrokenSealError:
                page = [self._broken(last)] if size == 1 else []
                size = 1
                if not page:
                    continue
            yield from page
            if len(page) < size:
                return
            last = page[-1][0]

    def _page(self, last: int, size: int) -> list[tuple[int, tuple[str, ...], str]]:
        query = f"SELECT number, {_COLUMNS}, hash FROM access_chain WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608
        with self._store.reading() as cursor:
            rows = [tuple(row) for row in cursor.execute(query, (last, size)).fetchall()]
        return [(number, tuple(values), made) for number, *values, made in rows]

    def _broken(self, last: int) -> tuple[int, tuple[str, ...], str]:
        with self._store.reading() as cursor:
            query = "SELECT number FROM access_chain WHERE number > ? ORDER BY number LIMIT 1"
            row = cursor.execute(query, (last,)).fetchone()
        assert row is not None
        return row["number"], (), ""

    def rows(self, patient: str | None = None) -> list[dict[str, Any]]:
        """The log, oldest first; of one patient when asked."""
        query = f"SELECT {_COLUMNS} FROM access_chain"  # noqa: S608
        with self._store.reading() as cursor:
            if patient is None:
                found = cursor.execute(f"{query} ORDER BY number").fetchall()
            else:
                found = cursor.execute(f"{query} WHERE patient = ? ORDER BY number", (patient,)).fetchall()
        return [_shown(row) for row in found]

    def export(self) -> str:
        """The log as JSON lines (host-access.jsonl)."""
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in self.rows())

    def notify(self, at: datetime, patient: str, kind: str, text: str) -> None:
        """Tell the patient something."""
        with self._store.transaction() as cursor:
            cursor.execute(
                "INSERT INTO notifications (at, patient, kind, text) VALUES (?,?,?,?)",
                (at.isoformat(timespec="milliseconds"), patient, kind, Sealed(text, patient)),
            )

    def notifications(self, patient: str) -> list[dict[str, Any]]:
        """What the patient was told, oldest first."""
        with self._store.reading() as cursor:
            found = cursor.execute(
                "SELECT at, kind, text FROM notifications WHERE patient = ? ORDER BY id", (patient,)
            ).fetchall()
        return [{name: row[name] for name in ("at", "kind", "text")} for row in found]

    def close(self) -> None:
        """Seal what was written; nothing is recorded afterwards."""
        self._sealer.close()


def _head(cursor: Cursor) -> Head:
    row = cursor.execute("SELECT number, hash FROM access_head WHERE id = 1").fetchone()
    assert row is not None
    return Head(row["number"], row["hash"])


def _shown(row: Row) -> dict[str, Any]:
    facts = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a row gives its values, not its names
    facts["objects"] = facts["objects"].split()
    return {("transaction" if name == "tx" else name): value for name, value in facts.items()}
