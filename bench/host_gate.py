"""A signed VIHF verified by the host, beside the least that any verifier does with the same bytes.

Ours: parse, schema, chain of the certificate, canonical forms, digest, signature, Issuer against the certificate, and
every attribute read into a record. The floor: parse and both canonical forms by lxml, digest, and `cryptography`'s
verification with the key of the certificate, which it trusts without a look.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from bench.cast import DOCTOR, PATIENT, authority, keys
from bench.measure import Result, interleaved, processor_milliseconds
from card_sim import cast
from dossier.access import NORMAL_ACCESS
from dossier.certificate import Certificate
from dossier.professional import Activity, HealthStructure, Professional
from host_sim import distinguished, envelope, schemas, signature, vihf
from host_sim.exclusive import DS
from host_sim.signature import Trust
from host_sim.vihf import Vihf
from soap_clients.security.vihf import Software, Speaker, build, sign


def verification(case: str, times: float, rounds: int, goal: float) -> Result:
    """Measure `times` verifications a round, in processor time; milliseconds for one."""
    data = signed_assertion()
    trust = Trust(authority().ca_file)
    repeated = range(int(times))

    def ours() -> None:
        for _ in repeated:
            verify(data, trust)

    def peer() -> None:
        for _ in repeated:
            floor(data)

    rounds_of = (lambda: processor_milliseconds(ours), lambda: processor_milliseconds(peer))
    value, reference = interleaved(*rounds_of, rounds)
    return Result.of(case, value / times, "ms", reference / times, goal)


def signed_assertion() -> bytes:
    """Write an assertion as the client does, signed by the card's signature key (in software), with SHA-256."""
    who = cast.professionals()[DOCTOR]
    place = who.activities[0]
    key = keys()[0]
    speaker = Speaker(
        Professional(who.id_nat, who.family_name, who.given_name, who.profession, who.specialty),
        Activity(HealthStructure(place.structure.id_nat, place.structure.name), place.sector),
        Software("CPS Bridge", "0.1", "1.2.250.1.999.1.1.7898", "1", "TEST"),
        Certificate.parse(key.certificate),
        datetime.now(UTC),
    )
    assertion = build(speaker, NORMAL_ACCESS, PATIENT, datetime.now(UTC))
    sign(assertion, key)
    return etree.tostring(assertion)


def verify(data: bytes, trust: Trust) -> Vihf:
    """Verify an assertion with the code of the host; raises what the host raises."""
    assertion = envelope.parse(data)
    schemas.check_assertion(assertion)
    tree, holder = signature.verified(assertion, trust, ("sha256", "sha1"))
    said = vihf.read(tree)
    if distinguished.parse(said.issuer) != holder.name:
        raise ValueError("Issuer")
    return said


def floor(data: bytes) -> None:
    """Parse and verify the same bytes with the least calls."""
    root = etree.fromstring(data)
    found = root.find(f"{{{DS}}}Signature")
    assert found is not None
    info = found[0]
    certificate = x509.load_der_x509_certificate(base64.b64decode(_text(found, "X509Certificate")))
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    written = etree.tostring(info, method="c14n", exclusive=True)
    key.verify(base64.b64decode(_text(found, "SignatureValue")), written, padding.PKCS1v15(), hashes.SHA256())
    root.remove(found)
    digest = hashlib.sha256(etree.tostring(root, method="c14n", exclusive=True)).digest()
    assert digest == base64.b64decode(_text(info, "DigestValue"))


def _text(parent: etree._Element, name: str) -> str:
    return parent.findtext(f".//{{{DS}}}{name}") or ""
