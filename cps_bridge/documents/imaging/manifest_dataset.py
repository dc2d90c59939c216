"""The DICOM data set of a manifest: Key Object Selection Document IOD (PS3.3 A.35.4), template TID 2010."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cps_bridge.documents.cda.report import Identifier, ImagingOrder, Report
from cps_bridge.documents.imaging.element import Dataset, pack, pack_element, pack_file, pack_item
from cps_bridge.documents.imaging.study import KOS_CLASS, Instance, Study
from dossier.patient import Sex, Traits

IMPLEMENTATION = "2.25.233716236034302424512127143410245926731"
_ISSUER = "ASIP-SANTE-INS-NIR"
_SEXES = {Sex.MALE: "M", Sex.FEMALE: "F", Sex.UNKNOWN: "O"}
_NOT_IMAGES = (
    "1.2.840.10008.5.1.4.1.1.88.",
    "1.2.840.10008.5.1.4.1.1.104.",
    "1.2.840.10008.5.1.4.1.1.11.",
    "1.2.840.10008.5.1.4.1.1.481.",
    "1.2.840.10008.5.1.4.1.1.66",
)


def pack_manifest(
    study: Study,
    report: Report,
    imaging: ImagingOrder,
    sop_uid: str,
    series_uid: str,
    retrieve_url: Callable[[str, str], str],
    *,
    now: datetime,
) -> bytes:
    """Pack the whole file; now: UTC. Report and study are already compared."""
    dataset: Dataset = {
        **_general(study, sop_uid, series_uid, now),
        **_patient(report),
        **_document(study, imaging),
        (0x00080080, "LO"): report.activity.structure.name[:64],
        (0x0040A375, "SQ"): _evidence(study, retrieve_url),
        (0x0040A730, "SQ"): _content(study, imaging),
    }
    return pack_file(KOS_CLASS, sop_uid, IMPLEMENTATION, dataset)


def _general(study: Study, sop_uid: str, series_uid: str, now: datetime) -> Dataset:
    date, time = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    return {
        (0x00080005, "CS"): "ISO_IR 192",
        (0x00080012, "DA"): date,
        (0x00080013, "TM"): time,
        (0x00080016, "UI"): KOS_CLASS,
        (0x00080018, "UI"): sop_uid,
        (0x00080020, "DA"): study.date,
        (0x00080023, "DA"): date,
        (0x00080030, "TM"): study.time,
        (0x00080033, "TM"): time,
        (0x00080050, "SH"): study.accession,
        (0x00080060, "CS"): "KO",
        (0x00080070, "LO"): "CPS Bridge",
        (0x00080090, "PN"): "",
        (0x00080201, "SH"): "+0000",
        (0x00081030, "LO"): study.description,
        (0x00081111, "SQ"): [],
        (0x0020000D, "UI"): study.study_uid,
        (0x0020000E, "UI"): series_uid,
        (0x00200010, "SH"): study.study_id,
        (0x00200011, "IS"): "1",
        (0x00200013, "IS"): "1",
    }


def _patient(report: Report) -> Dataset:
    ins, traits = report.patient.qualified_ins(), report.patient.traits
    return {
        (0x00100010, "PN"): person_name(traits),
        (0x00100020, "LO"): ins.matricule,
        (0x00100021, "LO"): _ISSUER,
        (0x00100024, "SQ"): [_issuer(ins.oid)],
        (0x00100030, "DA"): traits.birth_date,
        (0x00100040, "CS"): _SEXES[traits.sex],
    }


def person_name(traits: Traits) -> str:
    """Write a name as DICOM does: birth name, first given name, the others (PS3.5 6.2.1)."""
    return "^".join((traits.birth_name, traits.first_given_name, " ".join(traits.given_names[1:]))).rstrip("^")


def _issuer(oid: str) -> Dataset:
    return {(0x00400032, "UT"): oid, (0x00400033, "CS"): "ISO"}


def _document(study: Study, imaging: ImagingOrder) -> Dataset:
    return {
        (0x0040A040, "CS"): "CONTAINER",
        (0x0040A043, "SQ"): [_concept("113030", "Manifest")],
        (0x0040A050, "CS"): "SEPARATE",
        (0x0040A370, "SQ"): [_request(study, imaging.accession, imaging.order)],
        (0x0040A504, "SQ"): [{(0x00080105, "CS"): "DCMR", (0x0040DB00, "CS"): "2010"}],
    }


def _concept(code: str, meaning: str) -> Dataset:
    return {(0x00080100, "SH"): code, (0x00080102, "SH"): "DCM", (0x00080104, "LO"): meaning}


def _request(study: Study, accession: Identifier, order: Identifier | None) -> Dataset:
    return {
        (0x00080050, "SH"): accession.extension,
        (0x00080051, "SQ"): [_issuer(accession.root)],
        (0x00081110, "SQ"): [],
        (0x0020000D, "UI"): study.study_uid,
        (0x00321060, "LO"): study.description,
        (0x00321064, "SQ"): [],
        (0x00400026, "SQ"): [_issuer(order.root)] if order else [],
        (0x00401001, "SH"): "",
        (0x00402016, "LO"): order.extension if order else "",
        (0x00402017, "LO"): "",
    }


def _evidence(study: Study, retrieve_url: Callable[[str, str], str]) -> list[Dataset]:
    series = [
        pack_item(
            pack_element(0x00081190, "UR", retrieve_url(study.study_uid, each.uid))
            + pack_element(0x00081199, "SQ", b"".join(_reference(instance) for instance in each.instances))
            + pack_element(0x0020000E, "UI", each.uid)
        )
        for each in study.series
    ]
    return [{(0x00081115, "SQ"): b"".join(series), (0x0020000D, "UI"): study.study_uid}]


def _reference(instance: Instance) -> bytes:
    return pack_item(
        pack_element(0x00081150, "UI", instance.sop_class) + pack_element(0x00081155, "UI", instance.sop_uid)
    )


def _content(study: Study, imaging: ImagingOrder) -> bytes:
    text: Dataset = {
        (0x0040A010, "CS"): "CONTAINS",
        (0x0040A040, "CS"): "TEXT",
        (0x0040A043, "SQ"): [_concept("113012", "Key Object Description")],
        (0x0040A160, "UT"): _description(study, imaging),
    }
    items = [_item(instance) for series in study.series for instance in series.instances]
    return pack_item(pack(text)) + b"".join(items)


def _item(instance: Instance) -> bytes:
    kind = "COMPOSITE" if instance.sop_class.startswith(_NOT_IMAGES) else "IMAGE"
    return pack_item(
        pack_element(0x00081199, "SQ", _reference(instance))
        + pack_element(0x0040A010, "CS", "CONTAINS")
        + pack_element(0x0040A040, "CS", kind)
    )


def _description(study: Study, imaging: ImagingOrder) -> str:
    act = f"{imaging.act.code} {imaging.act.display}".rstrip() if imaging.act else ""
    series = (f"Série-{each.uid} : {each.modality} @ : {each.description}" for each in study.series)
    return "\r\n".join((f"Examen : {study.description}", f"Acte = {act}", *series))
