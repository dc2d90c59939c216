"""Level 1 CDA: canonical bytes, honest metadata, flat memory."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from cps_bridge.documents.canonical import node, render
from cps_bridge.documents.cda.header import birth_time
from cps_bridge.documents.cda.level1 import build_level1
from cps_bridge.documents.digest import stream_of
from cps_bridge.documents.oid import is_oid, new_oid
from dossier.document import BytesContent, FileContent, StreamContent, hash_and_size, read_chunks
from dossier.failure import Failure
from dossier.metadata import HIDDEN_FROM_PATIENT, MASKED
from dossier.patient import IdentityStatus, PatientIdentity, Sex, Traits
from dossier.professional import Professional
from dossier.timestamp import Timestamp

UID = "1.2.250.1.999.1.1.7898.12345"
V3 = {"c": "urn:hl7-org:v3"}


def test_the_bytes_are_their_own_canonical_form_for_two_other_programs(make_report, order, run, bytes_of, tmp_path):
    for number, changes in enumerate(
        ({}, {"imaging": order, "type_code": "18748-4", "replaces": "1.2.3", "version": 2})
    ):
        data = bytes_of(build_level1(make_report(**changes), UID).content)
        path = tmp_path / f"{number}.xml"
        path.write_bytes(data)
        assert run("xmllint", "--c14n", path) == data
        assert etree.tostring(etree.fromstring(data), method="c14n", with_comments=True) == data


def test_hash_size_and_digests_are_those_of_the_bytes(make_report, bytes_of):
    document = build_level1(make_report(), UID)
    data = bytes_of(document.content)
    assert (document.entry.hash, document.entry.size) == (hashlib.sha1(data).hexdigest(), len(data))
    assert hash_and_size(document.content) == (document.entry.hash, document.entry.size)
    assert document.content.digests["sha256"] == hashlib.sha256(data).digest()


def test_the_metadata_say_what_the_header_says(make_report, bytes_of):
    document = build_level1(make_report(confidentiality=(MASKED,)), UID)
    root, entry = etree.fromstring(bytes_of(document.content)), document.entry
    assert root.xpath("string(c:id/@root)", namespaces=V3) == entry.unique_id == UID
    assert root.xpath("string(c:code/@code)", namespaces=V3) == entry.type_code.code
    assert root.xpath("string(c:title)", namespaces=V3) == entry.title
    assert str(entry.creation_time) == "20261123091500"
    assert entry.class_code.code == "10"
    assert entry.format_code.code == "urn:ihe:iti:xds-sd:pdf:2008"
    assert [each.code for each in entry.confidentiality] == ["N", MASKED]
    assert root.xpath("string(c:confidentialityCode/@code)", namespaces=V3) == "N"
    assert entry.facility.code == root.xpath("string(//c:healthCareFacility/c:code/@code)", namespaces=V3) == "SA08"
    assert entry.authors[0].person.id == root.xpath("string(c:author//c:id/@extension)", namespaces=V3)
    assert len(root.findall("c:templateId", V3)) == 3


def test_an_imaging_report_names_its_order_and_study(make_report, order, bytes_of):
    document = build_level1(make_report(imaging=order, type_code="18748-4"), UID)
    root = etree.fromstring(bytes_of(document.content))
    assert root.xpath("string(//c:serviceEvent/c:id/@root)", namespaces=V3) == order.study_uid
    number = root.find(".//{urn:dicom-org:ps3-20}accessionNumber")
    assert number is not None and number.get("extension") == "A-1"
    assert document.entry.class_code.code == "31"
    assert {each.kind.rsplit(":", 1)[-1] for each in document.entry.references} == {
        "accession",
        "studyInstanceUID",
        "order",
    }
    assert [each.code for each in document.entry.events] == ["MR", "774007", "24727-0"]


def test_an_employee_without_profession_signs_without_specialty(make_report, bytes_of):
    employee = Professional("3999", "DURAND", "Luc", "")
    document = build_level1(make_report(author=employee), UID)
    assert document.entry.authors[0].specialty is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "  "}, "TITLE_INVALID"),
        ({"title": "x" * 256}, "TITLE_INVALID"),
        ({"title": "a\x07b"}, "DOCUMENT_TEXT_INVALID"),
        ({"media_type": "application/zip"}, "MEDIA_TYPE_REFUSED"),
        ({"body": BytesContent(b"")}, "DOCUMENT_EMPTY"),
        ({"created": Timestamp.parse("20261123101500")}, "REPORT_TIME_INVALID"),
        ({"created": Timestamp.parse("202611")}, "REPORT_TIME_INVALID"),
        ({"service_stop": Timestamp.parse("20200101000000+0100")}, "REPORT_TIME_INVALID"),
        ({"confidentiality": (MASKED, HIDDEN_FROM_PATIENT)}, "CONFIDENTIALITY_BOTH"),
        ({"confidentiality": ("SECRET",)}, "CODE_UNKNOWN"),
        ({"type_code": "nothing"}, "CODE_UNKNOWN"),
        ({"software_oid": "not an oid"}, "OID_INVALID"),
        ({"replaces": "1.2.3"}, "VERSION_INVALID"),
    ],
)
def test_what_the_host_would_refuse_is_refused_before(make_report, changes, code):
    with pytest.raises(Failure) as raised:
        build_level1(make_report(**changes), UID)
    assert raised.value.code == code
    assert raised.value.sentence() and raised.value.remedy() and raised.value.sentence("en")


def test_masked_and_hidden_together_pass_when_the_host_allows_it(make_report):
    report = make_report(confidentiality=(MASKED, HIDDEN_FROM_PATIENT))
    assert len(build_level1(report, UID, both_allowed=True).entry.confidentiality) == 3


def test_an_identity_that_is_not_qualified_or_lacks_a_trait_is_refused(make_report, patient):
    provisional = PatientIdentity(patient.traits, IdentityStatus.PROVISIONAL, patient.ins)
    without_place = PatientIdentity(Traits("A", ("B",), "19790328", Sex.MALE), IdentityStatus.QUALIFIED, patient.ins)
    for identity, code in ((provisional, "IDENTITY_NOT_QUALIFIED"), (without_place, "IDENTITY_INCOMPLETE")):
        with pytest.raises(Failure) as raised:
            build_level1(make_report(patient=identity), UID)
        assert raised.value.code == code


def test_a_file_that_changes_while_it_is_read_is_noticed(make_report, tmp_path):
    class Shrinking(BytesContent):
        @property
        def size(self) -> int:
            return len(self.data) + 1

    with pytest.raises(Failure) as raised:
        build_level1(make_report(body=Shrinking(b"%PDF")), UID)
    assert raised.value.code == "DOCUMENT_CHANGED"


def test_a_file_that_disappears_is_a_failure(make_report, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF")
    document = build_level1(make_report(body=FileContent(path)), UID)
    path.unlink()
    with pytest.raises(Failure) as raised:
        list(read_chunks(document.content))
    assert raised.value.code == "DOCUMENT_UNREADABLE"


def test_memory_stays_flat_with_a_body_of_thirty_megabytes(make_report):
    block = bytes(range(256)) * 1024
    body = StreamContent(30 * 1024 * 1024, lambda: stream_of(block for _ in range(120)))
    tracemalloc.start()
    document = build_level1(make_report(body=body), UID)
    assert sum(len(each) for each in read_chunks(document.content)) == document.entry.size
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert document.entry.size > 40 * 1024 * 1024
    assert peak < 6 * 1024 * 1024


@pytest.mark.parametrize(
    ("digits", "written"),
    [("19790328", "19790328"), ("19790300", "197903"), ("19790000", "1979"), ("19792100", "1979"), ("1979", "1979")],
)
def test_lunar_birth_dates_become_real_ones(digits, written):
    assert birth_time(Traits("A", ("B",), digits, Sex.MALE)) == written


XML_TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z")) | st.sampled_from("\t\n\r"))


@settings(max_examples=150, deadline=None)
@given(XML_TEXT, XML_TEXT, XML_TEXT)
def test_any_text_is_written_canonical(first, second, third):
    data = render(node("a", first, node("b", second, zeta=third, Alpha=first)).declaring({"": "urn:x", "p": "urn:p"}))
    assert etree.tostring(etree.fromstring(data), method="c14n") == data


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(1, 40))
def test_a_stream_of_chunks_reads_as_their_sum(chunks, step):
    def generator() -> Iterator[bytes]:
        yield from chunks

    stream, out = stream_of(generator()), io.BytesIO()
    while part := stream.read(step):
        out.write(part)
    assert out.getvalue() == b"".join(chunks)


def test_new_identifiers_stay_below_their_root_and_within_64_characters():
    for root in ("1.2.250.1.999.1.1.7898", "1." + "9" * 40):
        made = {new_oid(root) for _ in range(50)}
        assert len(made) == 50 and all(is_oid(each) and each.startswith(root + ".") for each in made)
    for bad in ("", "1", "1.02", "a.b", "1." + "9" * 60):
        with pytest.raises(Failure):
            new_oid(bad)
