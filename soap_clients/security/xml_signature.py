"""XML signatures with a key that stays in the card: canonical forms, SignedInfo, enveloped signatures, verification.

The algorithms are those of the DMP interface: RSASSA-PKCS1-v1_5 with SHA-1 or SHA-256 (RFC 6931), Canonical XML 1.0
and Exclusive XML Canonicalization. Prefixes are always written ``ds:``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.signer import Signer

DS = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_WITH_COMMENTS = f"{C14N}#WithComments"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
EXC_C14N_WITH_COMMENTS = f"{EXC_C14N}WithComments"
ENVELOPED = f"{DS}enveloped-signature"
MANIFEST_TYPE = f"{DS}Manifest"
DIGESTS = {"sha1": f"{DS}sha1", "sha256": "http://www.w3.org/2001/04/xmlenc#sha256"}
SIGNATURES = {"sha1": f"{DS}rsa-sha1", "sha256": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"}

_CANONICAL_FORMS = {
    C14N: (False, False),
    C14N_WITH_COMMENTS: (False, True),
    EXC_C14N: (True, False),
    EXC_C14N_WITH_COMMENTS: (True, True),
}
_XML = "{http://www.w3.org/XML/1998/namespace}"
_NSMAP = {"ds": DS}


@dataclass(frozen=True)
class Reference:
    """One ds:Reference (XMLDSig 4.4.3): what is signed and its digest in base64.

    uri: "#id" or a URN; kind: the Type attribute or ""; transforms: algorithm URIs, in order.
    """

    uri: str
    digest: str
    kind: str = ""
    transforms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verified:
    """What a verification vouches for, and nothing else: the signed tree, parsed again from the bytes that were hashed.

    Whoever reads must read ``element``, never the document the signature was found in (signature wrapping).
    """

    element: etree._Element
    certificate: Certificate


def canonicalize(element: etree._Element, exclusive: bool, with_comments: bool = False) -> bytes:
    """Give the canonical bytes of an element where it stands (its tail excluded).

    libxml2 writes spurious ``xmlns=""`` when it canonicalises, inclusively, a child that inherits a default namespace:
    the element is therefore serialised and parsed again first, with the namespaces and, for the inclusive form, the
    ``xml:`` attributes it inherits (Canonical XML 1.0 section 2.4).
    """
    alone = etree.fromstring(etree.tostring(element, with_tail=False), _strict_parser())
    if not exclusive:
        for ancestor in element.iterancestors():
            for name, value in ancestor.attrib.items():
                if str(name).startswith(_XML) and name not in alone.attrib:
                    alone.set(name, value)
    return bytes(etree.tostring(alone, method="c14n", exclusive=exclusive, with_comments=with_comments))


def digest(hash_name: str, data: bytes) -> str:
    """Hash bytes ("sha1", "sha256") and give the digest in base64, as ds:DigestValue holds it."""
    return base64.b64encode(hashlib.new(hash_name, data, usedforsecurity=hash_name != "sha1").digest()).decode()


def build_reference(reference: Reference, hash_name: str = "sha256") -> etree._Element:
    """Write one ds:Reference, for a SignedInfo or a Manifest."""
    element = etree.Element(f"{{{DS}}}Reference", nsmap=_NSMAP)
    element.set("URI", reference.uri)
    if reference.kind:
        element.set("Type", reference.kind)
    if reference.transforms:
        transforms = etree.SubElement(element, f"{{{DS}}}Transforms")
        for algorithm in reference.transforms:
            etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=algorithm)
    etree.SubElement(element, f"{{{DS}}}DigestMethod", Algorithm=DIGESTS[hash_name])
    etree.SubElement(element, f"{{{DS}}}DigestValue").text = reference.digest
    return element


def build_signed_info(
    references: Sequence[Reference], *, hash_name: str = "sha256", canonical_form: str = EXC_C14N
) -> etree._Element:
    """Write ds:SignedInfo (XMLDSig 4.4) over references; hash_name serves for the signature and for every digest."""
    element = etree.Element(f"{{{DS}}}SignedInfo", nsmap=_NSMAP)
    etree.SubElement(element, f"{{{DS}}}CanonicalizationMethod", Algorithm=canonical_form)
    etree.SubElement(element, f"{{{DS}}}SignatureMethod", Algorithm=SIGNATURES[hash_name])
    element.extend(build_reference(each, hash_name) for each in references)
    return element


def sign_signed_info(signed_info: etree._Element, signer: Signer) -> str:
    """Sign a ds:SignedInfo *in the place where it will stay* and give ds:SignatureValue in base64.

    The canonical form and the hash are those that the element itself names. Raises Failure of the signer.
    """
    form = _algorithm(signed_info, "CanonicalizationMethod")
    hash_name = _hash_of(_algorithm(signed_info, "SignatureMethod"), SIGNATURES)
    data = canonicalize(signed_info, *_CANONICAL_FORMS[form])
    hashed = hashlib.new(hash_name, data, usedforsecurity=hash_name != "sha1").digest()
    return base64.b64encode(signer.sign(hash_name, hashed)).decode()


def build_key_info(certificates: Sequence[bytes]) -> etree._Element:
    """Write ds:KeyInfo/ds:X509Data with certificates given in DER."""
    element = etree.Element(f"{{{DS}}}KeyInfo", nsmap=_NSMAP)
    data = etree.SubElement(element, f"{{{DS}}}X509Data")
    for der in certificates:
        etree.SubElement(data, f"{{{DS}}}X509Certificate").text = base64.b64encode(der).decode()
    return element


def sign_enveloped(element: etree._Element, signer: Signer, *, position: int, hash_name: str = "sha256") -> None:
    """Put into an element, as its child at ``position``, a ds:Signature over it (exclusive form, leaf certificate).

    element: has an ``ID`` attribute (SAML 2.0 core 5.4.2). Raises Failure of the signer.
    """
    reference = Reference(
        uri=f"#{_attribute(element, 'ID')}",
        digest=digest(hash_name, canonicalize(element, exclusive=True)),
        transforms=(ENVELOPED, EXC_C14N),
    )
    signature = etree.Element(f"{{{DS}}}Signature", nsmap=_NSMAP)
    signed_info = build_signed_info([reference], hash_name=hash_name)
    signature.append(signed_info)
    element.insert(position, signature)
    etree.SubElement(signature, f"{{{DS}}}SignatureValue").text = sign_signed_info(signed_info, signer)
    signature.append(build_key_info([signer.certificate]))


def verify_enveloped(element: etree._Element) -> Verified:
    """Verify the enveloped signature of an element and give back only the tree that it covers.

    Accepts one ds:Signature, child of the element, with one reference to the element's own ID, the enveloped and the
    exclusive canonicalisation transforms, SHA-1 or SHA-256. Whether the certificate is trusted is the caller's
    question. Raises Failure SIGNATURE_INVALID.
    """
    signatures = element.findall(f"{{{DS}}}Signature")
    if len(signatures) != 1:
        raise Failure("SIGNATURE_INVALID", reason="not exactly one signature")
    signature = signatures[0]
    signed_info = _only(signature, "SignedInfo")
    reference = _only(signed_info, "Reference")
    own_id = _attribute(element, "ID")
    if not own_id or _attribute(reference, "URI") != f"#{own_id}":
        raise Failure("SIGNATURE_INVALID", reason="the reference is not to the element itself")
    transforms = [each.get("Algorithm") for each in reference.iter(f"{{{DS}}}Transform")]
    if (
        transforms != [ENVELOPED, EXC_C14N]
        or next(reference.iter(f"{{{EXC_C14N}}}InclusiveNamespaces"), None) is not None
    ):
        raise Failure("SIGNATURE_INVALID", reason="unexpected transforms")
    covered = _without_signature(element)
    hash_name = _hash_of(_algorithm(reference, "DigestMethod"), DIGESTS)
    if digest(hash_name, covered) != "".join((_only(reference, "DigestValue").text or "").split()):
        raise Failure("SIGNATURE_INVALID", reason="digest")
    certificate = _certificate(signature)
    _check_value(signature, signed_info, certificate)
    return Verified(etree.fromstring(covered, _strict_parser()), certificate)


def _check_value(signature: etree._Element, signed_info: etree._Element, certificate: Certificate) -> None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    form = _CANONICAL_FORMS.get(_algorithm(signed_info, "CanonicalizationMethod"))
    hash_name = _hash_of(_algorithm(signed_info, "SignatureMethod"), SIGNATURES)
    if form is None:
        raise Failure("SIGNATURE_INVALID", reason="canonicalisation method")
    chosen = hashes.SHA256() if hash_name == "sha256" else hashes.SHA1()  # noqa: S303 - cards of 2019 sign so
    try:
        key = serialization.load_der_public_key(certificate.public_key)
        if not isinstance(key, rsa.RSAPublicKey):
            raise Failure("SIGNATURE_INVALID", reason="not an RSA key")
        key.verify(
            _decoded(_only(signature, "SignatureValue")), canonicalize(signed_info, *form), padding.PKCS1v15(), chosen
        )
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        raise Failure("SIGNATURE_INVALID", reason="signature value") from error


def _without_signature(element: etree._Element) -> bytes:
    alone = etree.fromstring(etree.tostring(element, with_tail=False), _strict_parser())
    signature = alone.find(f"{{{DS}}}Signature")
    if signature is not None:
        _remove_keeping_tail(signature)
    return canonicalize(alone, exclusive=True)


def _remove_keeping_tail(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


def _certificate(signature: etree._Element) -> Certificate:
    found = next(signature.iter(f"{{{DS}}}X509Certificate"), None)
    if found is None:
        raise Failure("SIGNATURE_INVALID", reason="no certificate")
    return Certificate.parse(_decoded(found))


def _decoded(element: etree._Element) -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failure("SIGNATURE_INVALID", reason="base64") from error


def _only(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(f"{{{DS}}}{name}")
    if len(found) != 1:
        raise Failure("SIGNATURE_INVALID", reason=f"not exactly one {name}")
    return found[0]


def _algorithm(parent: etree._Element, name: str) -> str:
    return _attribute(_only(parent, name), "Algorithm")


def _attribute(element: etree._Element, name: str) -> str:
    value = element.get(name)
    return value if isinstance(value, str) else ""


def _hash_of(algorithm: str, known: dict[str, str]) -> str:
    for hash_name, uri in known.items():
        if uri == algorithm:
            return hash_name
    raise Failure("SIGNATURE_INVALID", reason="unknown algorithm")


def _strict_parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
