"""Cards from files that anybody can write, in TOML or JSON: one card a file; docs/card-files.md tells every field."""

from __future__ import annotations

import json
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
_LARGEST = 4 << 20


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
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = getattr(error, "strerror", None) or "nom impossible"
        raise CardFileError(path, [Problem("", f"le fichier ne peut pas être lu ({reason})")]) from error
    if len(raw) > _LARGEST:
        raise CardFileError(path, [Problem("", "le fichier est trop grand", "4 Mio au plus")])
    return _understood(path, raw)


def _understood(path: Path, raw: bytes) -> dict[str, Any]:
    is_toml = path.name.lower().endswith(".toml")
    try:
        text = raw.decode("utf-8-sig")
        data: Any = tomllib.loads(text) if is_toml else json.loads(text)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise CardFileError(path, [Problem("", f"ligne {line} : le texte n'est pas en UTF-8")]) from error
    except (ValueError, RecursionError, OverflowError) as error:
        reason = "imbrication trop profonde" if isinstance(error, RecursionError) else shown(error, bare=True)
        what = f"ce n'est pas du {'TOML' if is_toml else 'JSON'} ({reason})"
        raise CardFileError(path, [Problem("", what)]) from error
    if not isinstance(data, dict):
        raise CardFileError(path, [Problem("", "le fichier n'est pas un groupe de champs")])
    return data
