"""What the host keeps, proof against a sudden death: a database (SQLite, or PostgreSQL by URL) and blobs."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import former, points, sealed_file
from .database import Cursor, Database, Row
from .files import sync_directory
from .keys import Keys, master_key
from .sealed_file import SealedFile
from .sealing import Sealed, SealingCursor, sealed
from .sqlite import SqliteDatabase

__all__ = ["Cursor", "Row", "Sealed", "Store", "sealed"]

_FILE_NAME = "host.sqlite"
_SCHEMA_FILE = "schema"


class Store:
    """The database of the host, shared by all its threads, and its files.

    `blobs` is where accepted documents live, encrypted; `incoming` where the server streams MIME parts. Whoever judges
    before writing first holds a name:

        with store.transaction() as cursor:
            store.lock(f"dossier {ins}")
    """

    def __init__(self, directory: Path, database: Database) -> None:
        self.directory = directory
        self.blobs = directory / "blobs"
        self.incoming = directory / "incoming"
        self._database = database
        self.keys = Keys(database, master_key(directory))

    @classmethod
    def open(cls, directory: Path, database: str = "") -> Store:
        """Open or make the store in `directory`; several processes may have it open.

        `database` is the URL of a PostgreSQL, or "sqlite" for a file in `directory`; "" means what the environment
        says (HOST_SIM_DATABASE), else SQLite. In a PostgreSQL each directory has tables of its own.
        """
        directory.mkdir(parents=True, exist_ok=True)
        store = cls(directory, _database(directory, database))
        store.blobs.mkdir(exist_ok=True)
        store.incoming.mkdir(exist_ok=True)
        return store

    @staticmethod
    def is_in(directory: Path) -> bool:
        """Whether a store was ever opened in `directory`."""
        return any((directory / name).is_file() for name in (_FILE_NAME, _SCHEMA_FILE))

    def forget_incoming(self) -> None:
        """Remove the parts that an earlier life of the server left half read."""
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir()

    def ensure(self, schema: str) -> None:
        """Run a script of CREATE ... IF NOT EXISTS statements, written for SQLite."""
        self._database.ensure(schema)
        points.passed(points.SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """Give a cursor inside one transaction: committed at the end, rolled back when anything is raised.

        Re-entrant: an inner block belongs to the outer one; raising out of it undoes what it wrote.
        """
        with self.keys.transaction() as cursor:
            yield SealingCursor(cursor, self.keys)

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """Give a cursor that only reads, beside whoever writes; inside a transaction it sees what this one wrote."""
        with self._database.reading() as cursor:
            yield SealingCursor(cursor, self.keys)

    def lock(self, *names: str) -> None:
        """Hold names until the transaction of this thread ends; waits for another that holds one. Call it first."""
        self._database.lock(*names)

    def keep_blobs(self, parts: Mapping[str, Path], patient: str) -> None:
        """Make streamed parts blobs, by name, under the key of a patient (INS matricule).

        They are durable when this returns: call it before the commit.
        """
        key = self.keys.of(patient)
        for name, part in parts.items():
            sealed_file.write(part, self.blobs / name, key)
        sync_directory(self.blobs)
        points.passed(points.BLOB_KEPT)

    def blob(self, name: str) -> SealedFile:
        """A blob, to be read."""
        return SealedFile(self.blobs / name, self.keys)

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def _database(directory: Path, url: str) -> Database:
    url = url or os.environ.get("HOST_SIM_DATABASE", "sqlite")
    if url == "sqlite":
        former.put_aside(directory, _FILE_NAME)
        return SqliteDatabase(directory / _FILE_NAME)
    from .postgres import PostgresDatabase

    return PostgresDatabase(url, _schema(directory / _SCHEMA_FILE))


def _schema(file: Path) -> str:
    """The name of the tables of this directory, drawn once."""
    if not file.exists():
        drawn = file.with_name(f"schema.{uuid.uuid4().hex}")
        with drawn.open("w") as stream:
            stream.write(f"host_{uuid.uuid4().hex}")
            stream.flush()
            os.fsync(stream.fileno())
        # Of two processes that draw at once, the first wins.
        with contextlib.suppress(FileExistsError):
            os.link(drawn, file)
        drawn.unlink()
        sync_directory(file.parent)
    return file.read_text()
