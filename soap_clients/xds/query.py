"""ITI-18: ask the registry for entries, submission sets and their links, read one by one (ITI TF-2 3.18)."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from lxml import etree

from dossier.access import NORMAL_ACCESS, Access
from dossier.document_filter import DocumentFilter
from dossier.failure import Failure
from dossier.metadata import Association, Availability, Code, DocumentEntry, Reference, SubmissionSet
from dossier.patient import Ins
from dossier.timestamp import Timestamp
from soap_clients import hl7_types as hl7
from soap_clients.xds import vocabulary as v
from soap_clients.xds.answers import REGISTRY_ERROR, RegistryError, judge
from soap_clients.xds.ebrim import write_slots
from soap_clients.xds.ebxml import ASSOCIATION, DOCUMENT_ENTRY, SUBMISSION_SET, RegistryObject, from_ebxml
from soap_clients.xds.envelope import stream_elements

if TYPE_CHECKING:
    from soap_clients.host import Host, StreamedReply

BATCH = 20
_RESPONSE = f"{{{v.QUERY}}}AdhocQueryResponse"
OBJECT_REF = f"{{{v.RIM}}}ObjectRef"
_OBJECTS = (DOCUMENT_ENTRY, SUBMISSION_SET, ASSOCIATION, OBJECT_REF)
_CURRENT_FIRST = (Availability.APPROVED, Availability.ARCHIVED, Availability.DEPRECATED, Availability.DELETED)
_EVERY_APPROVED = DocumentFilter()


def find_documents(
    host: Host, ins: Ins, wanted: DocumentFilter = _EVERY_APPROVED, access: Access = NORMAL_ACCESS
) -> Iterator[DocumentEntry]:
    """Yield the entries of a patient (TD3.1a, FindDocuments), each as soon as it is read.

    Raises Failure XDS_PATIENT_MISMATCH when the answer holds somebody else's entry, XDS_REFUSED(code=) and the like
    (after the entries, for a partial answer), XDS_METADATA_INVALID, OUTCOME_UNKNOWN and what the wire raises.
    """
    slots = {v.Q_PATIENT_ID: [_quoted(hl7.to_cx(ins))], **_limits(wanted)}
    return _entries(_ask(host, ins, access, "TD3.1a", v.FIND_DOCUMENTS, slots))


def find_by_reference(
    host: Host,
    ins: Ins,
    reference: Reference,
    access: Access = NORMAL_ACCESS,
    wanted: DocumentFilter = _EVERY_APPROVED,
) -> Iterator[DocumentEntry]:
    """Yield the entries that carry a reference, such as an accession number; raises as `find_documents`."""
    slots = {
        v.Q_PATIENT_ID: [_quoted(hl7.to_cx(ins))],
        v.Q_REFERENCE: [_listed(hl7.to_reference(reference))],
        **_limits(wanted),
    }
    return _entries(_ask(host, ins, access, "TD3.1a", v.FIND_BY_REFERENCE, slots))


def find_submission_sets(
    host: Host, ins: Ins, since: Timestamp, access: Access = NORMAL_ACCESS
) -> tuple[SubmissionSet, ...]:
    """Give the lots registered since a moment (FindSubmissionSets); raises as `find_documents`."""
    slots = {
        v.Q_SET_PATIENT_ID: [_quoted(hl7.to_cx(ins))],
        v.Q_SET_STATUS: [_listed(Availability.APPROVED.value)],
        v.Q_SET_TIME_FROM: [since.to_utc_digits()],
    }
    found = _ask(host, ins, access, "TD3.1a", v.FIND_SUBMISSION_SETS, slots)
    return tuple(each for each in found if isinstance(each, SubmissionSet))


def get_associations(
    host: Host, ins: Ins, ids: Iterable[str], access: Access = NORMAL_ACCESS
) -> tuple[Association, ...]:
    """Give the links from or to registry objects (GetAssociations), by their entryUUID; raises as `find_documents`."""
    found: list[Association] = []
    for batch in _batches(ids):
        asked = _ask(host, ins, access, "TD3.1a", v.GET_ASSOCIATIONS, {v.Q_UUID: [_listed(*batch)]})
        found += [each for each in asked if isinstance(each, Association)]
    return tuple(found)


def get_documents_and_associations(
    host: Host, ins: Ins, entry_uuids: Iterable[str], access: Access = NORMAL_ACCESS
) -> tuple[tuple[DocumentEntry, ...], tuple[Association, ...]]:
    """Give entries by entryUUID with their links, twenty at a time (GetDocumentsAndAssociations).

    Raises as `find_documents`.
    """
    entries: dict[str, DocumentEntry] = {}
    links: list[Association] = []
    for batch in _batches(entry_uuids):
        slots = {v.Q_ENTRY_UUID: [_listed(*batch)]}
        for each in _ask(host, ins, access, "TD3.1a", v.GET_DOCUMENTS_AND_ASSOCIATIONS, slots):
            if isinstance(each, DocumentEntry):
                entries[each.entry_uuid] = each
            elif isinstance(each, Association):
                links.append(each)
    return tuple(entries.values()), tuple(links)


def get_submission_set(
    host: Host, ins: Ins, set_unique_id: str, access: Access = NORMAL_ACCESS
) -> tuple[RegistryObject, ...]:
    """Give one lot with its entries and links (GetSubmissionSetAndContents), by its uniqueId.

    () when the host shows nothing of it; raises as `find_documents`.
    """
    slots = {v.Q_SET_UNIQUE_ID: [_quoted(set_unique_id)]}
    return tuple(_ask(host, ins, access, "TD3.1a", v.GET_SUBMISSION_SET, slots))


def find_by_unique_id(
    host: Host, ins: Ins, unique_ids: Iterable[str], access: Access = NORMAL_ACCESS
) -> tuple[DocumentEntry, ...]:
    """Give the current entry of each document that the host shows (TD3.1b, GetDocuments), in the order asked.

    Raises as `find_documents`, and XDS_ANSWER_INVALID when the answer holds a document nobody asked for.
    """
    asked = tuple(dict.fromkeys(unique_ids))
    found: dict[str, DocumentEntry] = {}
    for batch in _batches(asked):
        slots = {v.Q_UNIQUE_ID: [_listed(each) for each in batch]}
        for entry in _entries(_ask(host, ins, access, "TD3.1b", v.GET_DOCUMENTS, slots)):
            if entry.unique_id not in batch:
                raise Failure("XDS_ANSWER_INVALID", reason="uniqueId")
            best = found.get(entry.unique_id)
            if best is None or _currency(entry) < _currency(best):
                found[entry.unique_id] = entry
    return tuple(found[each] for each in asked if each in found)


def find_entry_uuid(host: Host, ins: Ins, unique_id: str, access: Access = NORMAL_ACCESS) -> str:
    """Give the current entryUUID of a document (TD3.1b by reference, open to secretaries), "" when it is not shown.

    Where the host names several versions, their entries are asked for to know the current one. Raises as
    `find_documents`.
    """
    references = _Asked(v.GET_DOCUMENTS, {v.Q_UNIQUE_ID: [_listed(unique_id)]}, returns="ObjectRef")
    found = [*references.read(host, ins, access, "TD3.1b")]
    entries = [each for each in found if isinstance(each, DocumentEntry) and each.unique_id == unique_id]
    if entries:
        return min(entries, key=_currency).entry_uuid
    ids = list(dict.fromkeys(each for each in found if isinstance(each, str)))
    if len(ids) < 2:
        return "".join(ids)
    return "".join(each.entry_uuid for each in find_by_unique_id(host, ins, (unique_id,), access))


def _limits(wanted: DocumentFilter) -> dict[str, list[str]]:
    return {
        v.Q_STATUS: [_listed(each.value) for each in wanted.statuses],
        v.Q_CLASS_CODE: _codes(wanted.class_codes),
        v.Q_TYPE_CODE: _codes(wanted.type_codes),
        v.Q_FORMAT_CODE: _codes(wanted.format_codes),
        v.Q_PRACTICE_SETTING: _codes(wanted.practice_settings),
        v.Q_FACILITY_TYPE: _codes(wanted.facility_types),
        v.Q_EVENT_CODE: _codes(wanted.event_codes),
        v.Q_CONFIDENTIALITY: _codes(wanted.confidentiality),
        v.Q_AUTHOR: [_listed(f"%{wanted.author}%")] if wanted.author else [],
        v.Q_CREATED_FROM: _moment(wanted.created_from),
        v.Q_CREATED_TO: _moment(wanted.created_to),
        v.Q_SERVICE_FROM: _moment(wanted.service_from),
        v.Q_SERVICE_TO: _moment(wanted.service_to),
        v.Q_SERVICE_STOP_FROM: _moment(wanted.service_stop_from),
        v.Q_SERVICE_STOP_TO: _moment(wanted.service_stop_to),
    }


def _batches(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    asked = tuple(dict.fromkeys(ids))
    return (asked[start : start + BATCH] for start in range(0, len(asked), BATCH))


def _currency(entry: DocumentEntry) -> tuple[int, int]:
    version = int(entry.version) if entry.version.isascii() and entry.version.isdigit() else 0
    return _CURRENT_FIRST.index(entry.status), -version


def _ask(
    host: Host, ins: Ins, access: Access, transaction: str, query_id: str, slots: Mapping[str, Sequence[str]]
) -> Iterator[RegistryObject]:
    for each in _Asked(query_id, slots).read(host, ins, access, transaction):
        if not isinstance(each, str):
            yield each


def _entries(found: Iterable[RegistryObject]) -> Iterator[DocumentEntry]:
    return (each for each in found if isinstance(each, DocumentEntry))


class _Asked:
    """One stored query: its id, its slots, and whether whole objects (LeafClass) or references are wanted."""

    def __init__(self, query_id: str, slots: Mapping[str, Sequence[str]], returns: str = "LeafClass") -> None:
        self._body = build_request(query_id, slots, returns)

    def read(self, host: Host, ins: Ins, access: Access, transaction: str) -> Iterator[RegistryObject | str]:
        """Send it and yield what comes: objects of this patient, and ids of references."""
        reply = host.exchange(
            "registry",
            v.STORED_QUERY,
            self._body,
            access=access,
            patient=ins,
            transaction=transaction,
            attachments=None,
            accept_multipart=True,
        )
        yield from read_objects(reply, ins)


def read_reply(reply: StreamedReply, ins: Ins) -> Generator[DocumentEntry, None, None]:
    """Read the entries of an answer, checking that each is the patient's; closes it. Raises as `find_documents`."""
    for each in read_objects(reply, ins):
        if isinstance(each, DocumentEntry):
            yield each


def read_objects(reply: StreamedReply, ins: Ins) -> Generator[RegistryObject | str, None, None]:
    """Read what an answer holds, checking that entries and lots are the patient's; an ObjectRef gives its id.

    Closes the answer; raises as `find_documents`.
    """
    elements = stream_elements(reply, v.STORED_QUERY, (*_OBJECTS, REGISTRY_ERROR), (_RESPONSE,))
    with closing(elements):
        for item in _read_objects(elements):
            if isinstance(item, DocumentEntry | SubmissionSet) and item.patient_id != ins:
                raise Failure("XDS_PATIENT_MISMATCH")
            yield item


def _read_objects(elements: Iterable[tuple[str, etree._Element]]) -> Iterator[RegistryObject | str]:
    """Read the elements of an AdhocQueryResponse; errors are judged once it ends."""
    status: str | None = None
    errors: list[RegistryError] = []
    for event, element in elements:
        if element.tag == OBJECT_REF:
            yield _reference(element)
        elif element.tag in _OBJECTS:
            yield from_ebxml(element)
        elif element.tag == REGISTRY_ERROR:
            errors.append(RegistryError.read(element))
        elif event == "start":
            status = element.get("status", "")
    if status is None:
        raise Failure("XDS_ANSWER_INVALID", reason="body")
    judge(status, tuple(errors))


def _reference(element: etree._Element) -> str:
    found = element.get("id", "")
    if not found or len(found) > 256:
        raise Failure("XDS_METADATA_INVALID", field="ObjectRef")
    return found


def build_request(query_id: str, slots: Mapping[str, Sequence[str]], returns: str = "LeafClass") -> etree._Element:
    """Write a query:AdhocQueryRequest for whole objects, or for "ObjectRef"; slots without values are left out.

    Raises Failure TEXT_UNWRITABLE.
    """
    request = etree.Element(f"{{{v.QUERY}}}AdhocQueryRequest", nsmap={"query": v.QUERY, "rim": v.RIM})
    etree.SubElement(request, f"{{{v.QUERY}}}ResponseOption", {"returnComposedObjects": "true", "returnType": returns})
    query = etree.SubElement(request, f"{{{v.RIM}}}AdhocQuery", {"id": query_id})
    try:
        write_slots(query, slots)
    except ValueError as error:
        raise Failure("TEXT_UNWRITABLE") from error
    return request


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _listed(*texts: str) -> str:
    return f"({','.join(map(_quoted, texts))})"


def _codes(codes: Sequence[Code]) -> list[str]:
    return [_listed(f"{each.code}^^{each.system}") for each in codes]


def _moment(moment: Timestamp | None) -> list[str]:
    return [moment.to_utc_digits()] if moment else []
