"""What every transaction of this profile needs: the house of the host, the patients it knows, its repository."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from host_sim.house import House
from host_sim.registry_errors import RegistryRefusal

from .metadata import patient_key

REPOSITORY_ID = "1.2.250.1.999.1.1.43"


class UnreadablePatients(Exception):  # noqa: N818 - becomes an exit code
    """A file of patients is not one; the text says where."""


@dataclass(frozen=True)
class Context:
    """The house, and the known patients (None: any patient id is accepted)."""

    house: House
    known: frozenset[str] | None = None

    def now(self) -> str:
        """The present of the house as HL7 digits, UTC."""
        return self.house.clock.now().strftime("%Y%m%d%H%M%S")

    def keep(self, part: Path) -> str:
        """Make a streamed file a document of the repository, durable when this returns; gives its name."""
        folder = self._folder()
        name = uuid.uuid4().hex
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.replace(folder / name)
        _make_durable(folder)
        return name

    def file_of(self, name: str) -> Path:
        """The file of a document."""
        return self._folder() / name

    def _folder(self) -> Path:
        folder = self.house.store.directory / "ihe-documents"
        folder.mkdir(exist_ok=True)
        return folder

    def admit(self, patient: str) -> None:
        """Raise RegistryRefusal XDSUnknownPatientId unless the patient (`id^^^&oid&ISO`) is known."""
        if self.known is not None and patient not in self.known:
            raise RegistryRefusal.because("XDSUnknownPatientId", f"the registry does not know {patient[:200]}")


def read_patients(file: Path) -> frozenset[str]:
    """Read a file of patients: one CX a line, blank lines and lines that begin with # apart.

    Raises UnreadablePatients, naming the line that is not a CX.
    """
    known = set()
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadablePatients(file.name) from error
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not (key := patient_key(text)):
            raise UnreadablePatients(f"{file.name}, ligne {number}")
        known.add(key)
    return frozenset(known)


def _make_durable(folder: Path) -> None:
    """Make the entries of a directory durable, where the system lets a directory be opened."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
