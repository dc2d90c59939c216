"""The signature of the assertion, verified on forms that the host writes itself; trust comes by chain to one authority.

XML Signature core 3.2, in the one shape that a VIHF has (SAML 2.0 core 5.4): enveloped, one reference to the
assertion, exclusive canonicalisation. Only what was hashed is given back, read from the very same events.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from . import card_certificates, distinguished, exclusive
from .call import HostFault
from .canonical import XmlError
from .distinguished import Name
from .exclusive import DS, Node, Reading

_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SIGNATURE, _METHOD = f"{{{DS}}}Signature", f"{{{DS}}}CanonicalizationMethod"
_INCLUSIVE = f"{{{_C14N}}}InclusiveNamespaces"
_TRANSFORMS = [f"{DS}enveloped-signature", _C14N]
_METHODS = {f"{DS}rsa-sha1": "sha1", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "sha256"}
_DIGESTS = {f"{DS}sha1": "sha1", "http://www.w3.org/2001/04/xmlenc#sha256": "sha256"}
_HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}  # noqa: S303 - old cards sign with SHA-1
_REMEMBERED = 1024
_MAX_CHAIN = 4
_ORGANISATIONS = "organisations"  # how the authority of structures' certificates ends its name


@dataclass(frozen=True)
class Holder:
    """A certificate of our authority: its subject, its key, and what it is for.

    signs: KeyUsage has nonRepudiation, it is a signature certificate; is_structure: ORG_SIGN or ORG_AUTH_CLI, of a
    place and not of a person.
    """

    name: Name
    key: rsa.RSAPublicKey
    signs: bool
    is_structure: bool
    not_before: datetime
    not_after: datetime


class Trust:
    """The certification authorities of the host, and what chains to them; remembers the certificates it judged."""

    def __init__(self, ca_file: Path) -> None:
        self._authorities = x509.load_pem_x509_certificates(ca_file.read_bytes())
        self._roots = [each for each in self._authorities if each.issuer == each.subject]
        self._known: dict[bytes, Holder] = {}
        self._lock = threading.Lock()

    def holder(self, der: bytes) -> Holder:
        """Judge a leaf as it came: in its days of validity and issued, step by step, under our roots.

        Real time is used: the host's movable clock is about dossiers, not about keys. Raises HostFault
        DMPInvalidCertificate.
        """
        found = self._known.get(der) or self._judge(der)
        if not found.not_before <= datetime.now(UTC) <= found.not_after:
            raise HostFault("DMPInvalidCertificate", "a certificate of the chain is not valid now")
        return found

    def _judge(self, der: bytes) -> Holder:
        try:
            certificate = card_certificates.load(der)
            chain = self._chain(certificate, der)
            key = certificate.public_key()
            name = distinguished.of_certificate(certificate)
        except (ValueError, UnsupportedAlgorithm):
            raise HostFault("DMPInvalidCertificate", "the certificate cannot be read") from None
        if not isinstance(key, rsa.RSAPublicKey) or not chain:
            raise HostFault("DMPInvalidCertificate")
        issuer = distinguished.common_name(distinguished.of_certificate(chain[0]))
        found = Holder(
            name=name,
            key=key,
            signs=is_for_signature(certificate),
            is_structure=issuer.endswith(_ORGANISATIONS),
            not_before=max(each.not_valid_before_utc for each in (certificate, *chain)),
            not_after=min(each.not_valid_after_utc for each in (certificate, *chain)),
        )
        with self._lock:
            if len(self._known) >= _REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[der] = found
        return found

    def _chain(self, certificate: x509.Certificate, der: bytes) -> list[x509.Certificate]:
        chain: list[x509.Certificate] = []
        while len(chain) < _MAX_CHAIN:
            issuer = next((ca for ca in self._authorities if _issued(certificate, der, ca)), None)
            if issuer is None:
                return []
            chain.append(issuer)
            if issuer in self._roots:
                return chain
            certificate, der = issuer, issuer.public_bytes(Encoding.DER)
        return []


def _issued(certificate: x509.Certificate, der: bytes, ca: x509.Certificate) -> bool:
    try:
        constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return constraints.ca and card_certificates.is_issued_by(certificate, der, ca)


def is_for_signature(certificate: x509.Certificate) -> bool:
    """Whether KeyUsage has nonRepudiation: a signature certificate."""
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment
    except (x509.ExtensionNotFound, ValueError):
        return False


def verified(assertion: Any, trust: Trust, algorithms: Iterable[str]) -> tuple[Node, Holder]:
    """Verify a signed assertion (an lxml element); give what was hashed, read once, and who signed.

    Raises HostFault DMPInvalidSignature, or DMPInvalidCertificate when the certificate is not a signature certificate
    of our authority.
    """
    found = list(assertion.iter(_SIGNATURE))
    if len(found) != 1 or assertion.index(found[0]) != 1:
        raise HostFault("DMPInvalidSignature", "one Signature, right after Issuer")
    reading = _read(assertion)
    signature = reading.root.children[1]
    info = _one(signature, "SignedInfo")
    reference = _one(info, "Reference")
    allowed = frozenset(algorithms)
    method = _algorithm(info, "SignatureMethod", _METHODS, allowed)
    digest = _algorithm(reference, "DigestMethod", _DIGESTS, allowed)
    _check_coverage(info, reference, reading.root.get("ID"))
    data = _one(_one(signature, "KeyInfo"), "X509Data")
    signer = trust.holder(_decoded(_one(data, "X509Certificate")))
    if not signer.signs:
        raise HostFault("DMPInvalidCertificate")
    value = _decoded(_one(signature, "SignatureValue"))
    try:
        signer.key.verify(value, reading.signed_info, padding.PKCS1v15(), _HASHES[method])
    except InvalidSignature:
        raise HostFault("DMPInvalidSignature") from None
    if hashlib.new(digest, reading.element).digest() != _decoded(_one(reference, "DigestValue")):
        raise HostFault("DMPInvalidSignature")
    return reading.root, signer


def unsigned(assertion: Any) -> Node:
    """Read an assertion that has no signature; HostFault when it has part of one."""
    if next(assertion.iter(f"{{{DS}}}*"), None) is not None:
        raise HostFault("DMPInvalidSignature", "a part of a signature")
    return _read(assertion).root


def _read(assertion: Any) -> Reading:
    listed: dict[str, list[str]] = {}
    for each in assertion.iter(_INCLUSIVE):
        names = each.get("PrefixList", "").split()
        listed[each.getparent().tag] = ["" if name == "#default" else name for name in names]
    data = etree.tostring(assertion, with_tail=False)
    try:
        return exclusive.read(data, listed.get(f"{{{DS}}}Transform", ()), listed.get(_METHOD, ()))
    except XmlError:
        raise HostFault("DMPInvalidSignature", "the assertion has no canonical form") from None


def _one(parent: Node, name: str) -> Node:
    found = parent.named(f"{{{DS}}}{name}")
    if len(found) != 1:
        raise HostFault("DMPInvalidSignature", f"not exactly one {name}")
    return found[0]


def _algorithm(parent: Node, name: str, known: dict[str, str], allowed: frozenset[str]) -> str:
    found = known.get(_one(parent, name).get("Algorithm"), "")
    if found not in allowed:
        raise HostFault("DMPInvalidSignature", f"{name} is not accepted")
    return found


def _check_coverage(info: Node, reference: Node, identifier: str) -> None:
    method = _one(info, "CanonicalizationMethod").get("Algorithm")
    transforms = [each.get("Algorithm") for each in _one(reference, "Transforms").named(f"{{{DS}}}Transform")]
    if method != _C14N or transforms != _TRANSFORMS or reference.get("URI") != f"#{identifier}" or not identifier:
        raise HostFault("DMPInvalidSignature", "one reference to the assertion, enveloped then exclusive C14N")


def _decoded(element: Node) -> bytes:
    try:
        return base64.b64decode("".join(element.text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise HostFault("DMPInvalidSignature", "not base64") from None
