"""Mask a document to the other professionals, or show it again, at the patient's request (TD3.3a)."""

from __future__ import annotations

from cps_bridge.documents.lot import lot_author
from cps_bridge.workflows.consult_dossier import open_dossier
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.document_rules import check_unmasking, check_visibility_change
from cps_bridge.workflows.read_documents import find_entry
from cps_bridge.workflows.user import ConfirmMask, User
from dossier import codes
from dossier.failure import Cancelled, Failure
from dossier.metadata import MASKED, DocumentEntry
from soap_clients.xds import update


def mask_document(desk: Desk, user: User, *, unique_id: str, masked: bool = True) -> DocumentEntry:
    """Mask (or unmask) one document, and give its entry as the host now keeps it.

    Anybody masks, at the patient's request; only an author or the attending doctor shows again. Raises Failure
    NOT_IN_EMERGENCY, UNMASKING_NOT_YOURS, CONFIDENTIALITY_BOTH, DOCUMENT_NOT_LISTED; Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    open_dossier(desk, user)
    check_visibility_change(desk)
    entry = find_entry(desk, unique_id)
    if entry.is_masked == masked:
        return entry
    if not masked:
        check_unmasking(desk, session, entry)
    elif entry.is_hidden_from_patient and not desk.settings.both_masks:
        raise Failure("CONFIDENTIALITY_BOTH")
    if not user.ask(ConfirmMask(entry.title, masked)):
        raise Cancelled
    kept = tuple(code for code in entry.confidentiality if code.code != MASKED)
    wanted = (*kept, codes.find(codes.CONFIDENTIALITY, MASKED)) if masked else kept
    desk.still(session, context)
    authors = (lot_author(session.professional, session.activity),)
    act = "mask" if masked else "unmask"
    desk.write(act, "begun", patient=context.ins, subject=unique_id)
    update.change_confidentiality(session.host, entry, wanted, authors, desk.settings.software_oid, desk.access)
    desk.write(act, "done", patient=context.ins, subject=unique_id)
    return find_entry(desk, unique_id)
