"""Reads the fields of a card file and gathers every mistake, each with its place, what is wrong, what is allowed."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

_SHOWN = 40
_MOST_UNKNOWN = 20
_KINDS = (
    (bool, "oui ou non"),
    (str, "un texte"),
    (int, "un nombre"),
    (float, "un nombre à virgule"),
    (list, "une liste"),
)


@dataclass(frozen=True)
class Problem:
    """One mistake; path: of the field (lists count from 1), "" for the file itself; allowed: "" when nothing helps."""

    path: str
    what: str
    allowed: str = ""

    def __str__(self) -> str:
        place = f"{self.path} : " if self.path else ""
        return f"{place}{self.what}" + (f" ; attendu : {self.allowed}" if self.allowed else "")


@dataclass
class Table:
    """A table of the file being read: each field is asked once, mistakes go to the common list."""

    data: dict[str, Any]
    path: str = ""
    problems: list[Problem] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def where(self, name: str) -> str:
        """Give the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def complain(self, name: str, what: str, allowed: str = "") -> None:
        """Note a mistake in a field."""
        self.problems.append(Problem(self.where(name), what, allowed))

    def has(self, name: str) -> bool:
        """Whether the field was written."""
        self.asked.add(name)
        return name in self.data

    def text(self, name: str, rule: Rule, default: str | None = None) -> str:
        """Read a text; default None: the field is needed. Gives "" after a mistake."""
        if not self._present(name, rule.allowed, default is not None):
            return default or ""
        value = self.data[name]
        if not isinstance(value, str):
            self.complain(name, f"un texte était attendu, et non {kind(value)}", rule.allowed)
        elif reason := rule.reason(value):
            self.complain(name, reason if rule.secret else f"{shown(value)} : {reason}", rule.allowed)
        else:
            return value
        return ""

    def choice(self, name: str, options: Sequence[str], default: str | None = None) -> str:
        """Read one of several words."""
        allowed = ", ".join(options)
        if not self._present(name, allowed, default is not None):
            return default or ""
        value = self.data[name]
        if isinstance(value, str) and value in options:
            return value
        self.complain(name, f"{shown(value)} n'est pas possible", allowed)
        return default or options[0]

    def flag(self, name: str, default: bool) -> bool:
        """Read true or false."""
        if not self.has(name):
            return default
        if isinstance(self.data[name], bool):
            return bool(self.data[name])
        self.complain(name, f"{shown(self.data[name])} n'est pas possible", "true ou false")
        return default

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Read a whole number between two bounds."""
        allowed = f"un nombre entier de {low} à {high}"
        if not self._present(name, allowed, default is not None):
            return default if default is not None else low
        return self.whole_of(name, self.data[name], low, high)

    def whole_of(self, name: str, value: object, low: int, high: int) -> int:
        """Check a whole number that was found under a name."""
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.complain(name, f"{shown(value)} n'est pas possible", f"un nombre entier de {low} à {high}")
        return low

    def date(self, name: str, default: str | None = None) -> str:
        """Read a date of the calendar, as yyyymmdd."""
        allowed = "une date, par exemple 2024-01-31"
        if not self._present(name, allowed, default is not None):
            return default or ""
        value = self.data[name]
        text = value.isoformat() if type(value) is datetime.date else value
        if isinstance(text, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}", text):
            digits = text.replace("-", "")
            if _is_date(digits):
                return digits
        self.complain(name, f"{shown(value)} n'est pas une date", allowed)
        return ""

    def table(self, name: str, *, needed: bool = True) -> Table:
        """Read an inner table; an absent one is empty."""
        value = self.data.get(name, {}) if self.has(name) or not needed else None
        if value is None:
            self.complain(name, "manque", "un groupe de champs")
        elif not isinstance(value, dict):
            self.complain(name, f"un groupe de champs était attendu, et non {kind(value)}")
        else:
            return Table(value, self.where(name), self.problems)
        return Table({}, self.where(name), [])  # what it lacks is a consequence, not one more mistake

    def tables(self, name: str, low: int, high: int) -> list[Table]:
        """Read a list of tables, so many at least and at most."""
        value = self.data[name] if self.has(name) else []
        if not isinstance(value, list):
            self.complain(name, f"une liste de groupes de champs était attendue, et non {kind(value)}")
            return []
        if not low <= len(value) <= high:
            self.complain(name, "manque" if not value else f"{len(value)} éléments", f"de {low} à {high} éléments")
        rows = []
        for number, each in enumerate(value[:high], start=1):
            if isinstance(each, dict):
                rows.append(Table(each, f"{self.where(name)}[{number}]", self.problems))
            else:
                self.complain(f"{name}[{number}]", f"un groupe de champs était attendu, et non {kind(each)}")
        return rows

    def texts(self, name: str, rule: Rule, most: int = 20) -> tuple[str, ...]:
        """Read a list of texts, empty when it is not there."""
        value = self.data[name] if self.has(name) else []
        if not isinstance(value, list) or len(value) > most:
            self.complain(name, f"{shown(value)} n'est pas possible", f"une liste de textes, {most} au plus")
            return ()
        for number, each in enumerate(value, start=1):
            reason = rule.reason(each) if isinstance(each, str) else f"un texte était attendu, et non {kind(each)}"
            if reason:
                self.complain(f"{name}[{number}]", f"{shown(each)} : {reason}", rule.allowed)
        return tuple(str(each) for each in value)

    def finish(self) -> None:
        """Note the fields that nobody asked for: a misspelt one would otherwise be ignored in silence."""
        unknown = [name for name in self.data if name not in self.asked]
        for name in unknown[:_MOST_UNKNOWN]:
            near = difflib.get_close_matches(name, sorted(self.asked), 1)
            possible = f"« {near[0]} » ?" if near else ", ".join(sorted(self.asked))
            self.complain(shown(name, bare=True), "champ inconnu", possible)
        if len(unknown) > _MOST_UNKNOWN:
            self.problems.append(Problem(self.path, f"et {len(unknown) - _MOST_UNKNOWN} autres champs inconnus"))

    def _present(self, name: str, allowed: str, optional: bool) -> bool:
        if self.has(name):
            return True
        if not optional:
            self.complain(name, "manque", allowed)
        return False


@dataclass(frozen=True)
class Rule:
    """What a text must be: a regular expression over the whole of it, in words, and a check that says what is wrong.

    check gives "" for a good value; secret: the value is not repeated in the mistake.
    """

    pattern: str
    allowed: str
    check: Callable[[str], str] | None = None
    secret: bool = False

    def reason(self, value: str) -> str:
        """Say what is wrong with a value, "" when nothing is."""
        if not re.fullmatch(self.pattern, value):
            return "forme incorrecte"
        return self.check(value) if self.check else ""


def words(most: int) -> Rule:
    """A name that people read: printable, no space at its ends, in the characters that cards hold (ISO 8859-1)."""

    def check(value: str) -> str:
        if not value.isprintable() or value != value.strip():
            return "caractères de mise en page ou espaces aux extrémités"
        try:
            value.encode("latin-1")
        except UnicodeEncodeError as error:
            return f"le caractère {shown(value[error.start])} n'existe pas sur les cartes"
        return ""

    return Rule(rf"(?s).{{1,{most}}}", f"un texte de 1 à {most} caractères", check)


def shown(value: object, *, bare: bool = False) -> str:
    """Show a value of the file in a message: short, on one line, and printable whatever it is."""
    if isinstance(value, dict | list):
        return kind(value)
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return "un nombre trop grand"  # and nothing that is slow, or refused, to be written in decimal
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > _SHOWN:
        text = text[:_SHOWN] + "…"
    text = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
    return text if bare else f"« {text} »"


def kind(value: object) -> str:
    """Name the type of a value."""
    if isinstance(value, dict):
        return "un groupe de champs"
    if isinstance(value, datetime.date | datetime.time):
        return "une date ou une heure"
    return next((name for type_, name in _KINDS if isinstance(value, type_)), "rien")


def _is_date(digits: str) -> bool:
    try:
        return 1900 <= datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2100
    except ValueError:
        return False
