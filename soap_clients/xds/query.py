"""ITI-18: ask the registry for entries, read one by one as they arrive (ITI TF-2 3.18)."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from lxml import etree

from dossier.access import NORMAL_ACCESS, Access
from dossier.failure import Failure
from dossier.metadata import Availability, Code, DocumentEntry
from dossier.patient import Ins
from dossier.timestamp import Timestamp
from soap_clients import hl7_types as hl7
from soap_clients.xds import vocabulary as v
from soap_clients.xds.answers import REGISTRY_ERROR, RegistryError, judge
from soap_clients.xds.ebrim import write_slots
from soap_clients.xds.ebxml import DOCUMENT_ENTRY, read_entry
from soap_clients.xds.envelope import stream_elements

if TYPE_CHECKING:
    from soap_clients.host import Host, StreamedReply

BATCH = 20
_RESPONSE = f"{{{v.QUERY}}}AdhocQueryResponse"
_CURRENT_FIRST = (Availability.APPROVED, Availability.ARCHIVED, Availability.DEPRECATED, Availability.DELETED)


def find_documents(
    host: Host,
    ins: Ins,
    *,
    access: Access = NORMAL_ACCESS,
    statuses: Sequence[Availability] = (Availability.APPROVED,),
    types: Sequence[Code] = (),
    classes: Sequence[Code] = (),
    created_from: Timestamp | None = None,
    created_to: Timestamp | None = None,
    service_from: Timestamp | None = None,
    service_to: Timestamp | None = None,
) -> Iterator[DocumentEntry]:
    """Yield the entries of a patient (TD3.1a, FindDocuments), each as soon as it is read.

    Raises Failure XDS_PATIENT_MISMATCH when the answer holds somebody else's entry, XDS_REFUSED(code=) and the like
    (after the entries, for a partial answer), XDS_METADATA_INVALID, OUTCOME_UNKNOWN and what the wire raises.
    """
    slots = {
        v.Q_PATIENT_ID: [_quoted(hl7.to_cx(ins))],
        v.Q_STATUS: [_listed(each.value) for each in statuses],
        v.Q_CLASS_CODE: [_listed(f"{each.code}^^{each.system}") for each in classes],
        v.Q_TYPE_CODE: [_listed(f"{each.code}^^{each.system}") for each in types],
        v.Q_CREATED_FROM: _moment(created_from),
        v.Q_CREATED_TO: _moment(created_to),
        v.Q_SERVICE_FROM: _moment(service_from),
        v.Q_SERVICE_TO: _moment(service_to),
    }
    return _ask(host, ins, access, "TD3.1a", v.FIND_DOCUMENTS, slots)


def find_by_unique_id(
    host: Host, ins: Ins, unique_ids: Iterable[str], access: Access = NORMAL_ACCESS
) -> tuple[DocumentEntry, ...]:
    """Give the current entry of each document that the host shows (TD3.1b, GetDocuments), in the order asked.

    Raises as `find_documents`, and XDS_ANSWER_INVALID when the answer holds a document nobody asked for.
    """
    asked = tuple(dict.fromkeys(unique_ids))
    found: dict[str, DocumentEntry] = {}
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        slots = {v.Q_UNIQUE_ID: [_listed(each) for each in batch]}
        for entry in _ask(host, ins, access, "TD3.1b", v.GET_DOCUMENTS, slots):
            if entry.unique_id not in batch:
                raise Failure("XDS_ANSWER_INVALID", reason="uniqueId")
            best = found.get(entry.unique_id)
            if best is None or _currency(entry) < _currency(best):
                found[entry.unique_id] = entry
    return tuple(found[each] for each in asked if each in found)


def _currency(entry: DocumentEntry) -> tuple[int, int]:
    version = int(entry.version) if entry.version.isascii() and entry.version.isdigit() else 0
    return _CURRENT_FIRST.index(entry.status), -version


def _ask(
    host: Host, ins: Ins, access: Access, transaction: str, query_id: str, slots: Mapping[str, Sequence[str]]
) -> Iterator[DocumentEntry]:
    reply = host.exchange(
        "registry",
        v.STORED_QUERY,
        build_request(query_id, slots),
        access=access,
        patient=ins,
        transaction=transaction,
        attachments=None,
        accept_multipart=True,
    )
    yield from read_reply(reply, ins)


def read_reply(reply: StreamedReply, ins: Ins) -> Generator[DocumentEntry, None, None]:
    """Read the entries of an answer, checking that each is the patient's; closes it. Raises as `find_documents`."""
    elements = stream_elements(reply, v.STORED_QUERY, (DOCUMENT_ENTRY, REGISTRY_ERROR), (_RESPONSE,))
    with closing(elements):
        for entry in read_entries(elements):
            if entry.patient_id != ins:
                raise Failure("XDS_PATIENT_MISMATCH")
            yield entry


def read_entries(elements: Iterable[tuple[str, etree._Element]]) -> Iterator[DocumentEntry]:
    """Read the elements of an AdhocQueryResponse; errors are judged once it ends."""
    status: str | None = None
    errors: list[RegistryError] = []
    for event, element in elements:
        if element.tag == DOCUMENT_ENTRY:
            yield read_entry(element)
        elif element.tag == REGISTRY_ERROR:
            errors.append(RegistryError.read(element))
        elif event == "start":
            status = element.get("status", "")
    if status is None:
        raise Failure("XDS_ANSWER_INVALID", reason="body")
    judge(status, tuple(errors))


def build_request(query_id: str, slots: Mapping[str, Sequence[str]]) -> etree._Element:
    """Write a query:AdhocQueryRequest for whole entries; slots without values are left out."""
    request = etree.Element(f"{{{v.QUERY}}}AdhocQueryRequest", nsmap={"query": v.QUERY, "rim": v.RIM})
    etree.SubElement(
        request, f"{{{v.QUERY}}}ResponseOption", {"returnComposedObjects": "true", "returnType": "LeafClass"}
    )
    query = etree.SubElement(request, f"{{{v.RIM}}}AdhocQuery", {"id": query_id})
    write_slots(query, slots)
    return request


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _listed(text: str) -> str:
    return f"({_quoted(text)})"


def _moment(moment: Timestamp | None) -> list[str]:
    return [moment.to_utc_digits()] if moment else []
