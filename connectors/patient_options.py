"""How the options name a patient: one source, and what it needs."""

from __future__ import annotations

import argparse
import sys

from connectors.terminal import ask_line, at_terminal
from dossier.failure import Failure
from dossier.ins_datamatrix import LIMIT
from dossier.patient import Sex, Traits

_SOURCES = ("ins", "datamatrix", "traits", "application")


def patient_source(options: argparse.Namespace) -> str:
    """Give the source that the options name; raises Failure COMMAND_LINE when they name two.

    An empty option, from a program whose variable is empty, must not become whoever's card is in the reader.
    """
    named = [name for name in _SOURCES if getattr(options, name) is not None]
    if len(named) > 1:
        what = f"--{named[0]} ne va pas avec --{named[1]}"
        raise Failure("COMMAND_LINE", what=what, command=f"cps-bridge {options.command}")
    return named[0] if named else "vitale"


def patient_request(options: argparse.Namespace) -> dict[str, object]:
    """Give the request of the use case "patient"; raises Failure COMMAND_LINE, TRAITS_SHAPE."""
    source = patient_source(options)
    request: dict[str, object] = {"source": source}
    if source == "ins":
        request |= {"ins": options.ins, "oid": options.oid}
    if source == "datamatrix":
        request["datamatrix"] = given_or_read(options.datamatrix)
    if source == "traits":
        request["traits"] = read_traits(given_or_read(options.traits))
    return request


def given_or_read(text: str) -> str:
    """Give the text of an option, or for "-" one line of the standard input."""
    if text != "-":
        return text
    return ask_line("Scannez ou tapez : ") if at_terminal() else _one_line()


def _one_line() -> str:
    try:
        return sys.stdin.readline(LIMIT + 2).strip("\r\n") if sys.stdin else ""
    except (OSError, ValueError):
        return ""


def read_traits(text: str) -> Traits:
    """Read NOM;PRENOMS;JJ/MM/AAAA;M|F[;INSEE]; what each holds is checked by the use case. Raises TRAITS_SHAPE."""
    parts = [each.strip() for each in text.split(";")]
    if not 4 <= len(parts) <= 5 or parts[3].upper() not in ("M", "F"):
        raise Failure("TRAITS_SHAPE")
    place = parts[4] if len(parts) == 5 else ""
    return Traits(parts[0], tuple(parts[1].split()), parts[2], Sex(parts[3].upper()), place)
