"""What every act of the patient's space shares: the dossier, one transaction, one line of the access log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from . import administrative, dossiers
from .call import Caller
from .dossiers import DossierRow
from .house import House
from .patient_nouns import Refused, Visitor
from .store import Cursor


def row_of(house: House, ins: str) -> DossierRow:
    """The dossier, open or closed. Raises Refused: NO_DOSSIER, DECEASED."""
    row = dossiers.dossier(house.store, ins)
    if row is None:
        raise Refused("NO_DOSSIER")
    if administrative.details(house.store, ins).deceased:
        raise Refused("DECEASED")
    return row


def open_row(house: House, visitor: Visitor) -> DossierRow:
    """The dossier, which must be open. Raises Refused: NO_DOSSIER, DECEASED, CLOSED."""
    row = row_of(house, visitor.ins)
    if row.state != "open":
        raise Refused("CLOSED")
    return row


@contextmanager
def noted(house: House, visitor: Visitor, act: str, *objects: str) -> Iterator[Cursor]:
    """One transaction that holds the dossier and ends with a line of the access log; nothing of it when it raises."""
    with house.changing(visitor.ins) as cursor:
        yield cursor
        note(house, visitor, act, *objects)


def note(house: House, visitor: Visitor, act: str, *objects: str) -> None:
    """Write the line of an act in the access log: who is the holder, or the representative by name."""
    given, _, family = visitor.name.partition(" ")
    role = "REPRESENTANT" if visitor.representative else "TITULAIRE"
    caller = Caller(role, family or given, given if family else "", "", "", "", "")
    house.audit.record(house.clock.now(), act, "ok", caller=caller, patient=visitor.ins, objects=objects)
