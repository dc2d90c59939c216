"""A lot: the documents of one submission, the set that holds them, and the links between them (ITI TF-3 4.2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cps_bridge.documents.oid import new_oid
from dossier import codes
from dossier.document import Document, Lot
from dossier.failure import Failure
from dossier.metadata import Association, AssociationKind, Author, Code, Institution, Person, SubmissionSet
from dossier.patient import Ins
from dossier.professional import Activity, Professional
from dossier.timestamp import Timestamp

SET_ID = "SubmissionSet01"
ORIGINAL = (("SubmissionSetStatus", ("Original",)),)
DEFAULT_CONTENT_TYPE = "60"
_SECRETARY = "SECRETARIAT_MEDICAL"


def build_lot(
    documents: Sequence[Document],
    author: Professional,
    activity: Activity,
    patient: Ins,
    content_type: str,
    source_id: str,
    now: datetime,
    *,
    title: str = "",
) -> Lot:
    """Put documents of one patient into a submission set: ids SubmissionSet01, Document01, Document02 ...

    content_type: JDV_J59 code (see content_type_of); source_id: OID of the software, root of the set's uniqueId;
    now: an aware datetime. Raises Failure LOT_EMPTY, PATIENT_MISMATCH, CODE_UNKNOWN, OID_INVALID.
    """
    if not documents:
        raise Failure("LOT_EMPTY")
    if any(each.entry.patient_id != patient for each in documents):
        raise Failure("PATIENT_MISMATCH", place="patientId")
    named = tuple(
        Document(replace(each.entry, entry_uuid=f"Document{number:02d}"), each.content)
        for number, each in enumerate(documents, start=1)
    )
    submission = SubmissionSet(
        entry_uuid=SET_ID,
        unique_id=new_oid(source_id),
        source_id=source_id,
        patient_id=patient,
        submission_time=Timestamp(Timestamp.of(now).digits),
        content_type=codes.find(codes.CONTENT_TYPE, content_type),
        authors=(lot_author(author, activity),),
        title=title or named[0].entry.title,
    )
    return Lot(submission, named, tuple(member(each.entry.entry_uuid) for each in named))


def content_type_of(activity: Activity) -> str:
    """Give the content type (JDV_J59) of an activity: its sector where the list has it, else "60", consultations."""
    return activity.sector if activity.sector in codes.load(codes.CONTENT_TYPE) else DEFAULT_CONTENT_TYPE


def lot_author(author: Professional, activity: Activity) -> Author:
    """Give the author of a set: the same person and structure as the VIHF names; a secretary has a role of its own."""
    specialty: Code = codes.find(codes.SPECIALTY, author.specialty_code if author.profession else _SECRETARY)
    return Author(
        Person(author.id_nat, author.family_name, author.given_name),
        specialty,
        Institution(activity.structure.name, activity.structure.id_nat),
    )


def member(document_id: str) -> Association:
    """Link a document to the set (HasMember, SubmissionSetStatus Original)."""
    return Association(AssociationKind.HAS_MEMBER, SET_ID, document_id, ORIGINAL)


def add_replacement(lot: Lot, document_id: str, replaced_entry_uuid: str) -> Lot:
    """Say that a document of the lot replaces an entry of the host (RPLC), by the entryUUID the host has now.

    document_id: "Document01" ...; replaced_entry_uuid: the entryUUID, or "urn:oid:" and the old document's uniqueId
    when the entryUUID is to be asked for at sending. It may be called after signing: the signature covers documents,
    not associations.
    Raises Failure LOT_WITHOUT_DOCUMENT.
    """
    if all(each.entry.entry_uuid != document_id for each in lot.documents):
        raise Failure("LOT_WITHOUT_DOCUMENT", document=document_id[:40])
    link = Association(AssociationKind.REPLACES, document_id, replaced_entry_uuid, ORIGINAL)
    return replace(lot, associations=(*lot.associations, link))
