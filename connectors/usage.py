"""A command line that is not understood, told in one French sentence like every other failure."""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from typing import Any, NoReturn

from dossier.failure import Failure

_SENTENCES = (
    (r"the following arguments are required: (.*)", "il manque {0}"),
    (r"unrecognized arguments: (.*)", "{0} n'existe pas ici"),
    (r"argument (.*?): invalid choice: .*? \(choose from (.*)\)", "{0} doit être l'un de ces mots : {1}"),
    (r"argument (.*?): invalid \w+ value: .*", "{0} doit être un nombre"),
    (r"argument (.*?): expected one argument", "{0} attend une valeur"),
    (r"argument (.*?): ignored explicit argument .*", "{0} n'attend pas de valeur"),
)


class _FrenchHelp(argparse.RawDescriptionHelpFormatter):
    """The help page with French headings; argparse has no other place to say them."""

    def add_usage(self, usage, actions, groups, prefix=None):  # type: ignore[no-untyped-def]
        super().add_usage(usage, actions, groups, "usage\u00a0: " if prefix is None else prefix)

    def start_section(self, heading: str | None) -> None:
        super().start_section(f"{heading}\u00a0" if heading else heading)


class Parser(argparse.ArgumentParser):
    """An argument parser that speaks French, complains as JSON when the command asks for JSON, and exits with 2."""

    def __init__(self, *, add_help: bool = True, **named: Any) -> None:
        named.setdefault("formatter_class", _FrenchHelp)
        super().__init__(add_help=False, **named)
        self._positionals.title, self._optionals.title = "arguments", "options"
        if add_help:
            self.add_argument("-h", "--help", action="help", help="montrer cette aide")

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]  # noqa: D102
        self._json = "--json" in (sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Say what is not understood; never the value that was given, which may be a secret."""
        failure = Failure("COMMAND_LINE", what=_in_french(message), command=self.prog)
        self.exit(failure.kind.value, f"{failure_line(failure) if self._json else told(failure)}\n")


def told(failure: Failure) -> str:
    """Give a failure as a person reads it: what happened, and what to do."""
    return f"{failure.sentence()} {failure.remedy()}"


def failure_line(failure: Failure, language: str = "fr") -> str:
    """Give a failure as one JSON line."""
    line = {
        "failure": failure.code,
        "kind": failure.kind.name.lower(),
        "sentence": failure.sentence(language),
        "remedy": failure.remedy(language),
    }
    return json.dumps(line, ensure_ascii=False)


def seconds(text: str) -> float:
    """Read a number of seconds; raises ValueError, as argparse wants it."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise ValueError(text)
    return value


def _in_french(message: str) -> str:
    for pattern, sentence in _SENTENCES:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            first, *others = found.groups()
            if pattern.startswith("unrecognized"):
                first = _names_only(first)
            return sentence.format(first, *(other.replace("'", "") for other in others))
    return "une option n'est pas comprise"


def _names_only(arguments: str) -> str:
    names = [each.partition("=")[0] for each in arguments.split() if each.startswith("--")]
    return ", ".join(names) or "un argument de trop"
