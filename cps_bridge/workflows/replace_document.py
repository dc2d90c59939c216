"""Replace a document of the host by a new one (TD2.1b): the old one becomes obsolete, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cps_bridge.documents.cda.level1 import build_level1
from cps_bridge.documents.cda.report import Report
from cps_bridge.documents.oid import new_oid
from cps_bridge.storage.outbox import OutboxItem
from cps_bridge.workflows.consult_dossier import open_dossier
from cps_bridge.workflows.deposit import report_of, send_documents, visibility
from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.document_rules import check_replacement, may_read
from cps_bridge.workflows.read_documents import find_entry, open_document
from cps_bridge.workflows.user import User
from dossier.context import PatientContext
from dossier.failure import Failure
from dossier.metadata import N


def replace_document(
    desk: Desk, user: User, *, unique_id: str, path: Path, title: str = "", type_code: str = "", author: str = ""
) -> OutboxItem:
    """Deposit a file in the place of a document (TD2.1b, TD2.2b); type, visibility and title stay those of the old one.

    Who may not read the old one (a secretary) says type and title. The lot names the old document by its uniqueId: its
    entryUUID is asked for when it leaves, however late. Raises Failure DOCUMENT_NOT_LISTED, REPLACED_NOT_YOURS,
    REPLACED_UNREAD, DOCUMENT_STATE_OTHER, REPLACED_STRUCTURED, DOCUMENT_UNCHANGED, and as deposit_document does.
    """
    session, context = desk.require_session(), desk.require_patient()
    open_dossier(desk, user)
    if may_read(desk, session):
        new = _beside_the_old(desk, user, session, context, unique_id, path, title, author)
    elif type_code and title:
        report = report_of(desk, session, context, path, type_code, title, visibility(desk, context, False), author)
        new = replace(report, replaces=unique_id, version=2)
    else:
        raise Failure("REPLACED_UNREAD")
    document = build_level1(new, new_oid(desk.settings.software_oid), both_allowed=desk.settings.both_masks)
    return send_documents(desk, user, session, context, (document,), kind="replacement", replaces=unique_id)


def _beside_the_old(
    desk: Desk,
    user: User,
    session: Session,
    context: PatientContext,
    unique_id: str,
    path: Path,
    title: str,
    author: str,
) -> Report:
    entry = find_entry(desk, unique_id)
    check_replacement(desk, session, entry)
    old = open_document(desk, user, unique_id=unique_id)
    if old.header is None or old.header.is_structured:
        raise Failure("REPLACED_STRUCTURED")
    kept = tuple(each.code for each in entry.confidentiality if each.code != N)
    report = report_of(desk, session, context, path, entry.type_code.code, title or entry.title, kept, author)
    with report.body.open() as stream:
        if stream.read(len(old.body) + 1) == old.body:
            raise Failure("DOCUMENT_UNCHANGED")
    version = int(old.header.version) if old.header.version.isdecimal() else 1
    return replace(report, replaces=unique_id, set_id=old.header.set_id, version=version + 1)
