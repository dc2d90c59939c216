"""The practice lists and opens what a regional XDS.b registry holds of the patient on screen."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from card_sim import cast
from card_sim.authority import Authority
from cps_bridge.storage.settings import Settings
from dossier.document import BytesContent, Document, Lot
from dossier.failure import Failure
from dossier.metadata import Association, AssociationKind, Author, Code, DocumentEntry, Person, SubmissionSet
from dossier.patient_identifier import PatientIdentifier
from dossier.timestamp import Timestamp
from host_sim.ihe.serving import IheHost
from soap_clients import generic_submit
from soap_clients.generic import GenericHost, RegistryEndpoints
from soap_clients.generic_transport import PlainTransport

ROOT = "1.2.250.1.999.1.1.7898"
AUTHOR = Author(Person("899900000001", "D'ARC", "Jeanne"))
BODY = b"Bonjour de la region"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The endpoints of a registry that runs as a process of its own."""
    command = [sys.executable, "-m", "host_sim", "serve", "--profile", "ihe", "--data", str(tmp_path / "registry")]
    with subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield json.loads(process.stdout.readline())["endpoints"]
        finally:
            process.terminate()


def _code(code: str) -> Code:
    return Code(code, "1.2.3.4", code)


def _deposit(endpoints: dict[str, str], patient: str, number: int) -> str:
    """Put one document of a person of the cast there, as another software would; give its uniqueId."""
    person = cast.patients()[patient]
    identifier = PatientIdentifier(person.ins, person.oid)
    entry = DocumentEntry(
        entry_uuid="Document01", unique_id=f"{ROOT}.1.{number}", patient_id=identifier.in_metadata,
        mime_type="text/plain", class_code=_code("10"), type_code=_code("T1"), format_code=_code("urn:f"),
        confidentiality=(_code("N"),), facility=_code("SA01"), practice_setting=_code("AMB"),
        creation_time=Timestamp("20260101120000"), title="Un document", authors=(AUTHOR,),
    )  # fmt: skip
    member = Association(
        AssociationKind.HAS_MEMBER, "SubmissionSet01", "Document01", (("SubmissionSetStatus", ("Original",)),)
    )
    submission = SubmissionSet(
        "SubmissionSet01", f"{ROOT}.2.{number}", ROOT, identifier.in_metadata, Timestamp("20260101120000"),
        _code("60"), (AUTHOR,),
    )  # fmt: skip
    host = GenericHost(RegistryEndpoints.from_json(endpoints), PlainTransport())
    generic_submit.submit(host, Lot(submission, (Document(entry, BytesContent(BODY)),), (member,)), identifier)
    host.close()
    return entry.unique_id


def _code_of(practice: Any, use_case: str, **request: Any) -> str:
    with pytest.raises(Failure) as caught:
        practice.do(use_case, **request)
    return str(caught.value.code)


def test_a_practice_lists_and_opens_what_the_region_holds_of_its_patient(
    make_practice: Any, registry: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "registry.json"
    file.write_text(json.dumps(registry), "utf-8")
    practice = make_practice(settings=Settings(registry=str(file)))
    of_jean, of_paul = _deposit(registry, "jean", 1), _deposit(registry, "paul", 2)
    practice.open("generaliste")
    assert _code_of(practice, "regional-list") == "PATIENT_NEEDED"
    practice.meet("jean")
    (entry,) = practice.do("regional-list")
    assert (entry.unique_id, entry.title) == (of_jean, "Un document")
    assert practice.do("regional-open", unique_id=of_jean).body == BODY
    assert _code_of(practice, "regional-open", unique_id=of_paul) == "XDS_PATIENT_MISMATCH"
    assert _code_of(practice, "regional-open", unique_id=f"{ROOT}.9") == "DOCUMENT_NOT_LISTED"
    lines = [(each.action, each.outcome) for each in practice.do("journal") if each.action.startswith("regional")]
    assert {("regional-list", "begun"), ("regional-list", "done"), ("regional-open", "done")} <= set(lines)
    assert ("regional-open", "XDS_PATIENT_MISMATCH") in lines


def test_without_a_regional_registry_the_practice_is_told_so(make_practice: Any) -> None:
    practice = make_practice()
    practice.open("generaliste")
    practice.meet("jean")
    assert _code_of(practice, "regional-list") == "REGISTRY_NOT_CONFIGURED"


@pytest.mark.parametrize("text", ["", "[]", '{"iti18": 1}', "{"])
def test_a_file_of_addresses_that_says_nothing_is_refused(make_practice: Any, tmp_path: Path, text: str) -> None:
    file = tmp_path / "registry.json"
    file.write_text(text, "utf-8")
    practice = make_practice(settings=Settings(registry=str(file)))
    practice.open("generaliste")
    practice.meet("jean")
    assert _code_of(practice, "regional-list") == "REGISTRY_FILE_INVALID"


def test_a_registry_behind_tls_gets_the_certificate_of_the_card(
    make_practice: Any, authority_dir: Path, tmp_path: Path
) -> None:
    authority = Authority.open(authority_dir)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert_file, authority.server_key_file)
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    host = IheHost(tmp_path / "registry")
    host._server.socket = context.wrap_socket(host._server.socket, server_side=True, do_handshake_on_connect=False)
    endpoints = {name: url.replace("http:", "https:") for name, url in host.start()["endpoints"].items()}
    file = tmp_path / "registry.json"
    file.write_text(json.dumps({**endpoints, "ca": str(authority.ca_file)}), "utf-8")
    try:
        practice = make_practice(settings=Settings(registry=str(file)))
        practice.open("generaliste")
        practice.meet("jean")
        assert practice.do("regional-list") == ()
    finally:
        host.stop()
