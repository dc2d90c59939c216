"""The host's parameters: defaults as data, overridden by rows of the store."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from .store import Store

_DEFAULTS = Path(__file__).parent / "data" / "parameters.toml"
_SCHEMA = "CREATE TABLE IF NOT EXISTS parameters (name TEXT PRIMARY KEY, value TEXT NOT NULL)"


class Parameters:
    """Typed settings of the host, e.g. `parameters["matrix"] == "2016"`; a change is kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._defaults: dict[str, Any] = tomllib.loads(_DEFAULTS.read_text(encoding="utf-8"))
        store.ensure(_SCHEMA)
        with store.transaction() as cursor:
            rows = cursor.execute("SELECT name, value FROM parameters").fetchall()
        self._values = self._defaults | {row["name"]: json.loads(row["value"]) for row in rows}

    def __getitem__(self, name: str) -> Any:
        """The value of one parameter; KeyError when there is none of that name."""
        return self._values[name]

    def as_dict(self) -> dict[str, Any]:
        """All parameters and their present values."""
        return dict(self._values)

    def set(self, name: str, value: Any) -> None:
        """Change one parameter; KeyError when unknown, TypeError when the type differs from the default's."""
        if type(value) is not type(self._defaults[name]):
            raise TypeError(f"{name} wants {type(self._defaults[name]).__name__}")
        with self._store.transaction() as cursor:
            cursor.execute(
                "INSERT INTO parameters (name, value) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, json.dumps(value)),
            )
        self._values[name] = value
