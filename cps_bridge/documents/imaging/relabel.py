"""Copies of a study under another patient and accession number, for demonstrations and tests."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

from cps_bridge.documents.imaging.library import pydicom
from cps_bridge.documents.imaging.manifest_dataset import person_name
from cps_bridge.documents.imaging.scanner import is_dicom, read_header
from cps_bridge.documents.imaging.study import Study, read_study
from dossier.failure import Failure
from dossier.patient import PatientIdentity, Sex

_SEXES = {Sex.MALE: "M", Sex.FEMALE: "F", Sex.UNKNOWN: "O"}
_UIDS = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")


def sample_folder() -> Path:
    """Give the folder of the small MR study of a fictional patient that the installed pydicom carries."""
    return Path(pydicom().__file__).parent / "data" / "test_files" / "dicomdirtests" / "98892003"


def relabel(folder_in: Path, folder_out: Path, identity: PatientIdentity, accession: str) -> Study:
    """Copy the largest study of a folder under another identity: INS as PatientID, new UIDs derived from the old ones.

    Gives the study as read back from folder_out, which is made. Raises Failure STUDY_EMPTY, STUDY_UNREADABLE,
    IDENTITY_NOT_QUALIFIED, DICOM_UNREADABLE.
    """
    ins = identity.qualified_ins()
    try:
        folder_out.mkdir(parents=True, exist_ok=True)
        for number, path in enumerate(_largest_study(folder_in), start=1):
            _copy(path, folder_out / f"IM{number:05d}.dcm", identity, ins.matricule, accession)
    except OSError as error:
        raise Failure("STUDY_UNREADABLE", reason=type(error).__name__) from error
    return read_study(folder_out)


def _largest_study(folder: Path) -> list[Path]:
    paths = sorted(each for each in folder.rglob("*") if each.is_file() and is_dicom(each))
    studies = {path: header.study_uid for path in paths if (header := read_header(path)).sop_uid}
    if not studies:
        raise Failure("STUDY_EMPTY", skipped=0)
    wanted = Counter(studies.values()).most_common(1)[0][0]
    return [path for path, study in studies.items() if study == wanted]


def _copy(path: Path, out: Path, identity: PatientIdentity, matricule: str, accession: str) -> None:
    dataset: Any = pydicom().dcmread(path)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = person_name(identity.traits)
    dataset.PatientID = matricule
    dataset.IssuerOfPatientID = "ASIP-SANTE-INS-NIR"
    dataset.PatientBirthDate = identity.traits.birth_date
    dataset.PatientSex = _SEXES[identity.traits.sex]
    dataset.AccessionNumber = accession
    dataset.StudyID = accession[:16]
    for name in _UIDS:
        if name in dataset:
            setattr(dataset, name, _derived(str(dataset[name].value), accession))
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(out, enforce_file_format=True)


def _derived(uid: str, accession: str) -> str:
    """Derive a UID below 2.25 (UUID derived UIDs, PS3.5 B.2): the same for the same original and accession number."""
    return f"2.25.{int.from_bytes(hashlib.sha256(f'{uid} {accession}'.encode()).digest()[:16], 'big')}"
