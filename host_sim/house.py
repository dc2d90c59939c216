"""The virtual host assembled: store, clock, parameters, armed faults, access log."""

from __future__ import annotations

from pathlib import Path

from .audit import Audit
from .clock import Clock
from .faults import Faults
from .parameters import Parameters
from .store import Store


class House:
    """All that a handler may need: `.store`, `.clock`, `.parameters`, `.faults`, `.audit`, `.notify(...)`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Clock()
        self.parameters = Parameters(store)
        self.faults = Faults()
        self.audit = Audit(store)

    @classmethod
    def open(cls, directory: Path) -> House:
        """Open the host kept in `directory`, or make an empty one."""
        return cls(Store.open(directory))

    def notify(self, patient: str, kind: str, text: str) -> None:
        """Tell the patient (INS matricule); `kind` is creation, break_glass or document, `text` one French sentence.

        Inside a `store.transaction()` of the same thread it joins that transaction.
        """
        self.audit.notify(self.clock.now(), patient, kind, text)

    def close(self) -> None:
        """Close the store."""
        self.store.close()
