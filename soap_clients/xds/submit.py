"""ITI-41: freeze a lot into bytes that never change again, and send them (ITI TF-2 3.41)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lxml import etree

from dossier.access import NORMAL_ACCESS, Access
from dossier.document import Content, Lot
from dossier.failure import Failure
from dossier.metadata import Association, DocumentEntry, SubmissionSet
from dossier.patient import Ins
from dossier.professional import CardKind
from soap_clients import safe_xml
from soap_clients.xds import query
from soap_clients.xds import vocabulary as v
from soap_clients.xds.ebxml import ASSOCIATION, RegistryObject, from_ebxml, to_ebxml
from soap_clients.xds.envelope import read_registry_response

if TYPE_CHECKING:
    from soap_clients.host import Host

_SUBMIT = f"{{{v.LCM}}}SubmitObjectsRequest"
_LIST = f"{{{v.RIM}}}RegistryObjectList"
_UNIQUE_ID_TARGET = "urn:oid:"


@dataclass(frozen=True)
class FrozenLot:
    """A lot as it leaves, however often: metadata is an lcm:SubmitObjectsRequest in UTF-8.

    parts: (symbolic id of the entry, bytes) in the order of the entries. The target of a replacement may be frozen as
    "urn:oid:" and the old document's uniqueId: its entryUUID changes with each version, and is asked for at sending.
    """

    metadata: bytes = field(repr=False)
    parts: tuple[tuple[str, Content], ...]


def freeze(lot: Lot) -> FrozenLot:
    """Write the metadata once; hash, size and repository are left to the host, which computes them.

    Raises Failure TEXT_UNWRITABLE, or PATIENT_MISMATCH when the lot names two patients.
    """
    entries = [replace(each.entry, hash="", size=0, repository_id="") for each in lot.documents]
    _same_patient(lot.submission_set.patient_id, (lot.submission_set, *entries))
    request = etree.Element(_SUBMIT, nsmap={"lcm": v.LCM, "rim": v.RIM})
    objects = etree.SubElement(request, _LIST)
    items: tuple[RegistryObject, ...] = (lot.submission_set, *entries, *lot.associations)
    objects.extend(to_ebxml(item) for item in items)
    etree.cleanup_namespaces(request, keep_ns_prefixes=["rim"])
    metadata = etree.tostring(request, encoding="UTF-8", xml_declaration=True)
    return FrozenLot(metadata, tuple((each.entry.entry_uuid, each.content) for each in lot.documents))


def read_entries(metadata: bytes) -> tuple[DocumentEntry, ...]:
    """Read the entries of frozen metadata again, as they were or will be sent (without hash and size)."""
    return tuple(each for each in _identified(safe_xml.parse(metadata)) if isinstance(each, DocumentEntry))


def send(host: Host, frozen: FrozenLot, access: Access = NORMAL_ACCESS, *, patient: Ins) -> None:
    """Deposit a frozen lot (TD2.1; TD2.2 with a secretary's card); the bytes of the documents are streamed.

    A replacement (TD2.1b, TD2.2b) asks for the current entryUUID of what it replaces just before.

    Raises Failure PATIENT_MISMATCH before anything leaves; XDS_DUPLICATE, XDS_NON_IDENTICAL_HASH, XDS_REFUSED(code=)
    and the like when the host refused; OUTCOME_UNKNOWN when it cannot be told what the host did.
    """
    request = safe_xml.parse(frozen.metadata)
    _same_patient(patient, _identified(request))
    _resolve_targets(host, request, patient, access)
    cids = {document_id: f"document{n:02d}@cps-bridge" for n, (document_id, _) in enumerate(frozen.parts, 1)}
    reply = host.exchange(
        "repository",
        v.PROVIDE_AND_REGISTER,
        _provide_and_register(request, cids),
        access=access,
        patient=patient,
        transaction="TD2.2" if host.professional.card_kind is CardKind.CPE else "TD2.1",
        attachments={cids[document_id]: content for document_id, content in frozen.parts},
        accept_multipart=True,
    )
    read_registry_response(reply, v.PROVIDE_AND_REGISTER)


def _provide_and_register(request: etree._Element, cids: Mapping[str, str]) -> etree._Element:
    body = etree.Element(f"{{{v.XDS}}}ProvideAndRegisterDocumentSetRequest", nsmap={"xds": v.XDS})
    body.append(request)
    for document_id, cid in cids.items():
        document = etree.SubElement(body, f"{{{v.XDS}}}Document", {"id": document_id})
        etree.SubElement(document, f"{{{v.XOP}}}Include", {"href": f"cid:{cid}"}, nsmap={"xop": v.XOP})
    return body


def _identified(request: etree._Element) -> tuple[DocumentEntry | SubmissionSet, ...]:
    items = (from_ebxml(each) for each in request.iterfind(f"{_LIST}/*"))
    return tuple(each for each in items if not isinstance(each, Association))


def _same_patient(patient: Ins, items: tuple[DocumentEntry | SubmissionSet, ...]) -> None:
    if not items or any(each.patient_id != patient for each in items):
        raise Failure("PATIENT_MISMATCH", place="patient_id")


def _resolve_targets(host: Host, request: etree._Element, patient: Ins, access: Access) -> None:
    links = request.iterfind(f"{_LIST}/{ASSOCIATION}")
    waiting = [each for each in links if each.get("targetObject", "").startswith(_UNIQUE_ID_TARGET)]
    for link in waiting:
        unique_id = link.get("targetObject", "").removeprefix(_UNIQUE_ID_TARGET)
        current = query.find_entry_uuid(host, patient, unique_id, access)
        if not current:
            raise Failure("XDS_REPLACED_NOT_FOUND")
        link.set("targetObject", current)
