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
from dossier.metadata import (
    HIDDEN_FROM_PATIENT,
    HIDDEN_FROM_REPRESENTATIVES,
    MASKED,
    Association,
    AssociationKind,
    Author,
    Availability,
    Code,
    DocumentEntry,
    N,
    SubmissionSet,
)
from dossier.patient import Ins
from dossier.timestamp import Timestamp
from soap_clients.xds import query
from soap_clients.xds import vocabulary as v
from soap_clients.xds.ebxml import RegistryObject, to_ebxml
from soap_clients.xds.envelope import read_registry_response

if TYPE_CHECKING:
    from soap_clients.host import Host

_SET_ID = "SubmissionSet01"
_ENTRY_ID = "Document01"
_CONSULTATIONS = "60"
_MOST_CODES = 4
_LEAVES = {
    Availability.ARCHIVED: (Availability.APPROVED,),
    Availability.APPROVED: (Availability.ARCHIVED,),
    Availability.DELETED: (Availability.APPROVED, Availability.ARCHIVED),
}
"""Each status that can be given, and those it can be given after."""


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
    Raises Failure CONFIDENTIALITY_INVALID, CONFIDENTIALITY_IRREVERSIBLE (hiding from the patient what was visible),
    XDS_VERSION_STALE, XDS_REFUSED(code=) and the like, OUTCOME_UNKNOWN.
    """
    chosen = {each.code for each in codes}
    if N not in chosen or len(codes) > _MOST_CODES or len(chosen) != len(codes):
        raise Failure("CONFIDENTIALITY_INVALID")
    before = {each.code for each in entry.confidentiality}
    if HIDDEN_FROM_PATIENT in chosen - before:
        raise Failure("CONFIDENTIALITY_IRREVERSIBLE")
    shown = (before - chosen) & {HIDDEN_FROM_PATIENT, HIDDEN_FROM_REPRESENTATIVES}
    new = replace(
        entry,
        entry_uuid=_ENTRY_ID,
        logical_id=entry.logical_id or entry.entry_uuid,
        version="",
        confidentiality=codes,
    )
    slots = ((v.PREVIOUS_VERSION, (entry.version or "1",)), (v.SUBMISSION_SET_STATUS, (v.ORIGINAL,)))
    link = Association(AssociationKind.HAS_MEMBER, _SET_ID, _ENTRY_ID, slots)
    _update(
        host, entry.patient_id, (_change(entry, authors, source_id), new, link), access, "TD3.3b" if shown else "TD3.3a"
    )


def mask(host: Host, entry: DocumentEntry, authors: Sequence[Author], source_id: str, access: Access) -> None:
    """Mask a document to professionals (TD3.3a); raises as `change_confidentiality`."""
    _with(host, entry, MASKED, authors, source_id, access)


def unmask(host: Host, entry: DocumentEntry, authors: Sequence[Author], source_id: str, access: Access) -> None:
    """Show a masked document to professionals again (TD3.3a); raises as `change_confidentiality`."""
    _without(host, entry, {MASKED}, authors, source_id, access)


def show_to_patient(
    host: Host, entry: DocumentEntry, authors: Sequence[Author], source_id: str, access: Access
) -> None:
    """Show a document to the patient, for good (TD3.3b); raises as `change_confidentiality`."""
    _without(host, entry, {HIDDEN_FROM_PATIENT}, authors, source_id, access)


def show_to_representatives(
    host: Host, entry: DocumentEntry, authors: Sequence[Author], source_id: str, access: Access
) -> None:
    """Show a minor's document to the legal representatives, and so to the patient, for good (TD3.3b).

    Raises as `change_confidentiality`.
    """
    _without(host, entry, {HIDDEN_FROM_REPRESENTATIVES, HIDDEN_FROM_PATIENT}, authors, source_id, access)


def hide_from_representatives(
    host: Host, entry: DocumentEntry, authors: Sequence[Author], source_id: str, access: Access
) -> None:
    """Hide a minor's document from the legal representatives; hosts may allow it at the deposit only.

    Raises as `change_confidentiality`.
    """
    _with(host, entry, HIDDEN_FROM_REPRESENTATIVES, authors, source_id, access)


def _with(
    host: Host, entry: DocumentEntry, code: str, authors: Sequence[Author], source_id: str, access: Access
) -> None:
    known = tuple(each for each in entry.confidentiality if each.code != code)
    codes = (*known, value_sets.find(value_sets.CONFIDENTIALITY, code))
    change_confidentiality(host, entry, codes, authors, source_id, access)


def _without(
    host: Host, entry: DocumentEntry, gone: set[str], authors: Sequence[Author], source_id: str, access: Access
) -> None:
    codes = tuple(each for each in entry.confidentiality if each.code not in gone)
    change_confidentiality(host, entry, codes, authors, source_id, access)


def change_status(
    host: Host,
    entry: DocumentEntry,
    status: Availability,
    authors: Sequence[Author],
    source_id: str,
    access: Access = NORMAL_ACCESS,
) -> None:
    """Archive a document, take it back (TD3.3d) or delete it (TD3.3c: logically, for good).

    entry: the current one; raises as `change_confidentiality`, and STATUS_CHANGE_INVALID.
    """
    if entry.status not in _LEAVES.get(status, ()):
        raise Failure("STATUS_CHANGE_INVALID")
    slots = ((v.NEW_STATUS, (status.value,)), (v.ORIGINAL_STATUS, (entry.status.value,)))
    link = Association(AssociationKind.UPDATES_STATUS, _SET_ID, entry.entry_uuid, slots)
    transaction = "TD3.3c" if status is Availability.DELETED else "TD3.3d"
    _update(host, entry.patient_id, (_change(entry, authors, source_id), link), access, transaction)


def delete_by_reference(
    host: Host,
    ins: Ins,
    unique_id: str,
    authors: Sequence[Author],
    source_id: str,
    access: Access = NORMAL_ACCESS,
    original: Availability = Availability.APPROVED,
) -> None:
    """Delete a document that one may name but not read: a secretary's, or a structure's own (TD3.3c after TD3.1b).

    original: the status it has. Raises Failure XDS_DOCUMENT_UNKNOWN, and as `change_confidentiality`.
    """
    target = query.find_entry_uuid(host, ins, unique_id, access)
    if not target:
        raise Failure("XDS_DOCUMENT_UNKNOWN")
    slots = ((v.NEW_STATUS, (Availability.DELETED.value,)), (v.ORIGINAL_STATUS, (original.value,)))
    link = Association(AssociationKind.UPDATES_STATUS, _SET_ID, target, slots)
    _update(host, ins, (_lot(ins, "", authors, source_id), link), access, "TD3.3c")


def _change(entry: DocumentEntry, authors: Sequence[Author], source_id: str) -> SubmissionSet:
    return _lot(entry.patient_id, entry.title, authors, source_id)


def _lot(ins: Ins, title: str, authors: Sequence[Author], source_id: str) -> SubmissionSet:
    return SubmissionSet(
        entry_uuid=_SET_ID,
        unique_id=f"2.25.{uuid.uuid4().int}",
        source_id=source_id,
        patient_id=ins,
        submission_time=Timestamp.of(datetime.now(UTC)),
        content_type=value_sets.find(value_sets.CONTENT_TYPE, _CONSULTATIONS),
        authors=tuple(authors),
        title=title,
    )


def _update(host: Host, ins: Ins, items: Sequence[RegistryObject], access: Access, transaction: str) -> None:
    body = etree.Element(f"{{{v.LCM}}}SubmitObjectsRequest", nsmap={"lcm": v.LCM, "rim": v.RIM})
    objects = etree.SubElement(body, f"{{{v.RIM}}}RegistryObjectList")
    for item in items:
        objects.append(to_ebxml(item))
    reply = host.exchange(
        "registry",
        v.UPDATE,
        body,
        access=access,
        patient=ins,
        transaction=transaction,
        attachments=None,
        accept_multipart=True,
    )
    read_registry_response(reply, v.UPDATE)
