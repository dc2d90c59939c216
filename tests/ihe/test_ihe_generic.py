"""Our client's generic profile against a plain registry: generic identifiers, no VIHF, with and without TLS."""

from __future__ import annotations

import io
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ihe_wire import Client

from card_sim import cast
from card_sim.authority import Authority
from dossier.document import BytesContent, Document, Lot, hash_and_size
from dossier.document_filter import DocumentFilter
from dossier.failure import Failure
from dossier.metadata import (
    Association,
    AssociationKind,
    Author,
    Availability,
    Code,
    DocumentEntry,
    Person,
    Reference,
    SubmissionSet,
)
from dossier.patient_identifier import PatientIdentifier
from dossier.timestamp import Timestamp
from host_sim.ihe.serving import IheHost
from soap_clients import generic_query as query
from soap_clients import generic_submit, generic_update
from soap_clients.generic import GenericHost, RegistryEndpoints
from soap_clients.generic_retrieve import retrieve
from soap_clients.generic_transport import PlainTransport
from soap_clients.transport import Transport

PATIENT = PatientIdentifier("REG-00042", "1.2.250.1.999.42")
OTHER = PatientIdentifier("REG-00043", "1.2.250.1.999.42")
ROOT = "1.2.250.1.999.1.1.7898"
AUTHOR = Author(Person("899900000001", "D'ARC", "Jeanne"))
_count = iter(range(10_000))


def _code(code: str) -> Code:
    return Code(code, "1.2.3.4", code)


def _set() -> SubmissionSet:
    return SubmissionSet(
        "SubmissionSet01", f"{ROOT}.2.{next(_count)}", ROOT, PATIENT.in_metadata, Timestamp("20260101120000"),
        _code("60"), (AUTHOR,),
    )  # fmt: skip


def _lot(data: bytes = b"bonjour", **changes: object) -> Lot:
    entry = DocumentEntry(
        entry_uuid="Document01", unique_id=f"{ROOT}.1.{next(_count)}", patient_id=PATIENT.in_metadata,
        mime_type="text/plain", class_code=_code("10"), type_code=_code("T1"), format_code=_code("urn:f"),
        confidentiality=(_code("N"),), facility=_code("SA01"), practice_setting=_code("AMB"),
        creation_time=Timestamp("20260101120000"), title="Un document", authors=(AUTHOR,),
    )  # fmt: skip
    entry = replace(entry, **changes)
    member = Association(
        AssociationKind.HAS_MEMBER, "SubmissionSet01", "Document01", (("SubmissionSetStatus", ("Original",)),)
    )
    return Lot(_set(), (Document(entry, BytesContent(data)),), (member,))


@pytest.fixture
def host(site) -> Iterator[GenericHost]:
    made = GenericHost(RegistryEndpoints.from_json(site.facts["endpoints"]), PlainTransport())
    yield made
    made.close()


def _deposited(host: GenericHost, data: bytes = b"bonjour", **changes: object) -> DocumentEntry:
    lot = _lot(data, **changes)
    generic_submit.submit(host, lot, PATIENT)
    (found,) = query.get(host, PATIENT, [lot.documents[0].entry.unique_id])
    return found


def test_a_deposited_document_is_found_and_comes_back(host: GenericHost) -> None:
    lot = _lot(b"bytes" * 1000, references=(Reference("A42", "1.2.3", "urn:ihe:iti:xds:2013:accession"),))
    generic_submit.submit(host, lot, PATIENT)
    (found,) = query.find(host, PATIENT)
    sent = lot.documents[0].entry
    assert (found.unique_id, found.title, found.authors, found.references) == (
        sent.unique_id, sent.title, sent.authors, sent.references
    )  # fmt: skip
    assert (found.hash, found.size) == hash_and_size(lot.documents[0].content)
    assert found.patient_id == PATIENT.in_metadata
    sink = io.BytesIO()
    retrieve(host, found, sink)
    assert sink.getvalue() == b"bytes" * 1000


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (DocumentFilter(), 2),
        (DocumentFilter(class_codes=(_code("10"),)), 1),
        (DocumentFilter(class_codes=(_code("10"), _code("11"))), 2),
        (DocumentFilter(type_codes=(_code("T2"),)), 0),
        (DocumentFilter(author="D'ARC"), 2),
        (DocumentFilter(author="DUPONT"), 0),
        (DocumentFilter(created_from=Timestamp("20260102")), 1),
        (DocumentFilter(created_to=Timestamp("20260102")), 1),
        (DocumentFilter(event_codes=(_code("E1"),)), 1),
        (DocumentFilter(statuses=(Availability.DEPRECATED,)), 0),
    ],
)
def test_a_filter_keeps_what_it_says(host: GenericHost, wanted: DocumentFilter, count: int) -> None:
    _deposited(host)
    _deposited(host, class_code=_code("11"), creation_time=Timestamp("20260201"), events=(_code("E1"),))
    assert len(list(query.find(host, PATIENT, wanted))) == count


def test_another_patient_has_no_document(host: GenericHost) -> None:
    _deposited(host)
    assert list(query.find(host, OTHER)) == []


def test_a_replaced_document_is_deprecated(host: GenericHost) -> None:
    old = _deposited(host)
    generic_submit.replace_document(host, old, _lot(b"nouveau", title="Nouveau"), PATIENT)
    assert [each.title for each in query.find(host, PATIENT)] == ["Nouveau"]
    (former,) = query.find(host, PATIENT, DocumentFilter(statuses=(Availability.DEPRECATED,)))
    assert former.entry_uuid == old.entry_uuid


def test_metadata_are_updated_and_a_stale_version_is_told(host: GenericHost) -> None:
    found = _deposited(host)
    generic_update.update(host, replace(found, title="Autre titre"), _set(), PATIENT)
    (newest,) = query.find(host, PATIENT)
    assert (newest.title, newest.version, newest.logical_id) == ("Autre titre", "2", found.logical_id)
    with pytest.raises(Failure, match="XDS_VERSION_STALE"):
        generic_update.update(host, replace(found, title="Trop tard"), _set(), PATIENT)


def test_a_document_is_deprecated_then_approved_again(host: GenericHost) -> None:
    found = _deposited(host)
    generic_update.change_status(host, found, Availability.DEPRECATED, _set(), PATIENT)
    assert list(query.find(host, PATIENT)) == []
    found = replace(found, status=Availability.DEPRECATED)
    generic_update.change_status(host, found, Availability.APPROVED, _set(), PATIENT)
    assert len(list(query.find(host, PATIENT))) == 1


def test_entries_of_another_repository_are_registered_alone(host: GenericHost) -> None:
    lot = _lot(hash="0" * 40, size=12, repository_id="1.2.3")
    generic_submit.register(host, lot, PATIENT)
    (found,) = query.find(host, PATIENT)
    assert (found.repository_id, found.size) == ("1.2.3", 12)


def _retrieve(host: GenericHost, **changes: str) -> None:
    retrieve(host, replace(_deposited(host), **changes), io.BytesIO())


@pytest.mark.parametrize(
    ("failing", "code"),
    [
        (lambda host: _retrieve(host, unique_id="1.2.3"), "XDS_DOCUMENT_UNKNOWN"),
        (lambda host: _retrieve(host, hash="0" * 40), "DOCUMENT_HASH_MISMATCH"),
        (lambda host: generic_submit.replace_document(host, _lot().documents[0].entry, _lot(), PATIENT),
         "XDS_REPLACED_NOT_FOUND"),
        (lambda host: generic_submit.submit(host, _lot(language=""), PATIENT), "XDS_(METADATA_)?REFUSED"),
    ],
    ids=["unknown document", "wrong hash", "nothing to replace", "refused metadata"],
)  # fmt: skip
def test_refusals_have_the_failures_of_the_house(host: GenericHost, failing, code: str) -> None:
    with pytest.raises(Failure, match=code):
        failing(host)


def test_the_same_document_with_other_bytes_is_refused(host: GenericHost) -> None:
    found = _deposited(host)
    with pytest.raises(Failure, match="XDS_NON_IDENTICAL_HASH"):
        generic_submit.submit(host, _lot(b"autre", unique_id=found.unique_id), PATIENT)


def test_a_service_without_address_is_told(site) -> None:
    host = GenericHost(RegistryEndpoints.from_json({"iti18": site.facts["endpoints"]["iti18"]}), PlainTransport())
    with pytest.raises(Failure, match="REGISTRY_SERVICE_MISSING"):
        generic_submit.submit(host, _lot(), PATIENT)
    host.close()


def test_a_registry_that_is_not_there_is_unreachable(site) -> None:
    host = GenericHost(RegistryEndpoints.from_json({"iti41": "http://127.0.0.1:9/x"}), PlainTransport())
    with pytest.raises(Failure, match="HOST_UNREACHABLE"):
        generic_submit.submit(host, _lot(), PATIENT)
    host.close()


@pytest.mark.parametrize(
    "url", ["http://registre.example.org/x", "ftp://127.0.0.1/", "http://127.0.0.1.evil.fr/x", "x"]
)
def test_without_tls_only_this_machine_is_an_address(url: str) -> None:
    with pytest.raises(Failure, match="HOST_ADDRESS_INVALID"):
        RegistryEndpoints.from_json({"iti18": url})


@pytest.mark.parametrize("text", ["", "123", "1^^^&x&ISO", "^^^&1.2&ISO", "a^b^^&1.2&ISO", "a^^^&1.2&DNS"])
def test_what_is_not_a_cx_is_no_identifier(text: str) -> None:
    with pytest.raises(Failure, match="PATIENT_IDENTIFIER_SHAPE"):
        PatientIdentifier.parse(text)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=80), st.from_regex(r"[A-Z^&]{0,5}\^\^\^&[0-9.]{0,9}&ISO.{0,5}", fullmatch=True)))
def test_any_text_is_an_identifier_or_a_failure(text: str) -> None:
    try:
        assert PatientIdentifier.parse(PatientIdentifier.parse(text).cx)
    except Failure as failure:
        assert failure.code == "PATIENT_IDENTIFIER_SHAPE"


def test_an_identifier_is_read_with_or_without_its_type() -> None:
    assert PatientIdentifier.parse("A-1^^^&1.2.3&ISO") == PatientIdentifier.parse("A-1^^^&1.2.3&ISO^PI")
    assert PatientIdentifier.parse("A-1^^^&1.2.3&ISO^PI").cx == "A-1^^^&1.2.3&ISO"


@pytest.fixture(scope="session")
def authority(authority_dir: Path) -> Authority:
    return Authority.open(authority_dir)


@contextmanager
def _behind_tls(directory: Path, authority: Authority, *, certificate_wanted: bool) -> Iterator[RegistryEndpoints]:
    host = IheHost(directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert_file, authority.server_key_file)
    if certificate_wanted:
        context.load_verify_locations(authority.ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    server = host._server
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    urls = {name: url.replace("http:", "https:") for name, url in host.start()["endpoints"].items()}
    try:
        yield RegistryEndpoints.from_json(urls)
    finally:
        host.stop()


def test_a_registry_behind_tls_is_reached_by_its_authorities(tmp_path: Path, authority: Authority) -> None:
    with _behind_tls(tmp_path, authority, certificate_wanted=False) as endpoints:
        client = GenericHost(endpoints, Transport(None, authority.ca_file))
        assert _deposited(client).title == "Un document"
        client.close()


def test_a_registry_that_wants_a_certificate_gets_the_one_of_the_establishment(
    tmp_path: Path, authority: Authority
) -> None:
    structure_signer = pytest.importorskip("soap_clients.security.structure_signer")
    files = authority.structure_files(next(iter(cast.structures())))
    signer = structure_signer.StructureSigner.load(files.auth_pem)
    with _behind_tls(tmp_path, authority, certificate_wanted=True) as endpoints:
        client = GenericHost(endpoints, Transport(signer, authority.ca_file))
        assert _deposited(client).title == "Un document"
        client.close()
        nobody = GenericHost(endpoints, Transport(None, authority.ca_file))
        with pytest.raises(Failure):
            _deposited(nobody)
        nobody.close()


def test_what_our_client_deposits_another_client_reads(site, host: GenericHost, client: Client) -> None:
    found = _deposited(host)
    seen = client.entry_of(found.entry_uuid)
    values = [each.get("value") for each in seen if each.tag.endswith("}ExternalIdentifier")]
    assert values == [PATIENT.cx, found.unique_id]
