"""The signature of a lot: IHE Document Digital Signature, detached, XAdES 1.1.1, one for all documents (ITI TF-3 5.5).

The signature is written canonical with the prefix ``ds:`` throughout, so that no canonicalisation of an inherited
default namespace is ever needed; what is hashed are the bytes of the subtrees with the namespaces in scope declared
on their apex, which is their inclusive C14N form.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from cps_bridge.documents.canonical import Node, node, render
from cps_bridge.documents.digest import digest as content_digest
from cps_bridge.documents.lot import ORIGINAL, SET_ID, member
from cps_bridge.documents.oid import new_oid
from cps_bridge.documents.signed_properties import XADES, signed_properties
from dossier import codes
from dossier.document import BytesContent, Document, Lot, hash_and_size
from dossier.failure import Failure
from dossier.metadata import (
    HIDDEN_FROM_PATIENT,
    MASKED,
    Association,
    AssociationKind,
    Code,
    DocumentEntry,
    LocalId,
    N,
)
from dossier.signer import Signer
from dossier.timestamp import Timestamp
from soap_clients.security.xml_signature import C14N_WITH_COMMENTS, DIGESTS, DS, MANIFEST_TYPE, SIGNATURES, digest

SIGNATURE_ID = "Signature01"
MANIFEST_ID = "IHEManifest"
PROPERTIES_ID = "S0-SignedProperties"
PURPOSE_ID = "purposeOfSignature"
SOURCE = Code("1.2.840.10065.1.12.1.14", "1.2.840.10065.1.12", "Source")
_ZERO = "AA=="
_CLASS = Code("urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1", "URN", "Digital Signature")
_TYPE = Code("E1762", "ASTM", "Full Document")
_FORMAT = Code(DS, "URN", "Default Signature Style")
_SCOPE: Mapping[str, str] = {"ds": DS}
_XADES_SCOPE: Mapping[str, str] = {"ds": DS, "xad": XADES}


def sign_lot(lot: Lot, signer: Signer, signing_time: datetime, hash_name: str = "sha256") -> Lot:
    """Sign a lot with the card's signature key; gives it with Signature01, its HasMember and its signs links.

    signing_time: aware datetime; hash_name: "sha256", or "sha1" for hosts that know nothing else. Raises Failure
    SIGNATURE_HASH_REFUSED, LOT_ALREADY_SIGNED and those of the signer (kind CARD).
    """
    if hash_name not in SIGNATURES:
        raise Failure("SIGNATURE_HASH_REFUSED", hash=hash_name[:20])
    if any(each.entry.entry_uuid == SIGNATURE_ID for each in lot.documents):
        raise Failure("LOT_ALREADY_SIGNED")
    content = BytesContent(render(_signature(lot, signer, signing_time, hash_name)))
    hash_, size = hash_and_size(content)
    entry = _entry(lot, new_oid(lot.submission_set.source_id), signing_time, hash_, size)
    signs = Association(AssociationKind.SIGNS, SIGNATURE_ID, SET_ID, ORIGINAL)
    return replace(
        lot,
        documents=(*lot.documents, Document(entry, content)),
        associations=(*lot.associations, member(SIGNATURE_ID), signs),
    )


def _entry(lot: Lot, unique_id: str, signing_time: datetime, hash_: str, size: int) -> DocumentEntry:
    first, patient = lot.documents[0].entry, lot.submission_set.patient_id
    time = Timestamp(Timestamp.of(signing_time).digits)
    return replace(
        first,
        entry_uuid=SIGNATURE_ID,
        unique_id=unique_id,
        mime_type="text/xml",
        language="art",
        title="Source",
        comments="",
        class_code=_CLASS,
        type_code=_TYPE,
        format_code=_FORMAT,
        events=(SOURCE,),
        references=(),
        confidentiality=tuple(codes.find(codes.CONFIDENTIALITY, each) for each in (N, MASKED, HIDDEN_FROM_PATIENT)),
        creation_time=time,
        authors=lot.submission_set.authors,
        source_patient_id=LocalId(patient.matricule, patient.oid, "NH"),
        hash=hash_,
        size=size,
    )


def _signature(lot: Lot, signer: Signer, signing_time: datetime, hash_name: str) -> Node:
    identifier = f"id-{uuid.uuid4()}"
    manifest = _manifest(lot, hash_name)
    properties = signed_properties(PROPERTIES_ID, signer, signing_time.astimezone(UTC), hash_name)
    signed_info = node(
        "ds:SignedInfo",
        node("ds:CanonicalizationMethod", Algorithm=C14N_WITH_COMMENTS),
        node("ds:SignatureMethod", Algorithm=SIGNATURES[hash_name]),
        _reference(f"#{MANIFEST_ID}", _hashed(manifest, _SCOPE, hash_name), hash_name, kind=MANIFEST_TYPE),
        _reference(
            f"#{PROPERTIES_ID}",
            _hashed(properties, _XADES_SCOPE, hash_name),
            hash_name,
            kind=f"{XADES}SignedProperties",
        ),
    )
    value = signer.sign(hash_name, base64.b64decode(_hashed(signed_info, _SCOPE, hash_name)))
    root = node(
        "ds:Signature",
        signed_info,
        node("ds:SignatureValue", base64.b64encode(value).decode()),
        _key_info(signer),
        node("ds:Object", manifest),
        node("ds:Object", _purpose(identifier)),
        node("ds:Object", _qualifying(identifier, properties)),
        Id=identifier,
    )
    return root.declaring(_SCOPE)


def _hashed(subtree: Node, scope: Mapping[str, str], hash_name: str) -> str:
    """Hash a subtree as its inclusive canonical form shows it: every namespace in scope on its apex."""
    return digest(hash_name, render(subtree.declaring(scope)))


def _reference(uri: str, value: str, hash_name: str, *, kind: str | None = None, canonical: bool = True) -> Node:
    transforms = node("ds:Transforms", node("ds:Transform", Algorithm=C14N_WITH_COMMENTS)) if canonical else None
    return node(
        "ds:Reference",
        transforms,
        node("ds:DigestMethod", Algorithm=DIGESTS[hash_name]),
        node("ds:DigestValue", value),
        URI=uri,
        Type=kind,
    )


def _manifest(lot: Lot, hash_name: str) -> Node:
    """List what is signed: the set with the digest "zero", each document with the digest of its bytes.

    XML documents are digested in canonical form, which is how build_level1 writes them; any other (DICOM) as raw bytes.
    """
    submission = _reference(f"urn:oid:{lot.submission_set.unique_id}", _ZERO, hash_name)
    documents = [
        _reference(
            f"urn:oid:{each.entry.unique_id}",
            base64.b64encode(content_digest(each.content, hash_name)).decode(),
            hash_name,
            canonical=each.entry.mime_type == "text/xml",
        )
        for each in lot.documents
    ]
    return node("ds:Manifest", submission, *documents, Id=MANIFEST_ID)


def _key_info(signer: Signer) -> Node:
    certificate = node("ds:X509Certificate", base64.b64encode(signer.certificate).decode())
    return node("ds:KeyInfo", node("ds:X509Data", certificate))


def _purpose(identifier: str) -> Node:
    return node(
        "ds:SignatureProperties",
        node("ds:SignatureProperty", SOURCE.code, Id=PURPOSE_ID, Target=f"#{identifier}"),
    )


def _qualifying(identifier: str, properties: Node) -> Node:
    return node("xad:QualifyingProperties", properties, Target=f"#{identifier}").declaring({"xad": XADES})
