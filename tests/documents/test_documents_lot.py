"""A lot and its signature, verified by other programs than ours."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from lxml import etree

from cps_bridge.documents.cda.level1 import build_level1
from cps_bridge.documents.lot import add_replacement, build_lot, content_type_of
from cps_bridge.documents.lot_signature import sign_lot
from cps_bridge.documents.signed_properties import distinguished_name
from dossier.certificate import Certificate
from dossier.document import BytesContent, Document
from dossier.failure import Failure
from dossier.metadata import AssociationKind
from dossier.patient import INS_NIR_TEST, Ins, nir_key
from dossier.professional import Activity, HealthStructure

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
ROOT = "1.2.250.1.999.1.1.7898"
NS = {"ds": "http://www.w3.org/2000/09/xmldsig#", "xad": "http://uri.etsi.org/01903/v1.1.1#"}
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"


@pytest.fixture
def lot(make_report, doctor, surgery, patient):
    first = build_level1(make_report(), f"{ROOT}.1")
    second = build_level1(make_report(title="Ordonnance", type_code="57833-6"), f"{ROOT}.2")
    raw = BytesContent(b"\x00" * 128 + b"DICM" + bytes(range(256)))
    entry = replace(first.entry, unique_id=f"{ROOT}.3", mime_type="application/dicom")
    documents = (first, second, Document(entry, raw))
    return build_lot(documents, doctor, surgery, patient.ins, "60", ROOT, NOW)


def test_a_lot_has_one_set_symbolic_ids_and_a_link_for_each_document(lot):
    assert [each.entry.entry_uuid for each in lot.documents] == ["Document01", "Document02", "Document03"]
    assert lot.submission_set.entry_uuid == "SubmissionSet01"
    assert [(each.source, each.target) for each in lot.associations] == [
        ("SubmissionSet01", f"Document0{number}") for number in (1, 2, 3)
    ]
    assert all(each.slots == (("SubmissionSetStatus", ("Original",)),) for each in lot.associations)
    assert str(lot.submission_set.submission_time) == "20261123091500"
    assert lot.submission_set.authors == lot.documents[0].entry.authors


def test_a_lot_is_of_one_patient_and_holds_something(lot, doctor, surgery, patient):
    another = Ins.parse("1790351215189" + nir_key("1790351215189"), INS_NIR_TEST)
    with pytest.raises(Failure, match="PATIENT_MISMATCH"):
        build_lot(lot.documents, doctor, surgery, another, "60", ROOT, NOW)
    with pytest.raises(Failure, match="LOT_EMPTY"):
        build_lot((), doctor, surgery, patient.ins, "60", ROOT, NOW)


def test_the_content_type_is_the_sector_where_the_list_has_it():
    def of(sector: str) -> str:
        return content_type_of(Activity(HealthStructure("1", "x"), sector))

    assert (of("SA07"), of("SA01")) == ("SA07", "60")


def test_a_replacement_names_the_entry_of_the_host(lot):
    replaced = add_replacement(lot, "Document02", "urn:uuid:old")
    link = replaced.associations[-1]
    assert (link.kind, link.source, link.target) == (AssociationKind.REPLACES, "Document02", "urn:uuid:old")
    with pytest.raises(Failure, match="LOT_WITHOUT_DOCUMENT"):
        add_replacement(lot, "Document09", "urn:uuid:old")


def signature_of(lot, bytes_of) -> bytes:
    return bytes_of(lot.documents[-1].content)


@pytest.mark.parametrize("hash_name", ["sha256", "sha1"])
def test_xmlsec1_verifies_the_signature(lot, signer, hash_name, run, bytes_of, tmp_path):
    signature, certificate = tmp_path / "signature.xml", tmp_path / "certificate.der"
    signature.write_bytes(signature_of(sign_lot(lot, signer, NOW, hash_name), bytes_of))
    certificate.write_bytes(signer.certificate)
    run(
        *("xmlsec1", "--verify", "--ignore-manifests", "--pubkey-cert-der", certificate, "--enabled-key-data", "rsa"),
        *("--id-attr:Id", f"{NS['ds']}:Manifest", "--id-attr:Id", f"{NS['xad']}:SignedProperties", signature),
    )


def test_xmlsec1_refuses_a_manifest_that_was_touched(lot, signer, run, bytes_of, tmp_path):
    signature, certificate = tmp_path / "signature.xml", tmp_path / "certificate.der"
    data = signature_of(sign_lot(lot, signer, NOW), bytes_of)
    signature.write_bytes(data.replace(b"urn:oid:1.2.250.1.999.1.1.7898.2", b"urn:oid:1.2.250.1.999.1.1.7898.9"))
    certificate.write_bytes(signer.certificate)
    with pytest.raises(AssertionError):
        run(
            *("xmlsec1", "--verify", "--ignore-manifests", "--pubkey-cert-der", certificate),
            *("--enabled-key-data", "rsa", "--id-attr:Id", f"{NS['ds']}:Manifest"),
            *("--id-attr:Id", f"{NS['xad']}:SignedProperties", signature),
        )


@pytest.mark.parametrize("hash_name", ["sha256", "sha1"])
def test_every_digest_is_recomputed_by_xmllint_and_openssl(lot, signer, hash_name, run, bytes_of, tmp_path):
    signed = sign_lot(lot, signer, NOW, hash_name)
    root = etree.fromstring(signature_of(signed, bytes_of))
    references = root.findall(".//ds:Manifest/ds:Reference", NS)
    assert references[0].get("URI") == f"urn:oid:{lot.submission_set.unique_id}"
    assert references[0].findtext("ds:DigestValue", namespaces=NS) == "AA=="
    for document, reference in zip(lot.documents, references[1:], strict=True):
        assert reference.get("URI") == f"urn:oid:{document.entry.unique_id}"
        path = tmp_path / document.entry.entry_uuid
        path.write_bytes(bytes_of(document.content))
        transforms = [each.get("Algorithm") for each in reference.iterfind(".//ds:Transform", NS)]
        is_xml = document.entry.mime_type == "text/xml"
        assert transforms == ([C14N] if is_xml else [])
        data = run("xmllint", "--c14n", path) if is_xml else path.read_bytes()
        value = run("openssl", "dgst", f"-{hash_name}", "-binary", data=data)
        assert reference.findtext("ds:DigestValue", namespaces=NS) == base64.b64encode(value).decode()


def test_the_signature_entry_is_as_the_profile_says(lot, signer, bytes_of):
    signed = sign_lot(lot, signer, NOW)
    entry, data = signed.documents[-1].entry, signature_of(signed, bytes_of)
    assert (entry.entry_uuid, entry.mime_type, entry.language, entry.title) == (
        *("Signature01", "text/xml", "art", "Source"),
    )
    assert (entry.type_code.code, entry.type_code.system) == ("E1762", "ASTM")
    assert entry.class_code.code == "urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1"
    assert entry.format_code.code == "http://www.w3.org/2000/09/xmldsig#"
    assert [each.code for each in entry.confidentiality] == ["N", "MASQUE_PS", "INVISIBLE_PATIENT"]
    assert entry.source_patient_id.id_type == "NH"
    assert (entry.hash, entry.size) == (hashlib.sha1(data).hexdigest(), len(data))
    assert entry.unique_id.startswith(ROOT + ".")
    kinds = [(each.kind, each.source, each.target) for each in signed.associations[-2:]]
    assert kinds == [
        (AssociationKind.HAS_MEMBER, "SubmissionSet01", "Signature01"),
        (AssociationKind.SIGNS, "Signature01", "SubmissionSet01"),
    ]


def test_the_signature_is_canonical_and_carries_the_chain(lot, signer, bytes_of, run, tmp_path):
    data = signature_of(sign_lot(lot, signer, NOW), bytes_of)
    path = tmp_path / "signature.xml"
    path.write_bytes(data)
    assert run("xmllint", "--c14n", path) == data
    root = etree.fromstring(data)
    properties = root.find(".//xad:SignedProperties", NS)
    assert properties.findtext(".//xad:SigningTime", namespaces=NS) == "2026-11-23T09:15:00Z"
    certificates = properties.findall(".//xad:Cert", NS)
    digests = [each.findtext(".//xad:DigestValue", namespaces=NS) for each in certificates]
    chain = (signer.certificate, *signer.chain)
    assert digests == [base64.b64encode(hashlib.sha256(each).digest()).decode() for each in chain]
    assert certificates[0].findtext(".//ds:X509SerialNumber", namespaces=NS) == "123456789012345678901234567890"
    assert root.findtext(".//ds:SignatureProperty", namespaces=NS) == "1.2.840.10065.1.12.1.14"
    assert root.findtext(".//ds:X509Certificate", namespaces=NS) == base64.b64encode(signer.certificate).decode()


def test_the_issuer_name_is_written_as_another_library_does(signer):
    issuer = Certificate.parse(signer.certificate).issuer_rdns
    assert distinguished_name(issuer) == x509.load_der_x509_certificate(signer.certificate).issuer.rfc4514_string()


def test_a_lot_is_signed_once_and_with_a_known_hash(lot, signer):
    with pytest.raises(Failure, match="SIGNATURE_HASH_REFUSED"):
        sign_lot(lot, signer, NOW, "md5")
    with pytest.raises(Failure, match="LOT_ALREADY_SIGNED"):
        sign_lot(sign_lot(lot, signer, NOW), signer, NOW)


def test_names_of_the_manifest_never_use_a_default_namespace(lot, signer, bytes_of):
    data = signature_of(sign_lot(lot, signer, NOW), bytes_of)
    assert b"xmlns=" not in data and data.startswith(b"<ds:Signature ")
