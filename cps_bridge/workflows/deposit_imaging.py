"""Deposit an imaging report and the manifest of its study, in one lot."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from cps_bridge.documents import imaging
from cps_bridge.documents.cda.level1 import build_level1
from cps_bridge.documents.oid import new_oid
from cps_bridge.storage.outbox import OutboxItem
from cps_bridge.workflows.consult_dossier import open_dossier
from cps_bridge.workflows.deposit import report_of, send_documents, visibility
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import User

REPORT_TYPE = "18748-4"


@dataclass(frozen=True)
class StudyOnScreen:
    """A study as the desk shows it: its headers, and one PNG thumbnail per series, in the same order."""

    study: imaging.Study
    thumbnails: tuple[bytes, ...] = field(repr=False)


def read_study(desk: Desk, user: User, *, folder: Path, thumbnail_size: int = 128) -> StudyOnScreen:
    """Read a folder of DICOM files: one study, its series, a thumbnail each.

    Raises Failure STUDY_EMPTY, STUDY_SEVERAL.
    """
    study = imaging.read_study(folder)
    return StudyOnScreen(study, tuple(imaging.thumbnail(series, thumbnail_size) for series in study.series))


def deposit_imaging(
    desk: Desk, user: User, *, report: Path, folder: Path, title: str = "", masked: bool = False
) -> OutboxItem:
    """Deposit report and manifest as one lot (TD2.1); gives the lot as it stands afterwards.

    Raises Failure STUDY_PATIENT_DIFFERS when the images name another patient, and as deposit_document does.
    """
    session, context = desk.require_session(), desk.require_patient()
    open_dossier(desk, user)
    study = imaging.read_study(folder)
    imaging.check_patient(study, context.identity)
    header = replace(
        report_of(desk, session, context, report, REPORT_TYPE, title, visibility(masked, False)),
        accession_number=study.accession,
        study_uid=study.study_uid,
    )
    documents = [build_level1(header, new_oid(desk.settings.software_oid))]
    if desk.settings.manifest_by_us:
        documents.append(imaging.build_manifest(study, header, desk.settings.retrieve_url))
    return send_documents(desk, user, session, context, tuple(documents), kind="imaging")
