"""The virtual host assembled: store, clock, parameters, armed faults, access log."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

from . import administrative, dossiers, following, registry, secret_calls, seed
from .audit import Audit
from .call import Call
from .clock import Clock
from .directory import Directory
from .dossiers import Authorisation
from .faults import Faults
from .parameters import Parameters
from .store import Store


class House:
    """All that a handler may need: `.store`, `.clock`, `.parameters`, `.faults`, `.audit`, `.notify(...)`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.parameters = Parameters(store)
        self.clock = Clock(timedelta(seconds=self.parameters["clock_offset_seconds"]))
        self.faults = Faults()
        self.stopping = threading.Event()
        self.audit = Audit(store)
        self.directory = Directory(store)
        dossiers.ensure_tables(store)
        administrative.ensure_tables(store)
        following.ensure_tables(store)
        secret_calls.ensure_tables(store)
        registry.ensure_tables(store)
        self.ca_file: Path | None = None  # PEM of the authorities that lot signatures chain to; set by who serves

    @classmethod
    def open(cls, directory: Path, database: str = "") -> House:
        """Open the host kept in `directory`, and in a PostgreSQL by URL; a new one is filled from the cast."""
        house = cls(Store.open(directory, database))
        if seed.is_empty(house.store):
            seed.from_cast(house.store, house.clock.now(), house.parameters["authorisation_days"])
        return house

    def authorisation(self, call: Call) -> Authorisation:
        """What the caller may do now in the dossier of the call's patient."""
        who = call.caller
        life = self.parameters["authorisation_days"]
        return dossiers.authorisation(self.store, call.patient, (who.id_nat, who.structure_id), call.now, life)

    def notify(self, patient: str, kind: str, text: str) -> None:
        """Tell the patient (INS matricule); `kind` is creation, break_glass or document, `text` one French sentence.

        Inside a `store.transaction()` of the same thread it joins that transaction.
        """
        self.audit.notify(self.clock.now(), patient, kind, text)

    def close(self) -> None:
        """Close the store."""
        self.audit.close()
        self.store.close()
