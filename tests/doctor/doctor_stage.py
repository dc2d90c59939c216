"""What the doctor's tests share: certificates made on the spot, and a place to examine."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from cps_bridge.doctor.place import Place
from cps_bridge.storage.settings import Settings
from dossier.failure import Failure
from dossier.finding import Finding, Health

GOOD, WARNING, BAD = Health.GOOD, Health.WARNING, Health.BAD
LEFT, RIGHT = "Lecteur simulé 1", "Lecteur simulé 2"
PATIENCE = 20.0
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2049, 12, 31, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Issuer:
    """An authority of its own, that nobody knows."""

    key: rsa.RSAPrivateKey
    der: bytes


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    issuer: Issuer, text: str, start: dt.datetime = START, end: dt.datetime = END, name: str = "localhost"
) -> bytes:
    """A certificate of a server, the loopback's when not told otherwise, with the issuer's own key, DER."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(text))
        .issuer_name(x509.load_der_x509_certificate(issuer.der).subject)
        .public_key(issuer.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
    )
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def make_issuer() -> Issuer:
    key = rsa.generate_private_key(65537, 2048)
    builder = (
        x509.CertificateBuilder()
        .subject_name(named("Autorite que personne ne connait"))
        .issuer_name(named("Autorite que personne ne connait"))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(START)
        .not_valid_after(END)
        .add_extension(x509.BasicConstraints(True, None), True)
    )
    return Issuer(key, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))


def write_pem(path: Path, *ders: bytes, key: rsa.RSAPrivateKey | None = None) -> Path:
    parts = [x509.load_der_x509_certificate(each).public_bytes(serialization.Encoding.PEM) for each in ders]
    if key is not None:
        parts.append(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    path.write_bytes(b"".join(parts))
    return path


def by_id(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {each.id: each for each in findings}


def make_place(settings: Settings | None = None, **parts: object) -> Place:
    """A computer with simulated readers and nothing else."""

    def nothing() -> object:
        raise Failure("READER_MISSING")

    given = {
        "directory": Path("/nonexistent"),
        "settings": settings or Settings(),
        "address": None,
        "cards": nothing,
        "outbox": lambda: nullcontext(None),
        "reader_names": tuple,
        "is_inside": True,
    }
    return Place(**given | parts)


class Person:
    """Opens a session: knows the code, takes the first practice situation."""

    def ask(self, question: object) -> object:
        kind = type(question).__name__
        return bytearray(b"1234") if kind == "AskPin" else question.activities[0]

    def tell(self, news: object) -> None:
        pass
