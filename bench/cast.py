"""The professional and the lot of the deposit cases: a software key, a fictional patient, one document of any size."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from card_sim import cast
from card_sim.authority import Authority, fingerprint
from dossier import codes
from dossier.document import Document, FileContent, Lot, hash_and_size
from dossier.metadata import Association, AssociationKind, Author, DocumentEntry, Institution, Person, SubmissionSet
from dossier.patient import INS_NIR_TEST, Ins
from dossier.professional import Activity, HealthStructure, Professional
from dossier.timestamp import Timestamp
from soap_clients.host import Endpoints, Host, Software
from soap_clients.transport import Transport

DOCTOR = "generaliste"
PATIENT = Ins(cast.patients()["jean"].ins, INS_NIR_TEST)
_HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


@dataclass(frozen=True)
class SoftwareKey:
    """A key in memory where a card would be: a dossier Signer."""

    key: rsa.RSAPrivateKey
    certificate: bytes
    chain: tuple[bytes, ...]

    def sign(self, hash_name: str, digest: bytes) -> bytes:
        """Sign a digest, PKCS#1 v1.5."""
        return self.key.sign(digest, padding.PKCS1v15(), utils.Prehashed(_HASHES[hash_name]))


def authority() -> Authority:
    """Open the throw-away authority of this user, making it the first time."""
    directory = Path(tempfile.gettempdir()) / f"cps-bridge-test-authority-{os.getuid()}-{fingerprint()}"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Authority.open(directory)


def keys() -> tuple[SoftwareKey, SoftwareKey]:
    """Give the signature key and the authentication key of the doctor."""
    made = authority()
    signature, authentication, signature_certificate, authentication_certificate = made.card_material(DOCTOR)
    return (
        SoftwareKey(signature, signature_certificate, made.card_chain),
        SoftwareKey(authentication, authentication_certificate, made.card_chain),
    )


def host(url: str, transport: Transport) -> Host:
    """Connect the doctor to a host whose every service is at one address."""
    person = cast.professionals()[DOCTOR]
    place = person.activities[0]
    return Host(
        Endpoints(*[url] * len(fields(Endpoints))),
        transport,
        Professional(person.id_nat, person.family_name, person.given_name, person.profession, person.specialty),
        Activity(HealthStructure(place.structure.id_nat, place.structure.name), place.sector),
        Software("CPS Bridge", "0.1", "1.2.250.1.999.1.1.7898", "1", "TEST"),
        signature=keys()[0],
    )


def lot_of(path: Path) -> Lot:
    """Put one file into a lot, hashing it as a deposit does."""
    content = FileContent(path)
    digest, size = hash_and_size(content)
    moment = Timestamp.of(datetime.now(UTC))
    person = cast.professionals()[DOCTOR]
    place = person.activities[0].structure
    author = Author(
        Person(person.id_nat, person.family_name, person.given_name),
        codes.find(codes.SPECIALTY, "G15_10/SM26"),
        Institution(place.name, place.id_nat),
    )
    entry = DocumentEntry(
        entry_uuid="Document01",
        unique_id="1.2.250.1.999.1.1.7898.1",
        patient_id=PATIENT,
        mime_type="text/xml",
        class_code=codes.class_of("11488-4"),
        type_code=codes.find(codes.TYPE, "11488-4"),
        format_code=codes.find(codes.FORMAT, "urn:ihe:iti:xds-sd:pdf:2008"),
        confidentiality=(codes.find(codes.CONFIDENTIALITY, "N"),),
        facility=codes.find(codes.FACILITY, "SA08"),
        practice_setting=codes.find(codes.PRACTICE_SETTING, "AMBULATOIRE"),
        creation_time=moment,
        title="Consultation",
        authors=(author,),
        service_start=moment,
        hash=digest,
        size=size,
    )
    submission = SubmissionSet(
        entry_uuid="SubmissionSet01",
        unique_id="1.2.250.1.999.1.1.7898.2",
        source_id="1.2.250.1.999.1.1.7898",
        patient_id=PATIENT,
        submission_time=moment,
        content_type=codes.find(codes.CONTENT_TYPE, "60"),
        authors=(author,),
    )
    link = Association(AssociationKind.HAS_MEMBER, "SubmissionSet01", "Document01")
    return Lot(submission, (Document(entry, content),), (link,))
