"""Cursors that keep secrets: what goes to the database is sealed, what comes back is opened, in the same SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .database import Cursor, PlainRow, Row
from .keys import HOST, SEALED, TOKEN, Keys

_MATRICULE = re.compile(r"\d{6}[0-9AB]\d{6}(?:\d{2})?", re.ASCII)
_ESCAPED = "~e1:"
_MARKS = (SEALED, TOKEN, _ESCAPED)


@dataclass(frozen=True)
class Sealed:
    """A text for a column that nobody searches: encrypted by the key of `owner` (INS matricule), or of the host.

    Comparing it in SQL finds nothing. A matricule needs no such care: as a parameter of its own it is hidden, the same
    one always the same way, so that it can be looked for, joined and grouped by, but neither ordered by nor LIKE.
    """

    text: str = field(repr=False)
    owner: str = HOST


def sealed(owner: str, *texts: str) -> tuple[Sealed, ...]:
    """Several texts of one owner."""
    return tuple(Sealed(text, owner) for text in texts)


class SealingCursor:
    """A cursor over another one."""

    def __init__(self, cursor: Cursor, keys: Keys) -> None:
        self._cursor = cursor
        self._keys = keys

    def execute(self, sql: str, params: Sequence[Any] = (), /) -> Cursor:
        """Run one statement, `Sealed` parameters and matricules sealed; gives itself."""
        self._cursor.execute(sql, [self._closed(each) for each in params])
        return self

    def fetchone(self) -> Row | None:
        """The next row, opened."""
        row = self._cursor.fetchone()
        return None if row is None else self._opened(row)

    def fetchall(self) -> list[Row]:
        """The rows that are left, opened."""
        return [self._opened(row) for row in self._cursor.fetchall()]

    def __iter__(self) -> Iterator[Row]:
        return map(self._opened, self._cursor)

    @property
    def rowcount(self) -> int:
        """How many rows the statement changed."""
        return self._cursor.rowcount

    def _closed(self, value: Any) -> Any:
        if isinstance(value, Sealed):
            return self._keys.seal(value.owner, value.text) if value.text else ""
        if isinstance(value, str):
            if _MATRICULE.fullmatch(value):
                return self._keys.token(value)
            if value.startswith(_MARKS):
                return _ESCAPED + value
        return value

    def _opened(self, row: Row) -> Row:
        if not any(type(value) is str and value.startswith(_MARKS) for value in row):
            return row
        names = {name: number for number, name in enumerate(row.keys())}
        return PlainRow(names, [self._plain(value) for value in row])

    def _plain(self, value: Any) -> Any:
        if type(value) is not str or not value.startswith(_MARKS):
            return value
        if value.startswith(SEALED):
            return self._keys.opened(value)
        if value.startswith(TOKEN):
            return self._keys.matricule(value)
        return value.removeprefix(_ESCAPED)
