"""Data of an earlier form of the host, put aside: its people are invented, and no step leads from clear to sealed."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

FORMAT = 2  # grows when a table changes its columns
_KEPT = ("blobs", "audit", "master.key")


def put_aside(directory: Path, file_name: str) -> None:
    """Move what is in `directory` into `former-...` there when its SQLite file is of another format."""
    file = directory / file_name
    if not file.is_file() or _is_of_today(file):
        return
    aside = directory / f"former-{uuid.uuid4().hex[:8]}"
    aside.mkdir(mode=0o700)
    # The file itself last: interrupted, this starts again.
    names = [*_KEPT, *(f"{file_name}{tail}" for tail in ("-wal", "-shm", ""))]
    for name in names:
        if (directory / name).exists():
            (directory / name).replace(aside / name)


def mark(connection: sqlite3.Connection) -> None:
    """Say, in a file that has no table yet, of which format it is."""
    if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        connection.execute(f"PRAGMA user_version={FORMAT}")


def _is_of_today(file: Path) -> bool:
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        has_tables = connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None
        return not has_tables or connection.execute("PRAGMA user_version").fetchone()[0] == FORMAT
