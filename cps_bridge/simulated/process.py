"""Starts a simulator as a process of its own, and ends it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import IO, Any

from dossier.failure import Failure

STOP_SECONDS = 10.0


def launch(which: str, module: str, *arguments: object) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start a simulator and wait for its first line; it ends with this process, whose end of the pipe it watches."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments), "--with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C at a terminal is for the client, which ends its simulators
    )
    try:
        return process, json.loads(_first_line(process.stdout))
    except ValueError as error:
        stop(process)
        raise Failure("SIMULATOR_DOWN", which=which) from error


def _first_line(stream: IO[str] | None) -> str:
    return stream.readline() if stream else ""


def stop(process: subprocess.Popen[str]) -> None:
    """End a simulator, politely at first."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
