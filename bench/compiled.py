"""The floors in C, compiled once per source into a directory of the user's own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

LIBRARIES = {"sink": (), "registry": ("-lexpat",)}


def floor(name: str) -> Path:
    """Give the program of ``floors/NAME.c``, compiling it when it is not there yet.

    Raises RuntimeError when there is no C compiler, or when it refuses.
    """
    source = files("bench.floors").joinpath(f"{name}.c").read_bytes()
    directory = Path(tempfile.gettempdir()) / f"cps-bridge-bench-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    program = directory / f"{name}-{hashlib.sha256(source).hexdigest()[:16]}"
    if not program.exists():
        _compile(source, program, LIBRARIES[name])
    return program


def _compile(source: bytes, program: Path, libraries: tuple[str, ...]) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise RuntimeError("no C compiler: install one to measure against the floor")
    made = program.with_suffix(f".{os.getpid()}")
    command = [compiler, "-O2", "-x", "c", "-", "-o", str(made), *libraries]
    done = subprocess.run(command, input=source, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{program.name} does not compile: {done.stderr.decode(errors='replace')[-500:]}")
    made.replace(program)
