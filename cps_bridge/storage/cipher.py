"""The encrypted file under everything that is kept: SQLCipher, WAL, synchronous FULL. Sole importer of sqlcipher3.

WAL with synchronous=NORMAL may lose acknowledged commits at a power cut, by design of SQLite; FULL does not.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cps_bridge.storage.place import VAULT_MARK, writable
from dossier.failure import Failure

_PLAIN_HEADER = b"SQLite format 3\x00"
_PAGE = 4096
"""Octets of a page of SQLCipher 4: SQLite takes a shorter file for a new database, and would write over it."""

Row = tuple[Any, ...]


class Vault:
    """One encrypted database, usable from any thread; statements are serialised by a lock."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Open or make the file; key: 32 bytes.

        Raises Failure VAULT_PLAINTEXT, VAULT_EMPTY, VAULT_KEY, DATA_UNWRITABLE or STORAGE_FULL.
        """
        from sqlcipher3 import dbapi2

        self._errors = dbapi2
        self._lock = threading.RLock()
        with writable(path.parent):
            _refuse_plaintext(path)
            _refuse_emptied(path)
            path.touch(mode=0o600)
            path.chmod(0o600)
        with self._translated():
            self._db = dbapi2.connect(str(path), timeout=30, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(key)
            with writable(path.parent):
                path.with_name(VAULT_MARK).touch(mode=0o600)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, key: bytes) -> None:
        with self._translated():
            self._db.execute("PRAGMA cipher_log_level = NONE")  # else it writes to the standard error by itself
            self._db.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            try:
                self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except self._errors.DatabaseError as error:
                if not isinstance(error, self._errors.OperationalError) or "not a database" in str(error):
                    raise Failure("VAULT_KEY") from None
                raise
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
                self._db.execute(f"PRAGMA {pragma}")

    def ensure(self, schema: str) -> None:
        """Create the tables of a schema that are not there yet; statements separated by semicolons."""
        with self.transaction():
            for statement in filter(str.strip, schema.split(";")):
                self._db.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside durable together, or nothing of it; nests into the outer one."""
        with self._lock, self._translated():
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one statement; gives the row id of an insert, or the number of rows changed otherwise."""
        with self._lock, self._translated():
            cursor = self._db.execute(sql, tuple(values))
            return int(cursor.lastrowid if sql.lstrip()[:6].upper() == "INSERT" else cursor.rowcount)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run one query and give all its rows."""
        with self._lock, self._translated():
            return list(self._db.execute(sql, tuple(values)).fetchall())

    def row(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """Run one query and give its first row, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def close(self) -> None:
        """Close the file; the vault cannot be used afterwards."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._errors.DatabaseError as error:
            text = str(error)
            if "full" in text:
                raise Failure("STORAGE_FULL") from error
            if "locked" in text or "busy" in text:
                raise Failure("STORAGE_BUSY") from error
            if "readonly" in text or "unable to open" in text:
                raise Failure("DATA_UNWRITABLE") from error
            if isinstance(error, self._errors.IntegrityError):
                raise Failure("STORAGE_DUPLICATE") from error
            raise Failure("STORAGE_DAMAGED") from error


def _refuse_plaintext(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb") as stream:
        if stream.read(len(_PLAIN_HEADER)) == _PLAIN_HEADER:
            raise Failure("VAULT_PLAINTEXT")


def _refuse_emptied(path: Path) -> None:
    """Raise Failure VAULT_EMPTY where a vault was and its file is gone, empty, or shorter than a page."""
    size = path.stat().st_size if path.exists() else 0
    traces = (path.with_name(VAULT_MARK), path.with_name(f"{path.name}-wal"))
    if size < _PAGE and (size or any(each.exists() for each in traces)):
        raise Failure("VAULT_EMPTY")
