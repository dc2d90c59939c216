"""The doctor's sentences: findings as data (``rows.toml``), and nothing in them that may not leave the computer."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from dossier.failure import Failure
from dossier.finding import Finding, Health

ORDER = (
    *("pcsc", "readers", "card", "pin", "certificates", "pkcs11"),
    *("clock", "tls", "host", "outbox", "keyring"),
)
"""The rows, always all of them and always so."""

_QUOTED_PATH = re.compile(r"«[^»]*[\\/][^»]*»")
_PATH = re.compile(r"(?<![\w/:])(?:~|[A-Za-z]:)?[\\/][^\s«»\"'()]+(?: [^\s\\/«»\"'()]+[\\/][^\s«»\"'()]*)*")
_NUMBER = re.compile(r"\d(?:[ \u00a0\u202f-]?\d){5,}")
_MAIL = re.compile(r"\S+@\S+")
_SERIAL = re.compile(r"\([^()]*\)|\b(?=\w*\d)[0-9A-Fa-f]{6,}\b|\b\w*\d{6,}\w*\b|(?: \d\d)+$")


def say(name: str, /, **facts: object) -> Finding:
    """Give a finding of the table, "row.finding"; facts fill its sentence, texts redacted."""
    row, _, finding = name.partition(".")
    entry = rows()[row][finding]
    shown = {key: redacted(value) if isinstance(value, str) else value for key, value in facts.items()}
    remedy = str(entry.get("remedy", ""))
    return Finding(row, Health(entry["state"]), str(entry["cause"]).format(**shown), remedy.format(**shown))


def of_failure(row: str, failure: Failure, state: Health = Health.BAD) -> Finding:
    """Give a failure as a row, in its own words, redacted."""
    return Finding(row, state, redacted(failure.sentence("fr")), redacted(failure.remedy("fr")))


def title(row: str) -> str:
    """Give the French heading of a row."""
    return str(rows()[row]["title"])


def word(name: str) -> str:
    """Give a French word that a sentence takes as a fact."""
    return str(rows()["words"][name])


@cache
def rows() -> dict[str, dict[str, Any]]:
    """Load the table: row -> title, meaning, and one table per finding."""
    return tomllib.loads(files("cps_bridge.doctor").joinpath("rows.toml").read_text("utf-8"))


def redacted(text: str) -> str:
    """Cut from a text of outside what names a person or a computer: paths, long numbers but their end, addresses."""
    home = str(Path.home())
    if len(home) > 1:
        text = text.replace(home, "~/…")
    text = _PATH.sub("…", _QUOTED_PATH.sub("« … »", _MAIL.sub("…", text)))
    return _NUMBER.sub(lambda found: f"…{found[0][-2:]}", text)


def reader_model(name: str) -> str:
    """Give a reader's name without what tells it from another of its model: serial numbers, slot numbers."""
    kept = _SERIAL.sub(" ", name)
    shown = "".join(each for each in redacted(kept) if each.isprintable())
    return " ".join(shown.split())[:40] or "?"
