"""List what the host lets this professional see, and open one document."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from cps_bridge.documents.cda import reading
from cps_bridge.workflows.consult_dossier import open_dossier
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import User
from dossier.document import BytesContent
from dossier.failure import Failure
from dossier.metadata import Availability, DocumentEntry
from soap_clients.xds import query, retrieve


@dataclass(frozen=True)
class OpenedDocument:
    """One document as read: entry, CDA header when it is one, and its body in memory only."""

    entry: DocumentEntry
    content: bytes = field(repr=False)
    media_type: str
    body: bytes = field(repr=False)
    header: reading.CdaHeader | None = None


def list_documents(desk: Desk, user: User, *, archived: bool = False) -> tuple[DocumentEntry, ...]:
    """List the documents of the patient on screen (TD3.1), newest first; archived ones on demand."""
    session, context = desk.require_session(), desk.require_patient()
    open_dossier(desk, user)
    statuses = (Availability.APPROVED, Availability.ARCHIVED) if archived else (Availability.APPROVED,)
    found = tuple(query.find_documents(session.host, context.ins, access=desk.access, statuses=statuses))
    desk.write("list", "done", patient=context.ins)
    return tuple(sorted(found, key=lambda entry: entry.creation_time.to_utc_digits(), reverse=True))


def open_document(desk: Desk, user: User, *, unique_id: str) -> OpenedDocument:
    """Fetch one document (TD3.2), checked against its hash, size and patient; kept in memory only.

    Raises Failure DOCUMENT_NOT_LISTED, DOCUMENT_HASH_MISMATCH, PATIENT_MISMATCH.
    """
    session, context = desk.require_session(), desk.require_patient()
    entry = find_entry(desk, unique_id)
    sink = io.BytesIO()
    retrieve.retrieve(session.host, entry, sink, desk.access)
    content = sink.getvalue()
    desk.write("open", "done", patient=context.ins, subject=unique_id)
    if entry.mime_type != "text/xml":
        return OpenedDocument(entry, content, entry.mime_type, content)
    header = reading.read_cda(BytesContent(content))
    if header.patient:
        context.assert_same_patient(record_target=header.patient)
    body = io.BytesIO()
    reading.extract_body(BytesContent(content), body)
    return OpenedDocument(entry, content, header.media_type, body.getvalue(), header)


def find_entry(desk: Desk, unique_id: str) -> DocumentEntry:
    """Find the current entry of a document of the patient on screen; raises Failure DOCUMENT_NOT_LISTED."""
    session, context = desk.require_session(), desk.require_patient()
    found = query.find_by_unique_id(session.host, context.ins, (unique_id,), desk.access)
    if not found:
        raise Failure("DOCUMENT_NOT_LISTED")
    context.assert_same_patient(patient_id=found[0].patient_id)
    return found[0]
