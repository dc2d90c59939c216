"""The PKCS#11 module of the settings, loaded in a process of its own: a bad one crashes or hangs whoever loads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cps_bridge.doctor.words import of_failure, say
from cps_bridge.storage.settings import Settings
from dossier.failure import Failure
from dossier.finding import Finding

if TYPE_CHECKING:
    from cps_bridge.doctor.place import Place

_SECONDS = 6.0


def module_rows(place: Place) -> Iterator[Finding]:
    """Examine the PKCS#11 module."""
    yield examine_module(place.settings)


def examine_module(settings: Settings | Failure) -> Finding:
    """Load the module where the settings want one, and count the tokens it shows; no token is logged in to."""
    if isinstance(settings, Failure):
        return say("pkcs11.unseen")
    if settings.card_backend != "pkcs11":
        return say("pkcs11.unused")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    command = [sys.executable, "-m", "cps_bridge.doctor.module", settings.pkcs11_module]
    try:
        child = subprocess.run(
            command, capture_output=True, timeout=_SECONDS, env=environment, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return say("pkcs11.late")
    try:
        return _told(json.loads(child.stdout.splitlines()[-1]))
    except (ValueError, IndexError, KeyError, TypeError):
        return say("pkcs11.crashed")


def _told(answer: dict[str, Any]) -> Finding:
    if "failure" in answer:
        return of_failure("pkcs11", Failure(str(answer["failure"]), **answer["facts"]))
    name, tokens = str(answer["module"]), int(answer["tokens"])
    return say("pkcs11.good", module=name, tokens=tokens) if tokens else say("pkcs11.empty", module=name)


def look(path: str) -> dict[str, Any]:
    """Load a module in this process and say what it is and how many tokens it shows, or why it does not."""
    from cps_bridge.cards.pkcs11 import Pkcs11Module

    try:
        module = Pkcs11Module.load(path)
        try:
            return {"module": module.info(), "tokens": len(module.tokens())}
        finally:
            module.close()
    except Failure as failure:
        return {"failure": failure.code, "facts": {key: str(value) for key, value in failure.facts.items()}}


if __name__ == "__main__":
    sys.stdout.write(f"\n{json.dumps(look(sys.argv[1]))}\n")
