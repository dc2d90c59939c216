"""The command line of the card simulator in French: headings of the help, and what is not understood."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

_SENTENCES = (
    (r"the following arguments are required: (.*)", "il manque {0}"),
    (r"unrecognized arguments: (.*)", "{0} n'existe pas ici"),
    (r"argument (.*?): invalid choice: .*? \(choose from (.*)\)", "{0} doit être l'un de ces mots\u00a0: {1}"),
    (r"argument (.*?): invalid \w+ value: .*", "{0} doit être un nombre"),
    (r"argument (.*?): expected .* arguments?", "{0} attend une valeur"),
    (r"argument (.*?): ignored explicit argument .*", "{0} n'attend pas de valeur"),
    (r"argument (.*?): (.*)", "{0}\u00a0: {1}"),
)


class _FrenchHelp(argparse.HelpFormatter):
    """The help page with French headings; argparse has no other place to say them."""

    def add_usage(self, usage, actions, groups, prefix=None):  # type: ignore[no-untyped-def]
        super().add_usage(usage, actions, groups, "usage\u00a0: " if prefix is None else prefix)

    def start_section(self, heading: str | None) -> None:
        super().start_section(f"{heading}\u00a0" if heading else heading)


class Parser(argparse.ArgumentParser):
    """An argument parser that speaks French, and exits with 2 when it does not understand."""

    def __init__(self, *, add_help: bool = True, **named: Any) -> None:
        super().__init__(add_help=False, formatter_class=_FrenchHelp, **named)
        self._positionals.title, self._optionals.title = "arguments", "options"
        if add_help:
            self.add_argument("-h", "--help", action="help", help="montrer cette aide")

    def error(self, message: str) -> NoReturn:
        """Say in one sentence what is not understood, under the usage."""
        plain = message.replace("'", "")
        found = ((re.fullmatch(pattern, plain, re.DOTALL), sentence) for pattern, sentence in _SENTENCES)
        told = next((words.format(*each.groups()) for each, words in found if each), "une option n'est pas comprise")
        self.exit(2, f"{self.format_usage()}{self.prog}\u00a0: {told}.\n")
