"""The signature of a lot (IHE DSG with XAdES 1.1.1): verified down to every document, with code of the host alone.

XML Signature core 3.2 and 5.1 (Manifest). Canonical forms come from `host_sim.canonical`, over the re-serialised
subtree: libxml2's inclusive canonical form of an element inside its tree adds undeclared default namespaces.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from . import card_certificates
from .canonical import XmlError, canonical

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.1.1#"
C14N_COMMENTS = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
SIGNED_PROPERTIES = f"{XADES}SignedProperties"
PURPOSE = "1.2.840.10065.1.12.1.14"

_DIGESTS = {f"{DS}sha1": "sha1", "http://www.w3.org/2001/04/xmlenc#sha256": "sha256"}
_HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}  # noqa: S303 - the profile signs with SHA-1
_ALGORITHMS = {f"{DS}rsa-sha1": "sha1", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "sha256"}
_COMMON_NAME, _ORGANISATION_UNIT = "2.5.4.3", "2.5.4.11"
_ORGANISATIONS = "organisations"  # how the authority of structures' certificates ends its name
_MAX_CHAIN = 4
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")


class SignatureError(ValueError):
    """The signature does not hold; the text says why."""


@dataclass(frozen=True)
class SignedItem:
    """A document of the lot: its digests by name (sha1, sha256), raw and canonical (empty: not XML)."""

    unique_id: str
    raw: Mapping[str, bytes]
    canonical: Mapping[str, bytes] = field(default_factory=dict)


def read_authorities(ca_file: Path | None) -> tuple[x509.Certificate, ...]:
    """Read the PEM file of trusted authorities; empty without a file (then no signature holds)."""
    return tuple(x509.load_pem_x509_certificates(ca_file.read_bytes())) if ca_file else ()


def verify(
    data: bytes, set_id: str, items: Iterable[SignedItem], authorities: Iterable[x509.Certificate], now: datetime
) -> x509.Certificate:
    """Verify the signature document of a lot and give the signer's certificate; raises SignatureError.

    set_id is the uniqueId of the submission set, whose manifest digest is the single zero byte (`AA==`); items are
    all the other documents: each must be in the manifest, and nothing else may be.
    """
    root = _parse(data)
    certificate, der = _certificate(root)
    _check_certificate(certificate, der, tuple(authorities), now)
    signed_info = _one(root, f"{{{DS}}}SignedInfo")
    _check_value(root, signed_info, certificate)
    targets = _check_references(root, signed_info)
    _check_manifest(targets[f"{DS}Manifest"], set_id, {item.unique_id: item for item in items})
    _check_properties(targets[SIGNED_PROPERTIES], (der, certificate.serial_number), root.get("Id", ""), now)
    found = [each for each in root.iter("{*}SignatureProperty") if each.get("Id") == "purposeOfSignature"]
    if len(found) != 1 or "".join(found[0].itertext()).strip() != PURPOSE:
        raise SignatureError("the purpose of the signature is missing")
    return certificate


def _parse(data: bytes) -> Any:
    try:
        canonical(data)  # also refuses DOCTYPE and excessive depth
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        root = etree.fromstring(data, parser)
    except (XmlError, etree.XMLSyntaxError) as error:
        raise SignatureError("the signature is not XML") from error
    if root.tag != f"{{{DS}}}Signature" or not root.get("Id"):
        raise SignatureError("the root is not a ds:Signature with an Id")
    ids = [each.get("Id") for each in root.iter(etree.Element) if each.get("Id")]
    if len(set(ids)) != len(ids):
        raise SignatureError("an Id occurs twice")
    return root


def _one(parent: Any, path: str) -> Any:
    found = parent.findall(path)
    if len(found) != 1:
        raise SignatureError(f"expected once: {path.rpartition('}')[2]}")
    return found[0]


def _decode(element: Any) -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError("a base64 value is damaged") from error


def _canonical(element: Any, algorithm: str) -> bytes:
    if algorithm not in (C14N, C14N_COMMENTS):
        raise SignatureError("canonicalisation not accepted")
    whole = etree.tostring(element, encoding="utf-8", with_tail=False)
    try:
        return canonical(whole, comments=algorithm == C14N_COMMENTS)
    except XmlError as error:
        raise SignatureError("the signature is not XML") from error


def _certificate(root: Any) -> tuple[x509.Certificate, bytes]:
    held = root.findall(f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    if not held:
        raise SignatureError("KeyInfo has no certificate")
    der = _decode(held[0])
    try:
        return card_certificates.load(der), der
    except ValueError as error:
        raise SignatureError("the certificate cannot be read") from error


def _check_certificate(
    leaf: x509.Certificate, der: bytes, authorities: tuple[x509.Certificate, ...], now: datetime
) -> None:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError) as error:
        raise SignatureError("the certificate has no key usage") from error
    if not usage.content_commitment:
        raise SignatureError("not a valid signature certificate (nonRepudiation is missing)")
    current = leaf
    for _ in range(_MAX_CHAIN):
        if not current.not_valid_before_utc <= now <= current.not_valid_after_utc:
            raise SignatureError("a certificate of the chain is not valid now")
        if current != leaf and current.issuer == current.subject:
            return
        current = _issuer(current, der, authorities)
        der = current.public_bytes(Encoding.DER)
    raise SignatureError("the certificate does not chain to a trusted authority")


def _issuer(certificate: x509.Certificate, der: bytes, authorities: tuple[x509.Certificate, ...]) -> x509.Certificate:
    for each in authorities:
        if card_certificates.is_issued_by(certificate, der, each):
            return each
    raise SignatureError("the certificate does not chain to a trusted authority")


def _check_value(root: Any, signed_info: Any, certificate: x509.Certificate) -> None:
    method = _one(signed_info, f"{{{DS}}}CanonicalizationMethod").get("Algorithm", "")
    algorithm = _ALGORITHMS.get(_one(signed_info, f"{{{DS}}}SignatureMethod").get("Algorithm", ""))
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureError("the key of the certificate cannot be read") from error
    if algorithm is None or not isinstance(key, rsa.RSAPublicKey):
        raise SignatureError("signature method not accepted")
    value = _decode(_one(root, f"{{{DS}}}SignatureValue"))
    try:
        key.verify(value, _canonical(signed_info, method), padding.PKCS1v15(), _HASHES[algorithm])
    except InvalidSignature as error:
        raise SignatureError("SignatureValue does not match SignedInfo") from error


def _digest_of(reference: Any) -> tuple[str, bytes]:
    # XAdES 1.1.1 has DigestMethod in its own namespace, later issues in that of XML Signature: both occur.
    name = _DIGESTS.get(_one(reference, "{*}DigestMethod").get("Algorithm", ""))
    if name is None:
        raise SignatureError("digest method not accepted")
    return name, _decode(_one(reference, "{*}DigestValue"))


def _transforms(reference: Any) -> list[str]:
    found = reference.findall(f"{{{DS}}}Transforms/{{{DS}}}Transform")
    return [each.get("Algorithm", "") for each in found]


def _check_references(root: Any, signed_info: Any) -> dict[str, Any]:
    """Check both references of SignedInfo; gives the referenced elements by Type."""
    references = signed_info.findall(f"{{{DS}}}Reference")
    kinds = sorted(each.get("Type", "") for each in references)
    if kinds != sorted([f"{DS}Manifest", SIGNED_PROPERTIES]):
        raise SignatureError("SignedInfo refers to a Manifest and to SignedProperties, once each")
    targets = {}
    for each in references:
        uri = each.get("URI", "")
        matches = [node for node in root.iter(etree.Element) if uri[:1] == "#" and node.get("Id") == uri[1:]]
        if len(matches) != 1:
            raise SignatureError("a reference of SignedInfo points nowhere")
        transforms = _transforms(each) or [C14N]
        name, digest = _digest_of(each)
        if len(transforms) != 1 or hashlib.new(name, _canonical(matches[0], transforms[0])).digest() != digest:
            raise SignatureError(f"digest of {uri[:40]} does not match")
        targets[each.get("Type")] = matches[0]
    if targets[f"{DS}Manifest"].tag != f"{{{DS}}}Manifest":
        raise SignatureError("the manifest is not a ds:Manifest")
    if targets[SIGNED_PROPERTIES].tag != f"{{{XADES}}}SignedProperties":
        raise SignatureError("the signed properties are not XAdES 1.1.1")
    return targets


def _check_manifest(manifest: Any, set_id: str, items: dict[str, SignedItem]) -> None:
    references = {}
    for each in manifest.findall(f"{{{DS}}}Reference"):
        uri = each.get("URI", "")
        if uri in references:
            raise SignatureError("the manifest names a document twice")
        references[uri] = each
    expected = {f"urn:oid:{name}" for name in (set_id, *items)}
    if set(references) != expected:
        raise SignatureError("the manifest does not name exactly the documents of the lot and the submission set")
    _, digest = _digest_of(references[f"urn:oid:{set_id}"])
    if digest != b"\0":
        raise SignatureError("the manifest digest of the submission set is not AA==")
    for unique_id, item in items.items():
        reference = references[f"urn:oid:{unique_id}"]
        name, digest = _digest_of(reference)
        transforms = _transforms(reference)
        wanted = item.canonical if item.canonical else item.raw
        if transforms != ([C14N_COMMENTS] if item.canonical else []):
            raise SignatureError(f"transforms of document {unique_id[:64]} are not those of its kind")
        if wanted.get(name) != digest:
            raise SignatureError(f"digest of document {unique_id[:64]} does not match")


def _check_properties(properties: Any, signer: tuple[bytes, int], signature_id: str, now: datetime) -> None:
    holder = properties.getparent()
    if holder.tag != f"{{{XADES}}}QualifyingProperties" or holder.get("Target", "").lstrip("#") != signature_id:
        raise SignatureError("QualifyingProperties do not target this signature")
    signed = f"{{{XADES}}}SignedSignatureProperties"
    text = (_one(properties, f"{signed}/{{{XADES}}}SigningTime").text or "").strip()
    if not _TIME.match(text) or datetime.fromisoformat(text) > now + timedelta(days=1):
        raise SignatureError("SigningTime is missing, in the future, or without a zone")
    fingerprints = []
    for each in properties.iterfind(f"{signed}/{{{XADES}}}SigningCertificate/{{{XADES}}}Cert"):
        name, digest = _digest_of(_one(each, f"{{{XADES}}}CertDigest"))
        serial = _one(each, f"{{{XADES}}}IssuerSerial/{{*}}X509SerialNumber").text or ""
        same = digest == hashlib.new(name, signer[0]).digest()
        fingerprints.append(same and serial.strip() == str(signer[1]))
    if not any(fingerprints):
        raise SignatureError("SigningCertificate does not name the certificate of KeyInfo")
    _one(properties, f"{signed}/{{{XADES}}}SignaturePolicyIdentifier/{{{XADES}}}SignaturePolicyImplied")


def common_name(certificate: x509.Certificate) -> str:
    """The common name of the subject, the PS_IdNat on a card certificate; "" when there is not exactly one."""
    found = [value for rdn in card_certificates.subject(certificate) for oid, value in rdn if oid == _COMMON_NAME]
    return found[0][2:].decode(errors="replace") if len(found) == 1 else ""


def structure(certificate: x509.Certificate) -> str:
    """The Struct_IdNat (OU of the subject) on a certificate of a structure; "" on a card's, which may name one too."""
    issuers = certificate.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    found = [value for rdn in card_certificates.subject(certificate) for oid, value in rdn if oid == _ORGANISATION_UNIT]
    if len(found) != 1 or not any(str(each.value).casefold().endswith(_ORGANISATIONS) for each in issuers):
        return ""
    return found[0][2:].decode(errors="replace")
