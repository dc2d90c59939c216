"""ITI-57: change what the registry says of a document, never the document (ITI TF-2 3.57)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lxml import etree

from dossier import codes as value_sets
from dossier.access import NORMAL_ACCESS, Access
from dossier.failure import Failure
from dossier.metadata import Association, AssociationKind, Author, Availability, Code, DocumentEntry, N, SubmissionSet
from dossier.timestamp import Timestamp
from soap_clients.xds import vocabulary as v
from soap_clients.xds.ebxml import RegistryObject, to_ebxml
from soap_clients.xds.envelope import read_registry_response

if TYPE_CHECKING:
    from soap_clients.host import Host

_SET_ID = "SubmissionSet01"
_ENTRY_ID = "Document01"
_CONSULTATIONS = "60"
_MOST_CODES = 4


def change_confidentiality(
    host: Host,
    entry: DocumentEntry,
    codes: tuple[Code, ...],
    authors: Sequence[Author],
    source_id: str,
    access: Access = NORMAL_ACCESS,
) -> None:
    """Give a document other confidentiality codes (TD3.3a, TD3.3b); everything else stays as read.

    entry: the current one, with version and logical id; codes: all of them, N included; source_id: OID of the software.
    Raises Failure CONFIDENTIALITY_INVALID, XDS_VERSION_STALE, XDS_REFUSED(code=) and the like, OUTCOME_UNKNOWN.
    """
    chosen = {each.code for each in codes}
    if N not in chosen or len(codes) > _MOST_CODES or len(chosen) != len(codes):
        raise Failure("CONFIDENTIALITY_INVALID")
    new = replace(
        entry,
        entry_uuid=_ENTRY_ID,
        logical_id=entry.logical_id or entry.entry_uuid,
        version="",
        confidentiality=codes,
    )
    slots = ((v.PREVIOUS_VERSION, (entry.version or "1",)), (v.SUBMISSION_SET_STATUS, (v.ORIGINAL,)))
    link = Association(AssociationKind.HAS_MEMBER, _SET_ID, _ENTRY_ID, slots)
    _update(host, entry, (_change(entry, authors, source_id), new, link), access, "TD3.3a")


def change_status(
    host: Host,
    entry: DocumentEntry,
    status: Availability,
    authors: Sequence[Author],
    source_id: str,
    access: Access = NORMAL_ACCESS,
) -> None:
    """Archive a document, take it back (TD3.3d) or delete it (TD3.3c: logically, for good).

    entry: the current one; raises as `change_confidentiality`.
    """
    slots = ((v.NEW_STATUS, (status.value,)), (v.ORIGINAL_STATUS, (entry.status.value,)))
    link = Association(AssociationKind.UPDATES_STATUS, _SET_ID, entry.entry_uuid, slots)
    transaction = "TD3.3c" if status is Availability.DELETED else "TD3.3d"
    _update(host, entry, (_change(entry, authors, source_id), link), access, transaction)


def _change(entry: DocumentEntry, authors: Sequence[Author], source_id: str) -> SubmissionSet:
    return SubmissionSet(
        entry_uuid=_SET_ID,
        unique_id=f"2.25.{uuid.uuid4().int}",
        source_id=source_id,
        patient_id=entry.patient_id,
        submission_time=Timestamp.of(datetime.now(UTC)),
        content_type=value_sets.find(value_sets.CONTENT_TYPE, _CONSULTATIONS),
        authors=tuple(authors),
        title=entry.title,
    )


def _update(
    host: Host, entry: DocumentEntry, items: Sequence[RegistryObject], access: Access, transaction: str
) -> None:
    body = etree.Element(f"{{{v.LCM}}}SubmitObjectsRequest", nsmap={"lcm": v.LCM, "rim": v.RIM})
    objects = etree.SubElement(body, f"{{{v.RIM}}}RegistryObjectList")
    for item in items:
        objects.append(to_ebxml(item))
    reply = host.exchange(
        "registry",
        v.UPDATE,
        body,
        access=access,
        patient=entry.patient_id,
        transaction=transaction,
        attachments=None,
        accept_multipart=True,
    )
    read_registry_response(reply, v.UPDATE)
