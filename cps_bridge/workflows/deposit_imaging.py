"""Deposit an imaging report and the manifest of its study, in one lot."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from cps_bridge.documents.cda.level1 import build_level1
from cps_bridge.documents.cda.report import Identifier, ImagingOrder, Report
from cps_bridge.documents.imaging import manifest
from cps_bridge.documents.imaging.study import Series, Study
from cps_bridge.documents.imaging.study import read_study as read_folder
from cps_bridge.documents.imaging.thumbnail import thumbnail
from cps_bridge.documents.oid import new_oid
from cps_bridge.storage.outbox import OutboxItem
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows.consult_dossier import open_dossier
from cps_bridge.workflows.deposit import report_of, send_documents, visibility
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import User
from dossier.document import Document
from dossier.failure import Failure

REPORT_TYPE = "18748-4"


@dataclass(frozen=True)
class StudyOnScreen:
    """A study as the desk shows it: one PNG thumbnail per series, in the same order, b"" where there is no picture."""

    study: Study
    thumbnails: tuple[bytes, ...] = field(repr=False)


def read_study(desk: Desk, user: User, *, folder: Path, thumbnail_size: int = 128) -> StudyOnScreen:
    """Read a folder of DICOM files: one study, its series, a thumbnail each.

    Raises Failure STUDY_EMPTY, STUDY_SEVERAL.
    """
    study = read_folder(folder)
    return StudyOnScreen(study, tuple(_picture(series, thumbnail_size) for series in study.series))


def _picture(series: Series, size: int) -> bytes:
    try:
        return thumbnail(series, size)
    except Failure:
        return b""


def deposit_imaging(
    desk: Desk, user: User, *, report: Path, folder: Path, title: str = "", masked: bool = False, author: str = ""
) -> OutboxItem:
    """Deposit report and manifest as one lot (TD2.1); gives the lot as it stands afterwards.

    Raises Failure STUDY_OTHER_PATIENT when the images name another patient, and as deposit_document does.
    """
    session, context = desk.require_session(), desk.require_patient()
    open_dossier(desk, user)
    study = read_folder(folder)
    order = ImagingOrder(
        study.study_uid, Identifier(study.accession, desk.settings.software_oid), modalities=study.modalities
    )
    chosen = visibility(desk, context, masked)
    written = report_of(desk, session, context, report, REPORT_TYPE, title, chosen, author)
    header = replace(written, imaging=order)
    manifest.check_same_examination(study, header)
    documents = [build_level1(header, new_oid(desk.settings.software_oid))]
    if desk.settings.manifest_by_us:
        documents.append(_manifest(desk, study, header))
    return send_documents(desk, user, session, context, tuple(documents), kind="imaging")


def _manifest(desk: Desk, study: Study, header: Report) -> Document:
    settings = desk.settings
    unique_id, series_uid = new_oid(settings.software_oid), new_oid(settings.software_oid)
    return manifest.build_manifest(
        study, header, unique_id, series_uid, lambda *uids: _retrieve_url(settings, *uids), now=desk.clock()
    )


def _retrieve_url(settings: Settings, study_uid: str, series_uid: str) -> str:
    return settings.retrieve_url.format(study=study_uid, series=series_uid)
