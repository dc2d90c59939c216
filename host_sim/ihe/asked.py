"""A stored query as asked: its parameters, read and counted (ITI TF-2 3.18.4.1.2.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from host_sim.registry_errors import RegistryRefusal

from . import vocabulary as v
from .metadata import is_time, patient_key

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|([^\s'(),]+))\s*(,|$)")
_MOST = 5000
MISSING, NUMBER = "XDSStoredQueryMissingParam", "XDSStoredQueryParamNumber"
_ERROR = "XDSRegistryError"


class Asked:
    """The parameters of one query. A parameter given in several slots makes several groups: all of them must hold."""

    def __init__(self, query: Any) -> None:
        self.id = query.get("id", "")
        self._groups: dict[str, list[tuple[str, ...]]] = {}
        for slot in query.iterchildren(f"{{{v.RIM}}}Slot"):
            name = slot.get("name", "")
            texts = [each.text or "" for each in slot.iterfind(f"{{{v.RIM}}}ValueList/{{{v.RIM}}}Value")]
            values = tuple(value for text in texts for value in split_values(text, name))
            self._groups.setdefault(name, []).append(values)

    def groups(self, name: str) -> list[tuple[str, ...]]:
        """The groups of a parameter that may be repeated (AND), each of alternatives (OR)."""
        return self._groups.get(name, [])

    def many(self, name: str, *, required: bool = False) -> tuple[str, ...]:
        """The values of a parameter that alternatives alone may have; raises RegistryRefusal."""
        groups = self.groups(name)
        if len(groups) > 1:
            raise RegistryRefusal.because(NUMBER, f"{name} may not be repeated")
        if required and not (groups and groups[0]):
            raise RegistryRefusal.because(MISSING, f"{name} is missing")
        return groups[0] if groups else ()

    def one(self, name: str, *, required: bool = False) -> str:
        """The value of a parameter that has one; "" when absent; raises RegistryRefusal."""
        values = self.many(name, required=required)
        if len(values) > 1:
            raise RegistryRefusal.because(NUMBER, f"{name} has one value")
        return values[0] if values else ""

    def patient(self, name: str) -> str:
        """The patient asked for (`id^^^&oid&ISO`); raises RegistryRefusal."""
        key = patient_key(self.one(name, required=True))
        if not key:
            raise RegistryRefusal.because(_ERROR, f"{name} is not a CX")
        return key

    def moment(self, name: str) -> str:
        """A time, right-padded to fourteen digits ("" when absent); raises RegistryRefusal."""
        text = self.one(name)
        if text and not is_time(text):
            raise RegistryRefusal.because(_ERROR, f"{name} is not a time")
        return padded(text)

    def choice(self, *names: str) -> tuple[str, tuple[str, ...]]:
        """The one parameter that is given of several, and its values; raises RegistryRefusal."""
        given = [name for name in names if self.groups(name)]
        if not given:
            raise RegistryRefusal.because(MISSING, f"one of {', '.join(names)} is missing")
        if len(given) > 1:
            raise RegistryRefusal.because(NUMBER, f"only one of {', '.join(given)} may be given")
        return given[0], self.many(given[0], required=True)

    @property
    def metadata_level(self) -> int:
        """1 (as before versions existed) or 2; raises RegistryRefusal."""
        text = self.one("$MetadataLevel") or "1"
        if text not in ("1", "2"):
            raise RegistryRefusal.because(_ERROR, "$MetadataLevel is 1 or 2")
        return int(text)


def padded(text: str) -> str:
    """A time of any precision as fourteen digits: what is not told is the beginning."""
    return text + "00000101000000"[len(text) :] if text else ""


def split_values(text: str, name: str = "") -> list[str]:
    """Read `'a'`, `12`, `('a','b')`: quotes doubled inside (ITI TF-2 3.18.4.1.2.3.5); raises RegistryRefusal."""
    inner = text.strip()
    if inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1]
    values: list[str] = []
    position = 0
    more = True
    while more:
        found = _TOKEN.match(inner, position)
        if found is None or len(values) >= _MOST:
            raise RegistryRefusal.because(_ERROR, f"the value of {name[:60]} cannot be read")
        values.append(found.group(2) if found.group(1) is None else found.group(1).replace("''", "'"))
        position = found.end()
        more = found.group(3) == ","
    return values


def like(pattern: str) -> Callable[[str], bool]:
    """The test of a SQL LIKE pattern: % any text, _ any letter, case told apart."""
    pieces = {"%": ".*", "_": "."}
    compiled = re.compile("".join(pieces.get(letter, re.escape(letter)) for letter in pattern[:256]), re.DOTALL)
    return lambda text: compiled.fullmatch(text) is not None
