"""ITI-43: fetch documents, streamed and proved equal to what their entries say (ITI TF-2 3.43)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from lxml import etree

from dossier.access import NORMAL_ACCESS, Access
from dossier.failure import Failure
from dossier.metadata import DocumentEntry
from soap_clients.mtom import cid_of
from soap_clients.multipart import Part
from soap_clients.xds import vocabulary as v
from soap_clients.xds.answers import judge, read_errors
from soap_clients.xds.envelope import open_envelope

if TYPE_CHECKING:
    from soap_clients.host import Host

_XDS = f"{{{v.XDS}}}"
_INCLUDE = f"{{{v.XOP}}}Include"


def retrieve(host: Host, entry: DocumentEntry, sink: BinaryIO, access: Access = NORMAL_ACCESS) -> None:
    """Stream the bytes of a document into the sink (TD3.2). The document is never parsed here.

    The identifiers of the answer are checked before the first byte goes to the sink; hash and size can only be known
    at the end, so the sink must not be used when this raises. Raises Failure DOCUMENT_HASH_MISMATCH,
    XDS_ANSWER_INVALID, XDS_DOCUMENT_UNKNOWN and the like, and what the wire raises.
    """
    if retrieve_all(host, (entry,), lambda _: sink, access):
        raise Failure("XDS_DOCUMENT_UNKNOWN")


def retrieve_all(
    host: Host,
    entries: Sequence[DocumentEntry],
    sink_of: Callable[[DocumentEntry], BinaryIO],
    access: Access = NORMAL_ACCESS,
) -> tuple[DocumentEntry, ...]:
    """Stream several documents of one patient, in one call, each into the sink made for it (TD3.2).

    Gives the documents that the host did not send though it sent others (a partial success); () when all are there.
    Raises Failure PATIENT_MISMATCH before anything leaves, and as `retrieve`: then no sink may be used.
    """
    entries = tuple(dict.fromkeys(entries))
    if not entries:
        return ()
    if len({each.patient_id for each in entries}) != 1:
        raise Failure("PATIENT_MISMATCH", place="patient_id")
    reply = host.exchange(
        "repository",
        v.RETRIEVE,
        _request(entries),
        access=access,
        patient=entries[0].patient_id,
        transaction="TD3.2",
        attachments={},
        accept_multipart=True,
    )
    with closing(reply.stream):
        body, answer = open_envelope(reply, v.RETRIEVE)
        announced = _announced(body, entries)
        waiting = {cid: _Checked(sink_of(entry), entry.size) for cid, entry in announced.items()}
        seen = [_copied(part, waiting) for part in answer.attachments()]
    if sorted(seen) != sorted(announced):
        raise Failure("XDS_ANSWER_INVALID", reason="attachment")
    for cid, entry in announced.items():
        waiting[cid].compare(entry)
    received = {each.unique_id for each in announced.values()}
    return tuple(each for each in entries if each.unique_id not in received)


def _copied(part: Part, waiting: Mapping[str, _Checked]) -> str:
    if part.cid not in waiting:
        raise Failure("XDS_ANSWER_INVALID", reason="attachment")
    part.copy_to(waiting[part.cid])
    return part.cid


def _request(entries: Sequence[DocumentEntry]) -> etree._Element:
    request = etree.Element(f"{_XDS}RetrieveDocumentSetRequest", nsmap={"xds": v.XDS})
    for entry in entries:
        document = etree.SubElement(request, f"{_XDS}DocumentRequest")
        etree.SubElement(document, f"{_XDS}RepositoryUniqueId").text = entry.repository_id
        etree.SubElement(document, f"{_XDS}DocumentUniqueId").text = entry.unique_id
    return request


def _announced(body: etree._Element, entries: Sequence[DocumentEntry]) -> dict[str, DocumentEntry]:
    """Check that the answer is about these documents alone; gives each Content-ID with the entry of its bytes."""
    response = body.find(f"{{{v.RS}}}RegistryResponse")
    if body.tag != f"{_XDS}RetrieveDocumentSetResponse" or response is None:
        raise Failure("XDS_ANSWER_INVALID", reason="body")
    documents = body.findall(f"{_XDS}DocumentResponse")
    if response.get("status") != v.STATUS_PARTIAL or not documents or len(entries) == 1:
        judge(response.get("status", ""), read_errors(response))
        if len(documents) != len(entries):
            raise Failure("XDS_ANSWER_INVALID", reason="documents")
    wanted = {(each.repository_id, each.unique_id): each for each in entries}
    found: dict[str, DocumentEntry] = {}
    for document in documents:
        repository, unique_id = (_field(document, name) for name in ("RepositoryUniqueId", "DocumentUniqueId"))
        entry = wanted.pop((repository, unique_id), None)
        if entry is None:
            known = any(each.unique_id == unique_id for each in entries)
            raise Failure("XDS_ANSWER_INVALID", reason="RepositoryUniqueId" if known else "DocumentUniqueId")
        include = document.find(f"{_XDS}Document/{_INCLUDE}")
        cid = cid_of(include.get("href", "")) if include is not None else ""
        if not cid or cid in found:
            raise Failure("XDS_ANSWER_INVALID", reason="include")
        found[cid] = entry
    return found


def _field(document: etree._Element, name: str) -> str:
    return (document.findtext(f"{_XDS}{name}") or "").strip()


class _Checked:
    """A sink that counts and hashes what passes, and stops what is longer than announced."""

    def __init__(self, sink: BinaryIO, size: int) -> None:
        self._sink = sink
        self._digest = hashlib.sha1(usedforsecurity=False)
        self._expected = size
        self._size = 0

    def write(self, data: bytes, /) -> None:
        self._size += len(data)
        if self._expected and self._size > self._expected:
            raise Failure("DOCUMENT_HASH_MISMATCH")
        self._digest.update(data)
        self._sink.write(data)

    def compare(self, entry: DocumentEntry) -> None:
        if self._digest.hexdigest() != entry.hash or (entry.size and self._size != entry.size):
            raise Failure("DOCUMENT_HASH_MISMATCH")
