"""The virtual host assembled: store, clock, parameters, armed faults, access log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from . import (
    administrative,
    connections,
    dossiers,
    following,
    insurance,
    life,
    patient_wishes,
    registry,
    secret_calls,
    seed,
)
from .audit import Audit
from .call import Call
from .clock import Clock
from .directory import Directory
from .dossiers import Authorisation
from .faults import Faults
from .notices import Notice, Notices
from .parameters import Parameters
from .store import Cursor, Store


class House:
    """All that a handler may need: `.store`, `.clock`, `.parameters`, `.faults`, `.audit`, `.notify(...)`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.parameters = Parameters(store)
        self.clock = Clock(timedelta(seconds=self.parameters["clock_offset_seconds"]))
        self.faults = Faults()
        self.stopping = threading.Event()
        self.audit = Audit(store)
        self.notices = Notices()
        self.directory = Directory(store)
        dossiers.ensure_tables(store)
        administrative.ensure_tables(store)
        following.ensure_tables(store)
        secret_calls.ensure_tables(store)
        registry.ensure_tables(store)
        life.ensure_tables(store)
        connections.ensure_tables(store)
        patient_wishes.ensure_tables(store)
        insurance.ensure_tables(store)
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
        """Tell the patient (INS matricule); `kind` is one of the words of notices.py, `text` one French sentence.

        Inside a `store.transaction()` of the same thread it joins that transaction; listeners are called when the
        block of `changing()` around it has ended well.
        """
        now = self.clock.now()
        self.audit.notify(now, patient, kind, text)
        self.notices.tell(Notice(patient, kind, text, now))

    def subscribe(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Call `listener`, from a thread of the house, for each thing a patient is told; gives what ends it."""
        return self.notices.subscribe(listener)

    @contextmanager
    def changing(self, patient: str = "") -> Iterator[Cursor]:
        """One transaction that holds the dossier of a patient; what it tells is carried once it is committed."""
        with self.notices.held(), self.store.transaction() as cursor:
            if patient:
                self.store.lock(f"dossier {patient}")
            yield cursor

    def opened(self, cursor: Cursor, patient: str) -> None:
        """What follows the opening of a dossier, in the same transaction: Assurance Maladie loads its history."""
        insurance.load(self, cursor, patient)

    def close(self) -> None:
        """Close the store."""
        self.notices.close()
        self.audit.close()
        self.store.close()
