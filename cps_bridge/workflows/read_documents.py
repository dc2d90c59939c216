"""List what the host lets this professional see, and open one document."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cps_bridge.documents.cda import reading
from cps_bridge.workflows.consult_dossier import open_dossier
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import User
from dossier import codes
from dossier.context import PatientContext
from dossier.document import BytesContent
from dossier.document_filter import DocumentFilter
from dossier.failure import Failure
from dossier.metadata import MASKED, Availability, DocumentEntry
from dossier.timestamp import Timestamp
from soap_clients.xds import query, retrieve


@dataclass(frozen=True)
class OpenedDocument:
    """One document as read: entry, CDA header when it is one, and its body in memory only."""

    entry: DocumentEntry
    content: bytes = field(repr=False)
    media_type: str
    body: bytes = field(repr=False)
    header: reading.CdaHeader | None = None


def list_documents(
    desk: Desk,
    user: User,
    *,
    archived: bool = False,
    obsolete: bool = False,
    masked: bool | None = None,
    types: tuple[str, ...] = (),
    classes: tuple[str, ...] = (),
    author: str = "",
    since: str = "",
    until: str = "",
) -> tuple[DocumentEntry, ...]:
    """List the documents of the patient on screen (TD3.1), newest first; archived and obsolete ones on demand.

    masked: True for masked documents only, False for none of them; types, classes: codes of JDV_J66 and JDV_J57;
    author: a part of the name; since, until: first and last day of creation (yyyymmdd, UTC). Raises Failure
    CODE_UNKNOWN, DAY_INVALID, PERIOD_INVALID.
    """
    session, context = desk.require_session(), desk.require_patient()
    open_dossier(desk, user)
    created_from, created_to = _period(since, until)
    wanted = DocumentFilter(
        statuses=(Availability.APPROVED, *[Availability.ARCHIVED] * archived, *[Availability.DEPRECATED] * obsolete),
        type_codes=tuple(codes.find(codes.TYPE, each) for each in types),
        class_codes=tuple(codes.find(codes.CLASS, each) for each in classes),
        author=author.strip(),
        confidentiality=(codes.find(codes.CONFIDENTIALITY, MASKED),) if masked else (),
        created_from=created_from,
        created_to=created_to,
    )
    found = query.find_documents(session.host, context.ins, wanted, desk.access)
    kept = tuple(each for each in found if masked is not False or not each.is_masked)
    desk.write("list", "done", patient=context.ins)
    return newest_first(kept)


def newest_first(entries: Iterable[DocumentEntry]) -> tuple[DocumentEntry, ...]:
    """Sort entries by the time of creation of their documents."""
    return tuple(sorted(entries, key=lambda entry: entry.creation_time.to_utc_digits(), reverse=True))


def _period(since: str, until: str) -> tuple[Timestamp | None, Timestamp | None]:
    first, last = _day(since), _day(until)
    if first and last and last < first:
        raise Failure("PERIOD_INVALID")
    return Timestamp.of(first) if first else None, Timestamp.of(last + timedelta(days=1)) if last else None


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        if len(text) != 8 or not text.isdecimal():
            raise ValueError(text)
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise Failure("DAY_INVALID", day=text[:20]) from error


def open_document(desk: Desk, user: User, *, unique_id: str) -> OpenedDocument:
    """Fetch one document (TD3.2), checked against its hash, size and patient; kept in memory only.

    Raises Failure DOCUMENT_NOT_LISTED, DOCUMENT_HASH_MISMATCH, PATIENT_MISMATCH.
    """
    session, context = desk.require_session(), desk.require_patient()
    entry = find_entry(desk, unique_id)
    sink = io.BytesIO()
    retrieve.retrieve(session.host, entry, sink, desk.access)
    desk.write("open", "done", patient=context.ins, subject=unique_id)
    return read_content(context, entry, sink.getvalue())


def read_content(context: PatientContext, entry: DocumentEntry, content: bytes) -> OpenedDocument:
    """Read fetched bytes: a CDA gives its header and body; raises Failure PATIENT_MISMATCH when it names another."""
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
