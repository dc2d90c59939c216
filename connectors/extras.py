"""Commands that are no use case of the catalogue: each is one function of a module of this room."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

Run = Callable[[argparse.Namespace], int]


@dataclass(frozen=True)
class Extra:
    """Where the function is, and one line in French for help; its own options stand with the others' in options.py."""

    module: str
    function: str
    help: str

    def load(self) -> Run:
        """Import the function: it does the command, gives its exit code, raises Failure or Cancelled."""
        return cast(Run, getattr(import_module(f"connectors.{self.module}"), self.function))


EXTRAS = {
    "doctor": Extra("doctor", "run_doctor", "Examiner ce poste : lecteurs, carte, certificats, horloge, hôte, coffre"),
}
