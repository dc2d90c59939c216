"""The store on one SQLite file: WAL, synchronous FULL, one writer at a time, readers beside it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from . import former
from .database import Cursor, Row

_IDLE_READERS = 8


class SqliteDatabase:
    """One connection that writes, and as many that read as threads read at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._writer = self._connect()
        former.mark(self._writer)
        self._writing = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._local = threading.local()
        self._held: dict[str, _Transaction] = {}
        self._freed = threading.Condition()

    def ensure(self, schema: str) -> None:
        """Run a script of CREATE ... IF NOT EXISTS statements; inside a transaction that has begun, as a part of it."""
        mine: _Transaction | None = getattr(self._local, "transaction", None)
        if mine is not None and mine.begun:
            for statement in schema.split(";"):
                mine.connection.execute(statement)
            return
        with self._writing:
            self._writer.executescript(schema)

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """One transaction; it begins at its first statement, so that what comes before runs beside other writers.

        An inner block belongs to the outer one: what raises undoes the inner block only.
        """
        outer: _Transaction | None = getattr(self._local, "transaction", None)
        if outer is not None:
            with outer.inner():
                yield _Cursor(outer.connection, outer)
            return
        mine = self._local.transaction = _Transaction(self._writer, self._writing)
        try:
            yield _Cursor(self._writer, mine)
            mine.commit()
        except BaseException:
            mine.undo()
            raise
        finally:
            self._local.transaction = None
            self._free(mine)

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """What is committed; inside a transaction that has begun, what this one sees."""
        mine: _Transaction | None = getattr(self._local, "transaction", None)
        reader: sqlite3.Connection | None = getattr(self._local, "reader", None)
        if mine is not None and mine.begun:
            yield _Cursor(mine.connection, mine)
        elif reader is not None:
            yield _Cursor(reader)
        else:
            with self._reader() as connection:
                yield _Cursor(connection)

    def lock(self, *names: str) -> None:
        """Hold names until the end of the transaction: call it first, for the writer waits for nobody's names."""
        mine: _Transaction = self._local.transaction
        if mine.begun:
            return
        with self._freed:
            for name in sorted(names):
                self._freed.wait_for(lambda name=name: self._held.get(name, mine) is mine)  # type: ignore[misc]
                self._held[name] = mine

    def wipe(self) -> None:
        """Empty the write-ahead log: the file itself overwrites what is deleted (secure_delete)."""
        with self._writing:
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close every connection that is not reading now."""
        with self._writing:
            while self._idle:
                self._idle.pop().close()
            self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=30)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")
        return connection

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
            connection.execute("PRAGMA query_only=ON")
        self._local.reader = connection
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            self._local.reader = None
            connection.execute("ROLLBACK")
            if len(self._idle) < _IDLE_READERS:
                self._idle.append(connection)
            else:
                connection.close()

    def _free(self, mine: _Transaction) -> None:
        with self._freed:
            names = [name for name, holder in self._held.items() if holder is mine]
            for name in names:
                del self._held[name]
            if names:
                self._freed.notify_all()


class _Transaction:
    """The transaction of one thread; from its first statement to its end it has the only writing connection."""

    def __init__(self, connection: sqlite3.Connection, writing: threading.Lock) -> None:
        self.connection = connection
        self.begun = False
        self._writing = writing
        self._depth = 0

    def begin(self) -> None:
        """Wait for the writing connection."""
        if self.begun:
            return
        self._writing.acquire()
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._writing.release()
            raise
        self.begun = True

    def commit(self) -> None:
        """Make what was written durable."""
        if self.begun:
            self.connection.execute("COMMIT")
            self._end()

    def undo(self) -> None:
        """Forget what was written; SQLite may have forgotten it itself, as when the disk is full."""
        if self.begun:
            try:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
            finally:
                self._end()

    @contextmanager
    def inner(self) -> Iterator[None]:
        """Undo, when anything is raised, only what was written since."""
        if not self.begun:
            try:
                yield
            except BaseException:
                self.undo()
                raise
            return
        self._depth += 1
        name = f"inner{self._depth}"
        self.connection.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            self.connection.execute(f"ROLLBACK TO {name}")
            raise
        finally:
            self._depth -= 1
            self.connection.execute(f"RELEASE {name}")

    def _end(self) -> None:
        self.begun = False
        self._writing.release()


class _Cursor:
    """A cursor that begins its transaction at its first statement."""

    def __init__(self, connection: sqlite3.Connection, transaction: _Transaction | None = None) -> None:
        self._cursor = connection.cursor()
        self._transaction = transaction

    def execute(self, sql: str, params: Sequence[Any] = (), /) -> Cursor:
        if self._transaction is not None:
            self._transaction.begin()
        self._cursor.execute(sql, params)
        return self

    def fetchone(self) -> Row | None:
        return cast("Row | None", self._cursor.fetchone())

    def fetchall(self) -> list[Row]:
        return cast("list[Row]", self._cursor.fetchall())

    def __iter__(self) -> Iterator[Row]:
        return cast("Iterator[Row]", iter(self._cursor))

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount
