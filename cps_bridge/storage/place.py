"""The data directory: made for its owner alone, and told in one way when it cannot be had."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dossier.failure import Failure

VAULT_FILE, VAULT_MARK = "vault.db", "vault.made"


def is_new(directory: Path) -> bool:
    """Tell whether no vault was ever made here: neither its file, with something in it, nor the mark of one."""
    vault = directory / VAULT_FILE
    try:
        return not (directory / VAULT_MARK).exists() and not (vault.exists() and vault.stat().st_size)
    except OSError:
        return False  # told by who opens it


@contextmanager
def writable(directory: Path) -> Iterator[None]:
    """Make the directory if need be; an OSError of this or of what is done inside is Failure DATA_UNWRITABLE."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield
    except OSError as error:
        raise Failure("DATA_UNWRITABLE") from error


def durable(path: Path, data: bytes) -> None:
    """Write a file whole, for its owner alone: temporary file, fsync, rename; raises OSError."""
    temporary = path.with_name(f"{path.name}.new")
    with open(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 - 0600
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)
