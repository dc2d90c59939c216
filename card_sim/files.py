"""Cards from files that anybody can write, in TOML or JSON: one card a file; docs/card-files.md tells every field."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from card_sim import files_professional, files_vitale, scripted
from card_sim.authority import Authority
from card_sim.card import SimulatedCard
from card_sim.faults import PIN, PUK, BreakableCard
from card_sim.files_fields import Problem, Table, shown
from card_sim.making import make_card, make_vitale

SUFFIXES = (".toml", ".json")
T = TypeVar("T")
_Content = files_professional.Professional | files_vitale.Vitale | scripted.Script
_LARGEST_TOML, _LARGEST_JSON = 256 << 10, 4 << 20
"""Bytes at most; recorded cards, which are JSON, are the long ones."""

_MOST_DOTS = 200
"""On one line of TOML: the parser's work grows with the square of the parts of a dotted key."""

_PARSERS = {
    "Expected '='": "il manque le signe =",
    "Invalid value": "la valeur est mal écrite ; un texte se met entre guillemets",
    "Expecting value": "une valeur manque ou est mal écrite ; un texte se met entre guillemets",
    "Expecting property name": "le nom d'un champ, entre guillemets, était attendu",
    "Expecting ',' delimiter": "il manque une virgule",
    "Expecting ':' delimiter": "il manque le signe :",
    "Extra data": "il y a encore du texte après la fin",
    "Expected newline": "il y a encore du texte après la valeur",
    "Cannot overwrite": "ce champ est déjà écrit plus haut",
    "Cannot declare": "ce groupe est déjà écrit plus haut",
    "Unterminated string": "il manque le guillemet de la fin",
    "Illegal character": "un caractère de mise en page n'est pas permis ici",
    "Invalid control character": "un caractère de mise en page n'est pas permis ici",
    "integer string conversion": "un nombre est trop grand",
    "Unclosed": "il manque le crochet de la fin",
}
"""What the two parsers say, by a part of their message."""


class CardFileError(Exception):
    """A file that is no card; problems: every mistake that was found, in French."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        super().__init__(f"{shown(path.name, bare=True)} : " + " | ".join(map(str, problems)))
        self.path = path
        self.problems = tuple(problems)


@dataclass(frozen=True)
class CardFile:
    """A card file that was read: its name (the file's own, without its suffix) and its content."""

    name: str
    content: _Content

    def describe(self) -> str:
        """Say in French whose card it is."""
        return self.content.describe()

    def make(self, authority: Authority) -> BreakableCard:
        """Make the card, its counters as the file says."""
        return _make(self.content, authority)

    @property
    def people(self) -> dict[str, list[dict[str, Any]]]:
        """What the virtual host must know of the holders, as its admin door takes it (POST people); {} for nothing."""
        if isinstance(self.content, files_vitale.Vitale):
            patients = self.content.patients()
            return {"patients": list(patients)} if patients else {}
        if isinstance(self.content, files_professional.Professional):
            return {"professionals": [self.content.entry()]}
        return {}


def is_path(name: str) -> bool:
    """Tell the path of a card file from the name of a card of the cast."""
    return "/" in name or "\\" in name or name.lower().endswith(SUFFIXES)


def load(path: Path | str) -> CardFile:
    """Read a card file; raises CardFileError with all its mistakes at once, never anything else."""
    path = Path(path)
    data = _parsed(path)
    if scripted.is_script(data):
        problems: list[Problem] = []
        script = scripted.parse(data, problems)
        return CardFile(path.stem, _good(path, script, problems))
    top = Table(data)
    what = top.choice("card", ("professional", "vitale"))
    read: Callable[[Table, str], _Content] = files_professional.read if what == "professional" else files_vitale.read
    content = read(top, path.stem)
    top.finish()
    return CardFile(path.stem, _good(path, content, top.problems))


def _good(path: Path, content: T, problems: list[Problem]) -> T:
    if problems:
        raise CardFileError(path, problems)
    return content


def _make(content: _Content, authority: Authority) -> BreakableCard:
    if isinstance(content, files_professional.Professional):
        card = BreakableCard(make_card(content.who, authority.material_of(content.who)))
        for reference, left in ((PIN, content.pin_left), (PUK, content.puk_left)):
            if left is not None and card.tries_left(reference) is not None:
                card.set_tries(left, reference)
        return card
    made: SimulatedCard = (
        make_vitale(content.card) if isinstance(content, files_vitale.Vitale) else scripted.ScriptedCard(content)
    )
    return BreakableCard(made)


def _parsed(path: Path) -> dict[str, Any]:
    if not path.name.lower().endswith(SUFFIXES):
        raise CardFileError(path, [Problem("", "le nom du fichier finit mal", " ou ".join(SUFFIXES))])
    largest = _LARGEST_TOML if path.name.lower().endswith(".toml") else _LARGEST_JSON
    try:
        raw = _bytes(path, largest + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise CardFileError(path, [Problem("", f"le fichier ne peut pas être lu ({_reason(error)})")]) from error
    if len(raw) > largest:
        raise CardFileError(path, [Problem("", "le fichier est trop grand", f"{largest >> 10} Kio au plus")])
    return _understood(path, raw)


def _bytes(path: Path, most: int) -> bytes:
    """Read a plain file; opening a pipe would make us wait for whoever writes to it."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError("not a plain file")
        return stream.read(most)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "il n'existe pas"
    if isinstance(error, PermissionError):
        return "accès refusé"
    return "ce n'est pas un fichier ordinaire"


def _understood(path: Path, raw: bytes) -> dict[str, Any]:
    is_toml = path.name.lower().endswith(".toml")
    try:
        text = raw.decode("utf-8-sig")
        if is_toml and max((line.count(".") for line in text.splitlines()), default=0) > _MOST_DOTS:
            raise RecursionError
        data: Any = tomllib.loads(text) if is_toml else json.loads(text)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise CardFileError(path, [Problem("", f"ligne {line} : le texte n'est pas en UTF-8")]) from error
    except (ValueError, RecursionError, OverflowError) as error:
        reason = "imbrication trop profonde" if isinstance(error, RecursionError) else _place(str(error))
        what = f"ce n'est pas du {'TOML' if is_toml else 'JSON'} ({reason})"
        raise CardFileError(path, [Problem("", what)]) from error
    if not isinstance(data, dict):
        raise CardFileError(path, [Problem("", "le fichier n'est pas un groupe de champs")])
    return data


def _place(message: str) -> str:
    """Put a parser's message in French: "(at line 3, column 9)", "line 3 column 9 (char 40)", and what it misses."""
    found = re.search(r"line (\d+),? column (\d+)", message)
    place = f"ligne {found[1]}, colonne {found[2]}" if found else "fin du fichier" if "end of doc" in message else ""
    words = next((words for part, words in _PARSERS.items() if part in message), "")
    return " : ".join(filter(None, (place, words))) or "valeur impossible"
