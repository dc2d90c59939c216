"""The signature of the assertion, verified with signxml; trust comes by chain to the test authority alone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from signxml.exceptions import SignXMLException

from . import card_certificates
from .call import HostFault
from .envelope import SAML

DS = "http://www.w3.org/2000/09/xmldsig#"
_METHODS = {"sha256": SignatureMethod.RSA_SHA256, "sha1": SignatureMethod.RSA_SHA1}
_DIGESTS = {"sha256": DigestAlgorithm.SHA256, "sha1": DigestAlgorithm.SHA1}
_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_TRANSFORMS = [f"{DS}enveloped-signature", _C14N]


class Trust:
    """The certification authorities of the host, and what may chain to them."""

    def __init__(self, ca_file: Path) -> None:
        certificates = x509.load_pem_x509_certificates(ca_file.read_bytes())
        self._roots = [each for each in certificates if each.issuer == each.subject]
        self._authorities = certificates

    def holds(self, certificate: x509.Certificate, der: bytes) -> bool:
        """Whether a leaf, as it came in der, is in its days of validity and issued, step by step, under our roots.

        Real time is used: the host's movable clock is about dossiers, not about keys.
        """
        now = datetime.now(UTC)
        for _ in range(4):
            if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
                return False
            issuer = next((ca for ca in self._authorities if _issued(certificate, der, ca)), None)
            if issuer is None:
                return False
            if issuer in self._roots:
                return True
            certificate, der = issuer, issuer.public_bytes(Encoding.DER)
        return False


def _issued(certificate: x509.Certificate, der: bytes, ca: x509.Certificate) -> bool:
    try:
        constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return constraints.ca and card_certificates.is_issued_by(certificate, der, ca)


def verified(assertion: Any, trust: Trust, algorithms: Iterable[str]) -> tuple[Any, x509.Certificate]:
    """Verify a signed assertion; give the tree that the verifier returns and the signer's certificate.

    Raises HostFault DMPInvalidSignature, or DMPInvalidCertificate when the certificate is not a signature certificate
    of our authority.
    """
    alone = etree.fromstring(etree.tostring(assertion, with_tail=False))
    _check_shape(alone)
    certificate, der = _certificate(alone)
    if not trust.holds(certificate, der) or not is_for_signature(certificate):
        raise HostFault("DMPInvalidCertificate")
    names = list(algorithms)
    config = SignatureConfiguration(
        require_x509=True,
        location="./",
        expect_references=1,
        signature_methods=frozenset(_METHODS[name] for name in names),
        digest_algorithms=frozenset(_DIGESTS[name] for name in names),
    )
    try:
        result = XMLVerifier().verify(alone, x509_cert=certificate, expect_config=config, id_attribute="ID")
    except (SignXMLException, ValueError, etree.LxmlError):
        raise HostFault("DMPInvalidSignature") from None
    tree = getattr(result, "signed_xml", None)
    if tree is None or tree.tag != f"{{{SAML}}}Assertion" or tree.get("ID") != assertion.get("ID"):
        raise HostFault("DMPInvalidSignature", "the signature does not cover the assertion")
    return tree, certificate


def is_for_signature(certificate: x509.Certificate) -> bool:
    """Whether KeyUsage has nonRepudiation: the signature certificate of a card."""
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment
    except (x509.ExtensionNotFound, ValueError):
        return False


def _check_shape(assertion: Any) -> None:
    signatures = list(assertion.iter(f"{{{DS}}}Signature"))
    if len(signatures) != 1 or len(assertion) < 2 or assertion[1] is not signatures[0]:
        raise HostFault("DMPInvalidSignature", "one Signature, right after Issuer")
    signature = signatures[0]
    if signature.find(f"{{{DS}}}Object") is not None:
        raise HostFault("DMPInvalidSignature", "no Object in this signature")
    methods = [each.get("Algorithm") for each in signature.iter(f"{{{DS}}}CanonicalizationMethod")]
    transforms = [each.get("Algorithm") for each in signature.iter(f"{{{DS}}}Transform")]
    references = [each.get("URI") for each in signature.iter(f"{{{DS}}}Reference")]
    if methods != [_C14N] or transforms != _TRANSFORMS or references != [f"#{assertion.get('ID')}"]:
        raise HostFault("DMPInvalidSignature", "one reference to the assertion, enveloped then exclusive C14N")


def _certificate(assertion: Any) -> tuple[x509.Certificate, bytes]:
    found = assertion.findall(f"./{{{DS}}}Signature/{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    if len(found) != 1:
        raise HostFault("DMPInvalidSignature", "KeyInfo holds the signer's certificate alone")
    try:
        der = base64.b64decode("".join((found[0].text or "").split()), validate=True)
        return card_certificates.load(der), der
    except (binascii.Error, ValueError):
        raise HostFault("DMPInvalidCertificate", "the certificate cannot be read") from None
