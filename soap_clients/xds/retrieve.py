"""ITI-43: fetch one document, streamed and proved equal to what its entry says (ITI TF-2 3.43)."""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from lxml import etree

from dossier.access import NORMAL_ACCESS, Access
from dossier.failure import Failure
from dossier.metadata import DocumentEntry
from soap_clients.mtom import cid_of
from soap_clients.multipart import Part, Sink
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
    reply = host.exchange(
        "repository",
        v.RETRIEVE,
        _request(entry),
        access=access,
        patient=entry.patient_id,
        transaction="TD3.2",
        attachments={},
        accept_multipart=True,
    )
    with closing(reply.stream):
        body, answer = open_envelope(reply, v.RETRIEVE)
        wanted = _announced(body, entry)
        checked = _Checked(sink, entry.size)
        cids = [_copied(part, wanted, checked) for part in answer.attachments()]
    if len(cids) != 1:
        raise Failure("XDS_ANSWER_INVALID", reason="attachment")
    checked.compare(entry)


def _copied(part: Part, wanted: str, sink: Sink) -> str:
    if part.cid != wanted:
        raise Failure("XDS_ANSWER_INVALID", reason="attachment")
    part.copy_to(sink)
    return part.cid


def _request(entry: DocumentEntry) -> etree._Element:
    request = etree.Element(f"{_XDS}RetrieveDocumentSetRequest", nsmap={"xds": v.XDS})
    document = etree.SubElement(request, f"{_XDS}DocumentRequest")
    etree.SubElement(document, f"{_XDS}RepositoryUniqueId").text = entry.repository_id
    etree.SubElement(document, f"{_XDS}DocumentUniqueId").text = entry.unique_id
    return request


def _announced(body: etree._Element, entry: DocumentEntry) -> str:
    """Check that the answer is about this document alone, and give the Content-ID of its bytes."""
    response = body.find(f"{{{v.RS}}}RegistryResponse")
    if body.tag != f"{_XDS}RetrieveDocumentSetResponse" or response is None:
        raise Failure("XDS_ANSWER_INVALID", reason="body")
    judge(response.get("status", ""), read_errors(response))
    documents = body.findall(f"{_XDS}DocumentResponse")
    if len(documents) != 1:
        raise Failure("XDS_ANSWER_INVALID", reason="documents")
    document = documents[0]
    for tag, expected in (("DocumentUniqueId", entry.unique_id), ("RepositoryUniqueId", entry.repository_id)):
        if (document.findtext(f"{_XDS}{tag}") or "").strip() != expected:
            raise Failure("XDS_ANSWER_INVALID", reason=tag)
    include = document.find(f"{_XDS}Document/{_INCLUDE}")
    if include is None:
        raise Failure("XDS_ANSWER_INVALID", reason="include")
    return cid_of(include.get("href", ""))


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
