"""Our documents before the official rules: schema, header rules, IHE, content models, national models, volet."""

from __future__ import annotations

import importlib.util
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cps_bridge.documents.cda.level1 import Identifier, ImagingOrder, Report, build_level1
from cps_bridge.documents.cda.narrative import read_sections
from cps_bridge.documents.cda.reading import extract_body, read_cda
from dossier.document import BytesContent, FileContent, read_chunks
from dossier.metadata import MASKED, Code, LocalId
from dossier.patient import INS_NIR_TEST, IdentityStatus, Ins, PatientIdentity, Sex, Traits, nir_key
from dossier.professional import Activity, HealthStructure, Professional
from dossier.timestamp import Timestamp

pytestmark = [
    pytest.mark.official,
    pytest.mark.skipif(importlib.util.find_spec("saxonche") is None, reason="saxonche is not installed"),
]
ROOT = "1.2.250.1.999.1.1.7898"
INS = Ins("2790351215189" + nir_key("2790351215189"), INS_NIR_TEST)
PLAIN = PatientIdentity(
    Traits("PAT-TROIS", ("DOMINIQUE",), "19790328", Sex.FEMALE, "51215"), IdentityStatus.QUALIFIED, INS
)
RARE = PatientIdentity(
    Traits("O'HARA & <FILS>", ("ZOÉ", "A"), "19790000", Sex.UNKNOWN, "99100", "D'ÉTÉ-LA-TRÈS-LONGUE-VALLÉE"),
    IdentityStatus.QUALIFIED,
    INS,
)
DOCTOR = Professional("899700000001", "MARTIN", "Claire", "10", "SM26")
RADIOLOGIST = Professional("899700000005", "BENALI", "Nadia", "10", "SM44")


def at(sector: str) -> Activity:
    return Activity(HealthStructure("10B0000001", "Cabinet des Lilas"), sector)


def order(**changes: Any) -> ImagingOrder:
    given: dict[str, Any] = {
        "study_uid": "1.2.3.4.5",
        "accession": Identifier("A-1", "1.2.250.1.999.5"),
        "order": Identifier("O-1", "1.2.250.1.999.6"),
        "modalities": ("MR",),
        "region": "774007",
        "act": Code("24727-0", "2.16.840.1.113883.6.1", "CT Head W contrast IV"),
    }
    return ImagingOrder(**{**given, **changes})


CASES: dict[str, dict[str, Any]] = {
    "consultation": {},
    "rare-identity": {"patient": RARE, "confidentiality": (MASKED,), "local_patient_id": LocalId("77", "1.2.3.4")},
    "pharmacist": {
        "author": Professional("899700000004", "MERCIER", "Paul", "21", "A"),
        "activity": at("SA33"),
        "type_code": "56445-0",
    },
    "nurse-text": {
        "author": Professional("899700000006", "PETIT", "Julie", "60"),
        "activity": at("SA07"),
        "media_type": "text/plain",
    },
    "hospital": {"activity": at("SA01"), "type_code": "11490-0", "service_start": Timestamp.parse("20261120")},
    "replacement": {"replaces": f"{ROOT}.1", "set_id": f"{ROOT}.2", "version": 2, "media_type": "image/jpeg"},
    "imaging": {
        "author": RADIOLOGIST,
        "activity": at("SA07"),
        "type_code": "18748-4",
        "imaging": order(),
        "service_stop": Timestamp.parse("20261123103500+0100"),
    },
    "imaging-bare": {
        "author": RADIOLOGIST,
        "activity": at("SA07"),
        "type_code": "18748-4",
        "imaging": order(order=None, region="", act=None),
    },
}


def write(folder: Path, name: str, changes: dict[str, Any]) -> Path:
    given: dict[str, Any] = {
        "patient": PLAIN,
        "author": DOCTOR,
        "activity": at("SA08"),
        "type_code": "11488-4",
        "title": 'Compte rendu « été » & "suite" <fin>',
        "body": BytesContent(b"%PDF-1.4 %%EOF"),
        "media_type": "application/pdf",
        "created": Timestamp.parse("20261123101500+0100"),
        "software_oid": ROOT,
    }
    document = build_level1(Report(**{**given, **changes}), f"{ROOT}.12345")
    path = folder / f"{name}.xml"
    path.write_bytes(b"".join(read_chunks(document.content)))
    return path


def check(rules: Path, *names: str, files: list[Path]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(rules / "check_cda.py"), "--root", str(rules), "--rules", *names, "--"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False, env=environment)


def test_our_level_1_documents_pass_all_official_rules_without_a_remark(rules, tmp_path):
    files = [write(tmp_path, name, changes) for name, changes in CASES.items()]
    ended = check(rules, "xsd", "strucmin", "ihe", "modeles", "ans", "volet", files=files)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr


def test_the_rules_do_refuse_a_document_that_lacks_its_custodian(rules, tmp_path):
    path = write(tmp_path, "mutant", {})
    data = path.read_bytes()
    start, end = data.index(b"<custodian>"), data.index(b"</custodian>") + len(b"</custodian>")
    path.write_bytes(data[:start] + data[end:])
    assert check(rules, "strucmin", files=[path]).returncode == 1


def test_every_official_example_can_be_read(rules):
    files = sorted((rules / "examples").glob("*.xml"))
    assert files
    for path in files:
        header, sections = read_cda(FileContent(path)), read_sections(FileContent(path))
        assert header.patient is not None and header.title and header.authors and header.created
        assert header.is_structured == bool(sections)
        if sections:
            assert sum(len(each.lines) for each in sections) > 0
        else:
            assert extract_body(FileContent(path), io.BytesIO()) == "application/pdf"
