"""Archive a document, take it back, delete it (TD3.3c, TD3.3d), or show what was hidden at its deposit (TD3.3b)."""

from __future__ import annotations

from cps_bridge.documents.lot import lot_author
from cps_bridge.workflows.acts import Act
from cps_bridge.workflows.consult_dossier import open_dossier
from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.document_rules import check_status_change, check_visibility_change, may_read
from cps_bridge.workflows.read_documents import find_entry
from cps_bridge.workflows.user import ConfirmAct, ConfirmTyped, User
from dossier.failure import Cancelled, Failure
from dossier.metadata import (
    HIDDEN_FROM_PATIENT,
    HIDDEN_FROM_REPRESENTATIVES,
    Author,
    Availability,
    DocumentEntry,
)
from soap_clients.xds import update

DELETION_WORD = "SUPPRIMER"
_BECOMES = {
    Act.ARCHIVE: Availability.ARCHIVED,
    Act.UNARCHIVE: Availability.APPROVED,
    Act.DELETE: Availability.DELETED,
}


def archive_document(desk: Desk, user: User, *, unique_id: str, archived: bool = True) -> DocumentEntry:
    """Archive one's own document, or take it back; gives its entry as the host now keeps it.

    Raises Failure DOCUMENT_NOT_YOURS, DOCUMENT_OF_PATIENT, DOCUMENT_STATE_OTHER, DOCUMENT_NOT_LISTED; Cancelled.
    """
    return _change_status(desk, user, unique_id, Act.ARCHIVE if archived else Act.UNARCHIVE)


def delete_document(desk: Desk, user: User, *, unique_id: str) -> DocumentEntry | None:
    """Delete one's own document, after its word was typed; gives its entry as it was, None when it may not be read.

    Who may not read the document (a secretary, whoever is not authorised) deletes it by its uniqueId, and the host
    judges whose it is. Raises Failure as archive_document, XDS_DOCUMENT_UNKNOWN, ACCESS_DENIED; Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    open_dossier(desk, user)
    if may_read(desk, session):
        return _change_status(desk, user, unique_id, Act.DELETE)
    _ask_word(desk, user, unique_id)
    desk.still(session, context)
    desk.write("delete", "begun", patient=context.ins, subject=unique_id)
    source = desk.settings.software_oid
    update.delete_by_reference(session.host, context.ins, unique_id, _authors(session), source, desk.access)
    desk.write("delete", "done", patient=context.ins, subject=unique_id)
    return None


def _ask_word(desk: Desk, user: User, about: str) -> None:
    traits = desk.require_patient().identity.traits
    if not is_word(user.ask(ConfirmTyped(Act.DELETE, traits, DELETION_WORD, about)), DELETION_WORD):
        raise Cancelled


def show_document(desk: Desk, user: User, *, unique_id: str, representatives: bool = False) -> DocumentEntry:
    """Make a hidden document visible to the patient, or to the patient and the legal representatives: for good.

    Raises Failure ALREADY_VISIBLE, NOT_IN_EMERGENCY, DOCUMENT_NOT_LISTED; Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    open_dossier(desk, user)
    check_visibility_change(desk)
    entry = find_entry(desk, unique_id)
    act = Act.SHOW_TO_REPRESENTATIVES if representatives else Act.SHOW_TO_PATIENT
    # What representatives see, the patient sees too (EX_3.3-1045).
    gone = {HIDDEN_FROM_PATIENT, HIDDEN_FROM_REPRESENTATIVES} if representatives else {HIDDEN_FROM_PATIENT}
    kept = tuple(code for code in entry.confidentiality if code.code not in gone)
    if kept == entry.confidentiality:
        raise Failure("ALREADY_VISIBLE")
    if not user.ask(ConfirmAct(act, context.identity.traits, entry.title)):
        raise Cancelled
    desk.still(session, context)
    desk.write("show", "begun", patient=context.ins, subject=unique_id)
    update.change_confidentiality(session.host, entry, kept, _authors(session), desk.settings.software_oid, desk.access)
    desk.write("show", "done", patient=context.ins, subject=unique_id)
    return find_entry(desk, unique_id)


def _change_status(desk: Desk, user: User, unique_id: str, act: Act) -> DocumentEntry:
    session, context = desk.require_session(), desk.require_patient()
    open_dossier(desk, user)
    entry = find_entry(desk, unique_id)
    check_status_change(desk, session, entry, act)
    if act is Act.DELETE:
        _ask_word(desk, user, entry.title)
    elif not user.ask(ConfirmAct(act, context.identity.traits, entry.title)):
        raise Cancelled
    desk.still(session, context)
    desk.write(act.name.lower(), "begun", patient=context.ins, subject=unique_id)
    source = desk.settings.software_oid
    update.change_status(session.host, entry, _BECOMES[act], _authors(session), source, desk.access)
    desk.write(act.name.lower(), "done", patient=context.ins, subject=unique_id)
    return entry if act is Act.DELETE else find_entry(desk, unique_id)


def is_word(typed: str, word: str) -> bool:
    """Tell whether what was typed is the word: case and spaces around do not count."""
    return typed.strip().casefold() == word.casefold()


def _authors(session: Session) -> tuple[Author, ...]:
    return (lot_author(session.professional, session.activity),)
