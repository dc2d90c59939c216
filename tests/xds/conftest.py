"""A real virtual host in its own process, and the general practitioner who speaks to it with a software key."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from card_sim import cast
from card_sim.authority import Authority
from dossier.patient import INS_NIR_TEST, IdentityStatus, Ins, PatientIdentity, Sex, Traits
from dossier.professional import Activity, CardKind, HealthStructure, Professional
from soap_clients.host import Endpoints, Host, Software
from soap_clients.transport import Transport

_HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class KeyInFile:
    """A software key where a card would be."""

    key: rsa.RSAPrivateKey
    certificate: bytes
    chain: tuple[bytes, ...]

    def sign(self, hash_name: str, digest: bytes) -> bytes:
        return self.key.sign(digest, padding.PKCS1v15(), utils.Prehashed(_HASHES[hash_name]))


@dataclass(frozen=True)
class Practice:
    """A professional connected to the host, with the key that signs lots."""

    host: Host
    professional: Professional
    activity: Activity
    signature: KeyInFile


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, authority_dir: Path) -> Iterator[dict[str, Any]]:
    data = tmp_path_factory.mktemp("host")
    command = [sys.executable, "-m", "host_sim", "serve", "--data", str(data), "--authority", str(authority_dir)]
    with subprocess.Popen(
        [*command, "--with-parent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture
def practice(served: dict[str, Any], authority_dir: Path) -> Iterator[Practice]:
    yield from connected("generaliste", served, authority_dir)


@pytest.fixture
def colleague(served: dict[str, Any], authority_dir: Path) -> Iterator[Practice]:
    yield from connected("generaliste-port", served, authority_dir)


@pytest.fixture
def secretary(served: dict[str, Any], authority_dir: Path) -> Iterator[Practice]:
    yield from connected("secretaire", served, authority_dir)


@pytest.fixture
def radiologist(served: dict[str, Any], authority_dir: Path) -> Iterator[Practice]:
    yield from connected("radiologue", served, authority_dir)


def connected(name: str, served: dict[str, Any], authority_dir: Path) -> Iterator[Practice]:
    authority = Authority.open(authority_dir)
    signature_key, tls_key, signature_certificate, tls_certificate = authority.card_material(name)
    person = cast.professionals()[name]
    place = person.activities[0]
    professional = Professional(
        person.id_nat,
        person.family_name,
        person.given_name,
        person.profession,
        person.specialty,
        CardKind(person.card_kind),
        is_test=True,
    )
    activity = Activity(HealthStructure(place.structure.id_nat, place.structure.name), place.sector)
    signature = KeyInFile(signature_key, signature_certificate, authority.card_chain)
    host = Host(
        Endpoints.from_json(served["endpoints"]),
        Transport(KeyInFile(tls_key, tls_certificate, authority.card_chain), Path(served["ca"])),
        professional,
        activity,
        Software("CPS Bridge", "0.1", "1.2.250.1.999.1.1.7898", "1", "TEST"),
        signature=signature,
    )
    yield Practice(host, professional, activity, signature)
    host.close()


def patient(name: str) -> PatientIdentity:
    person = cast.patients()[name]
    traits = Traits(
        person.birth_name,
        tuple(person.given_names),
        person.birth_date,
        Sex(person.sex),
        person.birth_place,
        person.usage_name,
    )
    return PatientIdentity(traits, IdentityStatus.QUALIFIED, Ins(person.ins, INS_NIR_TEST))


@pytest.fixture
def jean() -> PatientIdentity:
    return patient("jean")


@pytest.fixture
def amelie() -> PatientIdentity:
    return patient("amelie")
