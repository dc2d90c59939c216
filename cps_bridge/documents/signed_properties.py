"""The XAdES 1.1.1 signed properties (ETSI TS 101 903 v1.1.1, 7.2): time, certificate chain, implied policy."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from cps_bridge.documents.canonical import Node, node
from dossier.certificate import Certificate
from dossier.signer import Signer
from soap_clients.security.xml_signature import DIGESTS

XADES = "http://uri.etsi.org/01903/v1.1.1#"
_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}


def signed_properties(identifier: str, signer: Signer, signing_time: datetime, hash_name: str) -> Node:
    """Write xad:SignedProperties with the whole chain of the signer; signing_time: UTC.

    Raises Failure CERTIFICATE_UNREADABLE.
    """
    chain = (signer.certificate, *signer.chain)
    return node(
        "xad:SignedProperties",
        node(
            "xad:SignedSignatureProperties",
            node("xad:SigningTime", signing_time.strftime("%Y-%m-%dT%H:%M:%SZ")),
            node("xad:SigningCertificate", *(_certificate(each, hash_name) for each in chain)),
            node("xad:SignaturePolicyIdentifier", node("xad:SignaturePolicyImplied")),
        ),
        node("xad:SignedDataObjectProperties"),
        Id=identifier,
    )


def _certificate(der: bytes, hash_name: str) -> Node:
    certificate = Certificate.parse(der)
    value = base64.b64encode(hashlib.new(hash_name, der, usedforsecurity=False).digest()).decode()
    return node(
        "xad:Cert",
        node(
            "xad:CertDigest",
            node("xad:DigestMethod", Algorithm=DIGESTS[hash_name]),
            node("xad:DigestValue", value),
        ),
        node(
            "xad:IssuerSerial",
            node("ds:X509IssuerName", distinguished_name(certificate.issuer_rdns)),
            node("ds:X509SerialNumber", str(certificate.serial)),
        ),
    )


def distinguished_name(rdns: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """Write a name as RFC 4514 does: last RDN first; an attribute type without short name by its OID and DER value."""
    return ",".join("+".join(_pair(kind, value) for kind, value in rdn) for rdn in reversed(rdns))


def _pair(kind: str, value: str) -> str:
    if kind in _NAMES:
        return f"{_NAMES[kind]}={_escaped(value)}"
    data = value.encode()
    return f"{kind}=#0c{len(data):02x}{data.hex()}" if len(data) < 128 else f"{kind}={_escaped(value)}"


def _escaped(value: str) -> str:
    text = "".join(f"\\{each}" if each in '",+;<>\\' else each for each in value)
    if text.startswith(("#", " ")):
        text = "\\" + text
    return text[:-1] + "\\ " if text.endswith(" ") and len(text) > 1 else text
