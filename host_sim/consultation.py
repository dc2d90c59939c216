"""What every reading transaction asks first: is the dossier open, may this caller read it, and as whom."""

from __future__ import annotations

from dataclasses import dataclass

from . import dossiers, life, rights, visibility
from .call import Call, HostFault
from .dossiers import VALID
from .house import House
from .registry import Entry
from .registry_errors import RegistryRefusal
from .visibility import Viewer

_OF_STRUCTURE = 5  # note of the functional matrix: reference search of the documents of the structure


@dataclass(frozen=True)
class Reading:
    """How far a caller sees: with `own_only`, own documents and those of the same structure, masked or not."""

    viewer: Viewer
    patient: str
    own_only: bool = False

    def shows(self, entry: Entry) -> bool:
        """Whether an entry (of this patient, any version) may be shown."""
        if entry.patient != self.patient:
            return False
        if self.own_only:
            return self.viewer.owns(entry) or self.viewer.shares_structure(entry)
        return visibility.sees(self.viewer, entry)


def open_dossier(call: Call, house: House) -> None:
    """Raise RegistryRefusal XDSUnknownPatientId unless the patient of the call has an open dossier."""
    found = dossiers.dossier(house.store, call.patient) if call.patient else None
    if found is None or found.oid != call.patient_oid:
        raise RegistryRefusal.because("XDSUnknownPatientId", "this patient has no dossier")
    if found.state != "open":
        raise RegistryRefusal.because("XDSUnknownPatientId", "the dossier of this patient is closed")


def reading(call: Call, house: House, function: str) -> Reading:
    """Open a dossier for reading by a function of the matrix (TD3.1, TD3.1_REFERENCE, TD3.2).

    In normal mode a valid authorisation is needed, except for references to documents of one's own or of one's
    structure. Raises HostFault or RegistryRefusal.
    """
    right = rights.right(function, call, house.store)
    rights.may(function, call, house.store)
    open_dossier(call, house)
    authorised = call.purpose != "normal" or house.authorisation(call).state == VALID
    own_only = right.note == _OF_STRUCTURE or (function == "TD3.1_REFERENCE" and not authorised)
    if not authorised and not own_only:
        raise HostFault(rights.DENIED, "no valid authorisation of the patient")
    return Reading(viewer_of(call, house), call.patient, own_only)


def viewer_of(call: Call, house: House) -> Viewer:
    """The caller as a viewer of documents."""
    who = call.caller
    attending = rights.is_attending(call, house.store)
    return visibility.as_professional(
        call.now,
        house.parameters.as_dict()
        | {"masked_in_emergency": life.masked_in_emergency(house.store, call.patient, _default(house))},
        id_nat=who.id_nat,
        structure_id=who.structure_id,
        profession=who.profession,
        column=rights.column_of(who, call.purpose, attending=attending),
    )


def _default(house: House) -> bool:
    return bool(house.parameters["masked_in_emergency"])
