"""People, reports and keys that the tests of the documents room share."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.x509.oid import NameOID

from cps_bridge.documents.cda.level1 import Identifier, ImagingOrder, Report
from dossier.document import BytesContent, Content, read_chunks
from dossier.metadata import Code
from dossier.patient import INS_NIR_TEST, IdentityStatus, Ins, PatientIdentity, Sex, Traits, nir_key
from dossier.professional import Activity, HealthStructure, Professional
from dossier.timestamp import Timestamp

ROOT = "1.2.250.1.999.1.1.7898"
PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< /Size 2 >>\nstartxref\n9\n%%EOF\n"


def make_ins(body: str = "2790351215189") -> Ins:
    return Ins.parse(body + nir_key(body), INS_NIR_TEST)


@pytest.fixture
def patient() -> PatientIdentity:
    traits = Traits("PAT-TROIS", ("DOMINIQUE", "MARIE-LOUISE"), "19790328", Sex.FEMALE, "51215", "L'ÉTÉ & <FILS>")
    return PatientIdentity(traits, IdentityStatus.QUALIFIED, make_ins())


@pytest.fixture
def doctor() -> Professional:
    return Professional("899700000001", "MARTIN", "Claire", "10", "SM26")


@pytest.fixture
def surgery() -> Activity:
    return Activity(HealthStructure("10B0000001", "Cabinet des Lilas"), "SA08")


@pytest.fixture
def order() -> ImagingOrder:
    return ImagingOrder(
        study_uid="1.2.3.4.5",
        accession=Identifier("A-1", "1.2.250.1.999.5"),
        order=Identifier("O-1", "1.2.250.1.999.6"),
        modalities=("MR",),
        region="774007",
        act=Code("24727-0", "2.16.840.1.113883.6.1", "CT Head W contrast IV"),
    )


@pytest.fixture
def make_report(patient: PatientIdentity, doctor: Professional, surgery: Activity) -> Callable[..., Report]:
    def make(**changes: Any) -> Report:
        values: dict[str, Any] = {
            "patient": patient,
            "author": doctor,
            "activity": surgery,
            "type_code": "11488-4",
            "title": 'Compte rendu « été » & "suite" <fin>',
            "body": BytesContent(PDF),
            "media_type": "application/pdf",
            "created": Timestamp.parse("20261123101500+0100"),
            "software_oid": ROOT,
        }
        return Report(**{**values, **changes})

    return make


@dataclass(frozen=True)
class SoftSigner:
    """A software key where a card would be."""

    key: rsa.RSAPrivateKey
    certificate: bytes
    chain: tuple[bytes, ...]

    def sign(self, hash_name: str, digest: bytes) -> bytes:
        chosen = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}[hash_name]
        return self.key.sign(digest, padding.PKCS1v15(), utils.Prehashed(chosen))


@pytest.fixture(scope="session")
def signer() -> SoftSigner:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    issuer = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ASIP, SANTE + CO"),
            x509.NameAttribute(NameOID.COMMON_NAME, "TEST AC"),
        ]
    )
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "899700000001"), x509.NameAttribute(NameOID.SURNAME, "MARTIN")]
    )
    return SoftSigner(key, _certificate(key, subject, issuer), (_certificate(key, issuer, issuer),))


def _certificate(key: rsa.RSAPrivateKey, subject: x509.Name, issuer: x509.Name) -> bytes:
    start = dt.datetime(2026, 1, 1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(123456789012345678901234567890)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@pytest.fixture
def run() -> Callable[..., bytes]:
    """Run an independent tool and give its standard output; skips, saying so, when the tool is not installed."""

    def run(*command: str | Path, data: bytes | None = None) -> bytes:
        if shutil.which(str(command[0])) is None:
            pytest.skip(f"{command[0]} is not installed")
        ended = subprocess.run([str(each) for each in command], input=data, capture_output=True, check=False)
        assert ended.returncode == 0, ended.stderr.decode(errors="replace")
        return ended.stdout

    return run


@pytest.fixture
def bytes_of() -> Callable[[Content], bytes]:
    return lambda content: b"".join(read_chunks(content))
