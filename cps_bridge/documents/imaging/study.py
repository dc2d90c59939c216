"""The one study that a folder holds: its series and their instances."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cps_bridge.documents.imaging.scanner import Header, is_dicom, read_header
from dossier.failure import Failure

KOS_CLASS = "1.2.840.10008.5.1.4.1.1.88.59"
_OWN_FACTS = {
    "accession": "numéro d'examen",
    "patient_id": "identifiant du patient",
    "patient_name": "nom du patient",
    "birth_date": "date de naissance",
}


@dataclass(frozen=True)
class Instance:
    """One object: its file, SOP class and instance UIDs, number within the series."""

    path: Path = field(repr=False)
    sop_class: str
    sop_uid: str
    number: int


@dataclass(frozen=True)
class Series:
    """One series, instances in their order."""

    uid: str
    number: int
    modality: str
    description: str
    instances: tuple[Instance, ...]


@dataclass(frozen=True)
class Study:
    """One study as its files tell it; patient_* as in the files (names in DICOM form), never shown in logs.

    skipped: files of the folder that are no image of a study (DICOMDIR, texts, earlier manifests).
    """

    study_uid: str
    accession: str
    description: str
    date: str
    time: str
    study_id: str
    patient_id: str = field(repr=False)
    patient_name: str = field(repr=False)
    birth_date: str = field(repr=False)
    sex: str
    series: tuple[Series, ...]
    skipped: int = 0

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities of the series, each once."""
        return tuple(dict.fromkeys(each.modality for each in self.series if each.modality))

    @property
    def count(self) -> int:
        """Number of instances."""
        return sum(len(each.instances) for each in self.series)


def read_study(folder: Path) -> Study:
    """Read the study of a folder and of the folders below.

    Raises Failure STUDY_UNREADABLE, STUDY_EMPTY, STUDY_SEVERAL, STUDY_INCONSISTENT (its files do not agree on accession
    number or patient), DICOM_UNREADABLE.
    """
    found, skipped = _headers(folder)
    if not found:
        raise Failure("STUDY_EMPTY", skipped=skipped)
    studies = {header.study_uid for _, header in found}
    if len(studies) > 1:
        raise Failure("STUDY_SEVERAL", count=len(studies))
    for fact, words in _OWN_FACTS.items():
        if len({getattr(header, fact) for _, header in found}) > 1:
            raise Failure("STUDY_INCONSISTENT", fact=words)
    first = found[0][1]
    return Study(
        study_uid=first.study_uid,
        accession=first.accession,
        description=first.study_description,
        date=first.study_date,
        time=first.study_time,
        study_id=first.study_id,
        patient_id=first.patient_id,
        patient_name=first.patient_name,
        birth_date=first.birth_date,
        sex=first.sex,
        series=_series(found),
        skipped=skipped,
    )


def _headers(folder: Path) -> tuple[list[tuple[Path, Header]], int]:
    found: list[tuple[Path, Header]] = []
    skipped = 0
    try:
        paths = sorted(each for each in folder.rglob("*") if each.is_file())
        if not folder.is_dir():
            raise Failure("STUDY_UNREADABLE", reason="not a folder")
        for path in paths:
            header = read_header(path) if path.name.upper() != "DICOMDIR" and is_dicom(path) else None
            if header is None or not _is_of_study(header):
                skipped += 1
            else:
                found.append((path, header))
    except OSError as error:
        raise Failure("STUDY_UNREADABLE", reason=type(error).__name__) from error
    return found, skipped


def _is_of_study(header: Header) -> bool:
    return bool(header.sop_uid and header.study_uid and header.series_uid) and header.sop_class != KOS_CLASS


def _series(found: list[tuple[Path, Header]]) -> tuple[Series, ...]:
    grouped: dict[str, dict[str, tuple[Path, Header]]] = {}
    for path, header in found:
        grouped.setdefault(header.series_uid, {}).setdefault(header.sop_uid, (path, header))
    series = [_one_series(uid, list(members.values())) for uid, members in grouped.items()]
    return tuple(sorted(series, key=lambda each: (each.number, each.uid)))


def _one_series(uid: str, members: list[tuple[Path, Header]]) -> Series:
    instances = [
        Instance(path, header.sop_class, header.sop_uid, _number(header.instance_number)) for path, header in members
    ]
    first = members[0][1]
    return Series(
        uid=uid,
        number=_number(first.series_number),
        modality=first.modality,
        description=first.series_description,
        instances=tuple(sorted(instances, key=lambda each: (each.number, each.sop_uid))),
    )


def _number(text: str) -> int:
    return int(text) if text.lstrip("+-").isdecimal() else 0
