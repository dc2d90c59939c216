"""Studies of a folder, their manifests and thumbnails, against pydicom and dcmtk."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cps_bridge.documents.cda.level1 import Identifier
from cps_bridge.documents.imaging.manifest import build_manifest
from cps_bridge.documents.imaging.relabel import relabel, sample_folder
from cps_bridge.documents.imaging.scanner import is_dicom, read_header, read_with_pydicom
from cps_bridge.documents.imaging.study import read_study
from cps_bridge.documents.imaging.thumbnail import thumbnail
from dossier.failure import Failure
from dossier.metadata import LocalId

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
UID, SERIES = "1.2.250.1.999.1.1.7898.59.1", "1.2.250.1.999.1.1.7898.59.2"
REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(pydicom.__file__).parent / "data"
pytestmark = pytest.mark.filterwarnings("ignore")


def url(study: str, series: str) -> str:
    return f"https://images.example.test/rs/studies/{study}/series/{series}"


@pytest.fixture
def study(tmp_path, patient):
    return relabel(sample_folder(), tmp_path / "study", patient, "A-1")


@pytest.fixture
def report(make_report, order, study):
    return make_report(type_code="18748-4", imaging=replace(order, study_uid=study.study_uid))


def manifest(study, report, **changes):
    return build_manifest(study, report, UID, SERIES, url, now=NOW, **changes)


def outcome(read, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return read(path)
        except Failure as failure:
            return failure.code


def test_the_scanner_reads_every_file_of_pydicom_as_pydicom_does():
    paths = [each for each in sorted(DATA.rglob("*")) if each.is_file() and is_dicom(each)]
    assert len(paths) > 100
    assert [path.name for path in paths if outcome(read_header, path) != outcome(read_with_pydicom, path)] == []


def test_a_folder_of_one_study_gives_its_series_in_order(study, patient):
    assert [(each.number, each.modality, len(each.instances)) for each in study.series] == [
        *((1, "MR", 1), (2, "MR", 3), (700, "MR", 7)),
    ]
    assert (study.accession, study.patient_id, study.birth_date) == ("A-1", patient.ins.matricule, "19790328")
    assert study.patient_name == "PAT-TROIS^DOMINIQUE^MARIE-LOUISE"
    assert (study.count, study.modalities, study.skipped) == (11, ("MR",), 0)
    assert [each.number for each in study.series[1].instances] == sorted(
        each.number for each in study.series[1].instances
    )


def test_other_files_and_directories_of_media_are_skipped_and_counted(study, tmp_path):
    folder = tmp_path / "study"
    (folder / "LISEZMOI.TXT").write_text("bonjour")
    (folder / "empty").touch()
    shutil.copy(DATA / "test_files" / "dicomdirtests" / "DICOMDIR", folder / "DICOMDIR")
    shutil.copy(DATA / "test_files" / "dicomdirtests" / "DICOMDIR", folder / "INDEX")
    assert read_study(folder).skipped == 4


def test_a_folder_must_hold_exactly_one_study(tmp_path):
    with pytest.raises(Failure, match="STUDY_SEVERAL"):
        read_study(sample_folder())
    with pytest.raises(Failure, match="STUDY_EMPTY"):
        read_study(tmp_path)
    with pytest.raises(Failure, match="STUDY_UNREADABLE"):
        read_study(tmp_path / "absent")


def test_images_that_disagree_on_the_patient_are_refused(study, tmp_path):
    path = next((tmp_path / "study").iterdir())
    dataset = pydicom.dcmread(path)
    dataset.PatientID = "another"
    dataset.save_as(path)
    with pytest.raises(Failure, match="STUDY_INCONSISTENT"):
        read_study(tmp_path / "study")


def test_two_programs_of_dcmtk_read_the_manifest(study, report, bytes_of, run, tmp_path):
    path = tmp_path / "kos.dcm"
    path.write_bytes(bytes_of(manifest(study, report).content))
    dump = run("dcmdump", "+L", "+P", "0040,a375", "+P", "0010,0020", "+P", "0010,0021", path).decode()
    assert report.patient.ins.matricule in dump and "ASIP-SANTE-INS-NIR" in dump
    assert all(url(study.study_uid, each.uid) in dump for each in study.series)
    tree = run("dsrdump", path).decode(errors="replace")
    assert "Key Object Selection Document" in tree and "Manifest" in tree
    assert tree.count("IMAGE") >= study.count


def test_the_manifest_says_what_the_profile_asks_for(study, report, bytes_of):
    data = pydicom.dcmread(io.BytesIO(bytes_of(manifest(study, report).content)))
    request = data.ReferencedRequestSequence[0]
    assert (data.SOPClassUID, data.SOPInstanceUID, data.Modality) == ("1.2.840.10008.5.1.4.1.1.88.59", UID, "KO")
    assert data.ConceptNameCodeSequence[0].CodeValue == "113030"
    assert data.IssuerOfPatientIDQualifiersSequence[0].UniversalEntityID == report.patient.ins.oid
    assert (request.AccessionNumber, request.PlacerOrderNumberImagingServiceRequest) == ("A-1", "O-1")
    assert request.IssuerOfAccessionNumberSequence[0].UniversalEntityID == "1.2.250.1.999.5"
    evidence = data.CurrentRequestedProcedureEvidenceSequence
    assert len(evidence) == 1
    listed = [
        instance.ReferencedSOPInstanceUID
        for series in evidence[0].ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    ]
    assert listed == [instance.sop_uid for series in study.series for instance in series.instances]
    kinds = [item.ValueType for item in data.ContentSequence]
    assert kinds == ["TEXT"] + ["IMAGE"] * study.count
    assert "Examen : Brain" in data.ContentSequence[0].TextValue
    for name in ("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "PatientBirthDate", "PatientSex"):
        assert name in data
    assert data.group_dataset(0x0008) is not None and [each.tag for each in data] == sorted(data.keys())


def test_the_packed_sequences_equal_those_that_pydicom_writes(study, report, bytes_of):
    written = bytes_of(manifest(study, report).content)
    out = io.BytesIO()
    dataset = pydicom.dcmread(io.BytesIO(written))
    for element in dataset.iterall():
        assert element is not None
    dataset.save_as(out, enforce_file_format=False)
    start = written.index(b"DICM")
    assert out.getvalue()[start:] == written[start:]


def test_the_metadata_of_the_manifest(study, report, bytes_of):
    document = manifest(study, report)
    entry, data = document.entry, bytes_of(document.content)
    assert (entry.mime_type, entry.type_code.code, entry.class_code.code) == ("application/dicom", "IMG-KOS", "31")
    assert entry.format_code.code == "1.2.840.10008.5.1.4.1.1.88.59"
    assert (entry.unique_id, entry.hash, entry.size) == (UID, hashlib.sha1(data).hexdigest(), len(data))
    assert [each.code for each in entry.events] == ["MR", "774007", "24727-0"]
    assert {each.id for each in entry.references} == {"A-1", "O-1", study.study_uid}
    assert str(entry.creation_time) == "20261123091500"
    setting = manifest(study, report, modality_system="1.2.250.1.213.1.1.5.618").entry
    assert setting.events[0].system == "1.2.250.1.213.1.1.5.618"


def test_report_and_images_of_two_examinations_never_make_a_manifest(study, report, make_report):
    imaging = report.imaging
    cases = {
        "REPORT_WITHOUT_STUDY": (study, make_report()),
        "STUDY_OTHER_EXAMINATION": (study, replace(report, imaging=replace(imaging, study_uid="1.2.3"))),
        "STUDY_OTHER_ACCESSION": (study, replace(report, imaging=replace(imaging, accession=Identifier("B", "1.2")))),
        "STUDY_OTHER_PATIENT": (replace(study, patient_id="77", birth_date="19500101"), report),
    }
    for code, (images, text) in cases.items():
        with pytest.raises(Failure) as raised:
            manifest(images, text)
        assert raised.value.code == code


def test_images_under_a_local_identifier_are_matched_by_it_or_by_name_and_birth_date(study, report):
    local = replace(study, patient_id="IPP-7")
    assert manifest(local, report).entry.unique_id == UID
    assert manifest(local, replace(report, local_patient_id=LocalId("IPP-7", "1.2.3"))).entry.unique_id == UID
    with pytest.raises(Failure, match="STUDY_OTHER_PATIENT"):
        manifest(local, replace(report, local_patient_id=LocalId("IPP-8", "1.2.3")))


def test_a_thumbnail_is_a_small_png_with_contrast(study):
    for series in study.series:
        picture = Image.open(io.BytesIO(thumbnail(series, 96)))
        low, high = picture.convert("L").getextrema()
        assert picture.format == "PNG" and max(picture.size) == 96
        assert high - low > 100


def test_an_object_without_pixels_has_no_thumbnail(study, tmp_path):
    path = study.series[0].instances[0].path
    dataset = pydicom.dcmread(path)
    del dataset.PixelData
    dataset.save_as(path)
    with pytest.raises(Failure, match="IMAGE_UNREADABLE"):
        thumbnail(study.series[0])


def test_relabelled_copies_share_no_identifier_with_the_original(study, tmp_path):
    originals = {read_header(each).sop_uid for each in sample_folder().rglob("*") if each.is_file()}
    copies = {instance.sop_uid for series in study.series for instance in series.instances}
    assert len(copies) == 11 and not copies & originals


def test_the_room_loads_no_heavy_library_before_it_is_used():
    modules = "imaging.manifest, imaging.relabel, imaging.thumbnail, cda.reading, cda.level1, printing"
    imports = "".join(f"import cps_bridge.documents.{each.strip()}\n" for each in modules.split(","))
    code = imports + "import sys\nprint({'pydicom', 'numpy', 'PIL', 'reportlab', 'lxml'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert ended.stdout.strip() == "set()"


SAMPLE = (sample_folder() / "MR1" / "4919").read_bytes()[:2048]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(132, 2000), st.binary(min_size=1, max_size=8)), max_size=4), st.integers(0, 2048))
def test_only_failures_escape_from_any_bytes(tmp_path, changes, length):
    data = bytearray(SAMPLE)
    for place, patch in changes:
        data[place : place + len(patch)] = patch
    path = tmp_path / "any.dcm"
    path.write_bytes(bytes(data[:length]))
    assert outcome(read_header, path)
