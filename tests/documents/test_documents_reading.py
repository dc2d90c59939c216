"""Reading CDA documents from outside: header, body, and everything hostile."""

from __future__ import annotations

import base64
import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cps_bridge.documents.cda.level1 import build_level1
from cps_bridge.documents.cda.narrative import read_sections
from cps_bridge.documents.cda.reading import extract_body, read_cda
from cps_bridge.documents.digest import stream_of
from dossier.document import BytesContent, StreamContent
from dossier.failure import Failure

UID = "1.2.250.1.999.1.1.7898.12345"
HEAD = b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="x"/><title> A  <!-- c -->b </title>'
OPEN = b'<component><nonXMLBody><text mediaType="application/pdf" representation="B64">'
CLOSE = b"</text></nonXMLBody></component></ClinicalDocument>"


class Sink:
    size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)


def test_what_was_written_is_read_back(make_report, order, bytes_of):
    report = make_report(imaging=order, type_code="18748-4", replaces="1.2.9", version=2, set_id="1.2.8")
    content = BytesContent(bytes_of(build_level1(report, UID).content))
    header, sink = read_cda(content), io.BytesIO()
    assert (header.unique_id, header.title, header.media_type) == (UID, report.title, "application/pdf")
    assert (header.patient, header.traits) == (report.patient.ins, report.patient.traits)
    assert (header.created, header.replaces, header.version) == (report.created, "1.2.9", "2")
    assert header.authors[0].person.id == report.author.id_nat
    assert header.authors[0].specialty.code == "G15_10/SM26"
    assert header.authors[0].institution.id_nat == report.activity.structure.id_nat
    assert header.legal_authenticator == header.authors[0].person
    assert (header.study_uid, header.accession) == (order.study_uid, order.accession)
    assert not header.is_structured
    assert extract_body(content, sink) == "application/pdf"
    assert sink.getvalue() == report.body.data


def test_comments_and_spaces_do_not_matter():
    content = BytesContent(HEAD + OPEN + b"aGVs\n bG8\t=\r\n" + CLOSE)
    sink = io.BytesIO()
    assert (read_cda(content).title, read_cda(content).unique_id) == ("A b", "1.2.3^x")
    extract_body(content, sink)
    assert sink.getvalue() == b"hello"


def test_a_structured_document_has_a_header_and_no_file():
    body = b"<component><structuredBody><component><section><text>x</text></section></component></structuredBody>"
    content = BytesContent(HEAD + body + b"</component></ClinicalDocument>")
    assert read_cda(content).is_structured
    with pytest.raises(Failure, match="CDA_WITHOUT_FILE"):
        extract_body(content, io.BytesIO())


def test_plain_text_without_base64_is_given_as_it_is():
    sink = io.BytesIO()
    body = "<component><nonXMLBody><text>été &amp; co</text></nonXMLBody></component></ClinicalDocument>"
    assert extract_body(BytesContent(HEAD + body.encode()), sink) == "text/plain"
    assert sink.getvalue().decode() == "été & co"


def big(pieces: int) -> StreamContent:
    block = base64.b64encode(bytes(192 * 1024))

    def chunks() -> Iterator[bytes]:
        yield HEAD + OPEN
        yield from (block for _ in range(pieces))
        yield CLOSE

    return StreamContent(0, lambda: stream_of(chunks()))


def test_a_body_of_thirty_megabytes_costs_no_memory():
    sink = Sink()
    tracemalloc.start()
    extract_body(big(160), sink)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sink.size == 160 * 192 * 1024
    assert peak < 4 * 1024 * 1024


def test_a_body_above_the_limit_is_stopped():
    with pytest.raises(Failure, match="DOCUMENT_TOO_LARGE"):
        extract_body(big(30), Sink(), limit=1024 * 1024)


ENTITY = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><ClinicalDocument xmlns="urn:hl7-org:v3">&b;</ClinicalDocument>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (ENTITY, "CDA_UNSAFE"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "CDA_UNSAFE"),
        (HEAD + b"<a>" * 200, "CDA_UNSAFE"),
        (HEAD + b'<a b="' + b"c" * 3_000_000, "CDA_UNSAFE"),
        (HEAD + b"<a>" + b"c" * 5_000_000, "CDA_UNSAFE"),
        (HEAD + b"<a/>" * 60_000, "CDA_UNSAFE"),
        (b"", "CDA_INVALID"),
        (b"not xml", "CDA_INVALID"),
        (b"<html/>", "CDA_INVALID"),
        (HEAD, "CDA_INVALID"),
        (HEAD + b"</ClinicalDocument>", "CDA_INVALID"),
        (b'<?xml version="1.0" encoding="no-such"?><ClinicalDocument/>', "CDA_INVALID"),
    ],
)
def test_hostile_or_broken_documents_are_refused(data, code):
    with pytest.raises(Failure) as raised:
        read_cda(BytesContent(data))
    assert raised.value.code == code


@pytest.mark.parametrize("body", [b"aGVsbG8", b"a", b"aGVs=bG8", b"aGU=aGU=", b"!!!!", "éééé".encode()])
def test_broken_base64_is_refused(body):
    with pytest.raises(Failure, match="CDA_BODY_INVALID"):
        extract_body(BytesContent(HEAD + OPEN + body + CLOSE), io.BytesIO())


PARTS = st.sampled_from(
    [
        HEAD,
        OPEN,
        CLOSE,
        b"<a>",
        b"</a>",
        b"<component>",
        b"<structuredBody>",
        b"<section>",
        b"</section>",
        b"<text>",
        b"<td>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"aGVs",
        b"<!DOCTYPE x [",
        b"&#0;",
        b"&amp;",
        b'<recordTarget><patientRole><id root="1.2.250.1.213.1.4.10" extension="1"/>',
        b'<effectiveTime value="20269999"/>',
        b"\xff\xfe",
        b"\x00",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PARTS | st.binary(max_size=20), max_size=12))
def test_only_failures_escape_from_any_bytes(parts):
    content = BytesContent(b"".join(parts))
    for read in (read_cda, read_sections, lambda each: extract_body(each, io.BytesIO())):
        try:
            read(content)
        except Failure as failure:
            assert failure.code.startswith(("CDA_", "DOCUMENT_"))


NARRATIVE = b"""<component><structuredBody><component><section><code code="1"/><title>Allergies</title>
<text><paragraph>P\xc3\xa9nicilline,
 1998</paragraph><table><tr><th>Nom</th><th>An</th></tr><tr><td>Pollen</td><td>2001</td></tr></table></text>
<entry><observation><text>hidden <reference value="#a"/></text></observation></entry>
<component><section><title>Sous-section</title><text><list><item>un</item><item>deux<br/>trois</item></list></text>
</section></component></section></component></structuredBody></component></ClinicalDocument>"""


def test_the_narrative_of_a_structured_document_can_be_read():
    first, second = read_sections(BytesContent(HEAD + NARRATIVE))
    assert (first.title, first.depth) == ("Allergies", 0)
    assert first.lines == ("Pénicilline, 1998", "Nom\tAn", "Pollen\t2001")
    assert (second.title, second.depth, second.lines) == ("Sous-section", 1, ("un", "deux", "trois"))


def test_a_document_around_a_file_has_no_section():
    assert read_sections(BytesContent(HEAD + OPEN + b"aGVs" + CLOSE)) == ()
