"""The host's rules on documents that exist, told in our own words before the host is asked (PDT-INF-526 v1.8).

The host judges; what is refused here would be refused there, without an explanation.
"""

from __future__ import annotations

from cps_bridge.workflows.acts import Act
from cps_bridge.workflows.desk import Desk, Session
from dossier.access import AccessMode, AuthorisationState
from dossier.authentication import AuthenticationMode
from dossier.failure import Failure
from dossier.metadata import Availability, DocumentEntry

_PATIENT_CLASS, _PATIENT_TYPES = "90", "DOCPAT"
_STARTS_FROM = {
    Act.ARCHIVE: (Availability.APPROVED,),
    Act.UNARCHIVE: (Availability.ARCHIVED,),
    Act.DELETE: (Availability.APPROVED, Availability.ARCHIVED),
}


def check_status_change(desk: Desk, session: Session, entry: DocumentEntry, act: Act) -> None:
    """Check that a document may be archived, taken back or deleted by this professional.

    Raises Failure DOCUMENT_STATE_OTHER, DOCUMENT_OF_PATIENT, DOCUMENT_NOT_YOURS.
    """
    if entry.status not in _STARTS_FROM[act]:
        raise Failure("DOCUMENT_STATE_OTHER")
    if is_of_patient(entry):
        if not is_attending(desk):
            raise Failure("DOCUMENT_OF_PATIENT")
    elif not is_author(session, entry) and not (act is not Act.DELETE and is_attending(desk)):
        raise Failure("DOCUMENT_NOT_YOURS")


def check_unmasking(desk: Desk, session: Session, entry: DocumentEntry) -> None:
    """Check that a masked document may be shown again; raises Failure UNMASKING_NOT_YOURS."""
    if not is_author(session, entry) and not is_attending(desk):
        raise Failure("UNMASKING_NOT_YOURS")


def check_visibility_change(desk: Desk) -> None:
    """Check that visibility may be changed now; raises Failure NOT_IN_EMERGENCY."""
    if desk.access.mode is not AccessMode.NORMAL:
        raise Failure("NOT_IN_EMERGENCY")


def check_replacement(desk: Desk, session: Session, entry: DocumentEntry) -> None:
    """Check that a document may be replaced by one of this professional.

    Raises Failure DOCUMENT_STATE_OTHER, REPLACED_NOT_YOURS.
    """
    if entry.status not in (Availability.APPROVED, Availability.ARCHIVED):
        raise Failure("DOCUMENT_STATE_OTHER")
    structure = session.activity.structure.id_nat
    of_structure = any(each.institution and each.institution.id_nat == structure for each in entry.authors)
    if not (is_author(session, entry) or of_structure or is_attending(desk)):
        raise Failure("REPLACED_NOT_YOURS")


def may_read(desk: Desk, session: Session) -> bool:
    """Tell whether the host would show this person the documents: else they are named by their uniqueId alone.

    A secretary, an establishment in plain indirect mode, and whoever the patient has not authorised read nothing, and
    may all the same delete or replace what is theirs (EX_3.3-1060).
    """
    by_structure = session.structure is not None and session.structure.mode is AuthenticationMode.INDIRECT
    if by_structure or not session.professional.profession:
        return False
    authorised = desk.dossier is not None and desk.dossier.authorisation is AuthorisationState.VALID
    return authorised or desk.access.mode is not AccessMode.NORMAL


def is_author(session: Session, entry: DocumentEntry) -> bool:
    """Tell whether the holder of the card is an author of the document."""
    return any(each.person.id == session.professional.id_nat for each in entry.authors)


def is_attending(desk: Desk) -> bool:
    """Tell whether the host named the holder of the card as attending doctor of the patient on screen."""
    return desk.dossier is not None and desk.dossier.is_attending_doctor


def is_of_patient(entry: DocumentEntry) -> bool:
    """Tell whether the patient filed the document (EX_3.1-1040)."""
    return entry.class_code.code == _PATIENT_CLASS or entry.type_code.code.startswith(_PATIENT_TYPES)
