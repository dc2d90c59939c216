"""The XDS DocumentEntry of a level 1 document, derived from the same data as its header."""

from __future__ import annotations

from cps_bridge.documents.cda.report import FORMAT_OF, ImagingOrder, Report
from dossier import codes
from dossier.metadata import Author, Code, DocumentEntry, Institution, LocalId, Person, Reference
from dossier.timestamp import Timestamp

ACCESSION = "urn:ihe:iti:xds:2013:accession"
ORDER = "urn:ihe:iti:xds:2013:order"
STUDY = "urn:ihe:iti:xds:2016:studyInstanceUID"


def entry_of(report: Report, unique_id: str, *, hash_: str, size: int) -> DocumentEntry:
    """Derive the metadata: class from the type by the official map, format from the media type, times in UTC.

    hash_: SHA-1 of the CDA in lower-case hex; size: its length in bytes. Raises Failure CODE_UNKNOWN or
    CODE_WITHOUT_CLASS.
    """
    ins = report.patient.qualified_ins()
    author = author_of(report)
    return DocumentEntry(
        entry_uuid="Document01",
        unique_id=unique_id,
        patient_id=ins,
        mime_type="text/xml",
        class_code=codes.class_of(report.type_code),
        type_code=codes.find(codes.TYPE, report.type_code),
        format_code=codes.find(codes.FORMAT, FORMAT_OF[report.media_type]),
        confidentiality=report.confidentiality_codes,
        facility=codes.find(codes.FACILITY, report.activity.sector),
        practice_setting=codes.find(codes.PRACTICE_SETTING, report.setting_code),
        creation_time=in_utc(report.created),
        title=report.title,
        authors=(author,),
        legal_authenticator=author.person,
        source_patient_id=report.local_patient_id or LocalId(ins.matricule, ins.oid, "NH"),
        source_patient=report.patient.traits,
        service_start=in_utc(report.started),
        service_stop=in_utc(report.service_stop) if report.service_stop else None,
        comments=report.comments,
        events=events_of(report.imaging) if report.imaging else (),
        references=references_of(report.imaging) if report.imaging else (),
        hash=hash_,
        size=size,
    )


def author_of(report: Report) -> Author:
    """Give the author as metadata write it: person, specialty and institution of the card."""
    person, structure = report.author, report.activity.structure
    return Author(
        Person(person.id_nat, person.family_name, person.given_name),
        report.specialty,
        Institution(structure.name, structure.id_nat),
    )


def in_utc(time: Timestamp) -> Timestamp:
    """Give the same instant in UTC digits without zone, with the precision of the original (ITI TF-3 4.2.3)."""
    return Timestamp(time.to_utc_digits())


def events_of(imaging: ImagingOrder) -> tuple[Code, ...]:
    """Give eventCodeList: modalities, anatomic region, act."""
    modalities = tuple(codes.find(codes.MODALITY, each) for each in imaging.modalities)
    region = (codes.find(codes.REGION, imaging.region),) if imaging.region else ()
    return modalities + region + ((imaging.act,) if imaging.act else ())


def references_of(imaging: ImagingOrder) -> tuple[Reference, ...]:
    """Give referenceIdList: accession number, study and, when the requester gave one, order number."""
    accession, order = imaging.accession, imaging.order
    found = (
        Reference(accession.extension, accession.root, ACCESSION),
        Reference(imaging.study_uid, "", STUDY),
    )
    return (*found, Reference(order.extension, order.root, ORDER)) if order else found
