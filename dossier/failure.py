"""The one error that people see: a code, its kind, and facts for the sentence.

Sentences and remedies are data (``sentences/*.fr.toml``, ``sentences/*.en.toml``), keyed by code.
"""

from __future__ import annotations

import enum
import tomllib
from functools import cache
from importlib.resources import files

from dossier.fact_words import in_french


class Kind(enum.Enum):
    """What a failure is about; the value is the exit code of the command line."""

    USAGE = 2
    HOST = 3
    CARD = 4
    UNKNOWN_OUTCOME = 5
    INPUT = 6
    NETWORK = 7
    STORAGE = 8
    CANCELLED = 130


class Failure(Exception):  # noqa: N818 - the word of the house
    """Something went wrong in a way that a person can be told about.

    code: key of the sentence files; facts: values named in the sentence. Facts never hold a PIN, a NIR or a name.
    """

    def __init__(self, code: str, /, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    @property
    def kind(self) -> Kind:
        """What the failure is about, from the French sentence file."""
        return Kind[_entry(self.code, "fr")["kind"].upper()]

    def sentence(self, language: str = "fr") -> str:
        """Say what happened, in one sentence."""
        return _fill(_entry(self.code, language)["sentence"], self._shown(language))

    def remedy(self, language: str = "fr") -> str:
        """Say what to do about it, in one sentence."""
        return _fill(_entry(self.code, language)["remedy"], self._shown(language))

    def _shown(self, language: str) -> dict[str, object]:
        return in_french(self.facts) if language == "fr" else self.facts

    def __str__(self) -> str:
        return self.code


class Cancelled(Exception):  # noqa: N818 - a decision of the person, not an error
    """The person gave up, or what the work needed (card, window) went away."""


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def _fill(template: str, facts: dict[str, object]) -> str:
    return template.format_map(_Blank(facts))


@cache
def catalogue(language: str) -> dict[str, dict[str, str]]:
    """Load every code with its kind, sentence and remedy in one language ("fr" or "en")."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(files("dossier").joinpath("sentences").iterdir(), key=lambda each: each.name):
        if file.name.endswith(f".{language}.toml"):
            found.update(tomllib.loads(file.read_text("utf-8")))
    return found


def _entry(code: str, language: str) -> dict[str, str]:
    known = catalogue(language)
    return known.get(code) or catalogue("fr").get(code) or known["UNFORESEEN"]
