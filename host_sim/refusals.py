"""Refusals that leave inside an answer, with their French text."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_TABLE: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "data" / "refusals.toml").read_text(encoding="utf-8")
)


class Refusal(Exception):  # noqa: N818 - it is an answer
    """A business refusal; the code is a row of data/refusals.toml."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = str(_TABLE[code]["text"])
