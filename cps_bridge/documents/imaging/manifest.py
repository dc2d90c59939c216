"""The manifest of a study: a DICOM Key Object Selection that points to its images, and its XDS metadata.

Images never go into the dossier; the manifest does, and says where each series is retrieved (IHE RAD XDS-I.b).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from cps_bridge.documents.cda.metadata import entry_of
from cps_bridge.documents.cda.report import ImagingOrder, Report
from cps_bridge.documents.imaging.manifest_dataset import pack_manifest
from cps_bridge.documents.imaging.study import KOS_CLASS, Study
from cps_bridge.documents.oid import checked_oid
from dossier import codes
from dossier.document import BytesContent, Document, hash_and_size
from dossier.failure import Failure
from dossier.metadata import Code
from dossier.patient import Traits
from dossier.timestamp import Timestamp

MIME_TYPE = "application/dicom"
TYPE = "IMG-KOS"

RetrieveUrl = Callable[[str, str], str]
"""(StudyInstanceUID, SeriesInstanceUID) -> where the series is retrieved (WADO-RS)."""


def build_manifest(
    study: Study,
    report: Report,
    unique_id: str,
    series_uid: str,
    retrieve_url: RetrieveUrl,
    *,
    now: datetime,
    modality_system: str = "",
) -> Document:
    """Build the manifest of a study and its metadata, which are those of the report where they are common.

    unique_id: SOP instance UID of the manifest and XDS uniqueId; series_uid: of the manifest's own series;
    modality_system: coding scheme of the modalities in eventCodeList when the host wants another than DCM.
    Raises Failure of check_same_examination, OID_INVALID.
    """
    imaging = check_same_examination(study, report)
    for each in (unique_id, series_uid):
        checked_oid(each)
    data = pack_manifest(study, report, imaging, unique_id, series_uid, retrieve_url, now=now.astimezone(UTC))
    content = BytesContent(data)
    hash_, size = hash_and_size(content)
    entry = entry_of(report, unique_id, hash_=hash_, size=size)
    events = tuple(dict.fromkeys(_modalities(study, modality_system) + entry.events))
    return Document(
        replace(
            entry,
            mime_type=MIME_TYPE,
            type_code=codes.find(codes.TYPE, TYPE),
            class_code=codes.class_of(TYPE),
            format_code=codes.find(codes.FORMAT, KOS_CLASS),
            creation_time=Timestamp(Timestamp.of(now).digits),
            title=f"Images : {study.description or entry.title}"[:255],
            events=events,
        ),
        content,
    )


def _modalities(study: Study, system: str) -> tuple[Code, ...]:
    known = codes.load(codes.MODALITY)
    found = [known[each] for each in study.modalities if each in known]
    return tuple(Code(each.code, system or each.system, each.display) for each in found)


def check_same_examination(study: Study, report: Report) -> ImagingOrder:
    """Check that report and images are of one examination of one patient; give the report's imaging part.

    Raises Failure REPORT_WITHOUT_STUDY, STUDY_OTHER_EXAMINATION, STUDY_OTHER_ACCESSION, STUDY_OTHER_PATIENT.
    """
    imaging = report.imaging
    if imaging is None:
        raise Failure("REPORT_WITHOUT_STUDY")
    if imaging.study_uid != study.study_uid:
        raise Failure("STUDY_OTHER_EXAMINATION")
    if imaging.accession.extension != study.accession:
        raise Failure("STUDY_OTHER_ACCESSION")
    if not _same_patient(study, report):
        raise Failure("STUDY_OTHER_PATIENT")
    return imaging


def _same_patient(study: Study, report: Report) -> bool:
    """Compare by INS, else by the local identifier when the report has one, else by name and birth date together."""
    if study.patient_id == report.patient.qualified_ins().matricule:
        return True
    if report.local_patient_id is not None:
        return study.patient_id == report.local_patient_id.value
    traits = report.patient.traits
    return study.birth_date == traits.birth_date and _plain(study.patient_name.split("^")[0]) in _names(traits)


def _names(traits: Traits) -> set[str]:
    return {_plain(each) for each in (traits.birth_name, traits.usage_name) if each}


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFD", name.upper())
    return "".join(each for each in letters if each.isalpha())
