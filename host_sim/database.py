"""What the store asks of a database: cursors that speak one SQL, transactions, readings, named locks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Row(Protocol):
    """One row: a value by name or by index, its values in order, and its names."""

    def __getitem__(self, key: Any, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...

    def keys(self) -> list[str]: ...  # noqa: D102


class PlainRow:
    """A row by name and by index, as sqlite3 gives them."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: dict[str, int], values: Sequence[Any]) -> None:
        self._names = names
        self._values = values

    def __getitem__(self, key: Any, /) -> Any:
        return self._values[self._names[key] if isinstance(key, str) else key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> list[str]:
        """The names, in order."""
        return list(self._names)


class Cursor(Protocol):
    """Statements inside one transaction or reading; placeholders are `?` whatever the database."""

    def execute(self, sql: str, params: Sequence[Any] = (), /) -> Cursor:
        """Run one statement; gives itself."""

    def fetchone(self) -> Row | None:
        """The next row."""

    def fetchall(self) -> list[Row]:
        """The rows that are left."""

    def __iter__(self) -> Iterator[Row]: ...

    @property
    def rowcount(self) -> int:
        """How many rows the statement changed."""


class Database(Protocol):
    """A database behind the store; every method may be called from any thread."""

    def ensure(self, schema: str) -> None:
        """Run a script of CREATE ... IF NOT EXISTS statements, written for SQLite."""

    def transaction(self) -> AbstractContextManager[Cursor]:
        """One transaction of this thread: committed at the end, rolled back when anything is raised."""

    def reading(self) -> AbstractContextManager[Cursor]:
        """What is committed, as of one moment; or, inside a transaction, what this one sees."""

    def lock(self, *names: str) -> None:
        """Hold names until the end of the transaction of this thread; waits while another transaction holds one."""

    def wipe(self) -> None:
        """Leave nothing on disk of the rows of data_keys that were deleted; outside any transaction."""

    def close(self) -> None:
        """Close every connection."""
