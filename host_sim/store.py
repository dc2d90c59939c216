"""What the host keeps: one SQLite file and a directory of blobs, both proof against a sudden death."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_NAME = "host.sqlite"


class Store:
    """The one connection of the process to its SQLite file (WAL, synchronous FULL), shared by all worker threads.

    `blobs` is where accepted documents live, `incoming` where the server streams MIME parts (same file system, so
    that a part becomes a blob by renaming).
    """

    def __init__(self, directory: Path, connection: sqlite3.Connection) -> None:
        self.directory = directory
        self.blobs = directory / "blobs"
        self.incoming = directory / "incoming"
        self._connection = connection
        self._lock = threading.RLock()
        self._depth = 0

    @classmethod
    def open(cls, directory: Path) -> Store:
        """Open or make the store in `directory`; several processes may have it open."""
        directory.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(directory / FILE_NAME, isolation_level=None, check_same_thread=False, timeout=30)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        store = cls(directory, connection)
        store.blobs.mkdir(exist_ok=True)
        store.incoming.mkdir(exist_ok=True)
        return store

    def forget_incoming(self) -> None:
        """Remove the parts that an earlier life of the server left half read."""
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir()

    def ensure(self, schema: str) -> None:
        """Run a script of CREATE ... IF NOT EXISTS statements."""
        with self._lock:
            self._connection.executescript(schema)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        """Give a cursor inside one transaction: committed at the end, rolled back when anything is raised.

        Re-entrant: an inner block joins the outer one. Rows are `sqlite3.Row`.
        """
        with self._lock:
            if self._depth:
                yield self._connection.cursor()
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._connection.cursor()
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def keep_blob(self, part: Path, name: str) -> Path:
        """Make a streamed part a blob called `name`, durable before this returns (call it before the commit)."""
        target = self.blobs / name
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.replace(target)
        sync_directory(self.blobs)
        return target

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def sync_directory(directory: Path) -> None:
    """Make the entries of a directory durable, where the system lets a directory be opened."""
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
