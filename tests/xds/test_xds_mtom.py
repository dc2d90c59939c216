"""MTOM, written and read in streams."""

from __future__ import annotations

import base64
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.document import BytesContent, StreamContent
from dossier.failure import Failure
from soap_clients.mtom import MtomBody, cid_of, open_answer
from soap_clients.multipart import BLOCK, DEFAULT_LIMITS, Limits, parse_content_type

CODES = frozenset({"MTOM_INVALID", "MTOM_TRUNCATED", "MTOM_TOO_LARGE"})
PARTS = {"a@x": b"hello\r\n--cps", "b@x": b"", "c@x": bytes(range(256))}
TYPE = 'multipart/related; type="application/xop+xml"; start="<root>"; boundary="B"'


class Drip(io.RawIOBase):
    """A stream that gives its bytes in small pieces, as a network may."""

    def __init__(self, data: bytes, step: int) -> None:
        self._inner, self._step = io.BytesIO(data), step

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(self._step)


def written(parts: dict[str, bytes] = PARTS, envelope: bytes = b"<e/>") -> tuple[str, bytes]:
    body = MtomBody(envelope, {cid: BytesContent(data) for cid, data in parts.items()}, action="urn:do")
    return body.content_type, b"".join(iter(body.read, b""))


def read_all(content_type: str, stream: object, limits: Limits = DEFAULT_LIMITS) -> tuple[bytes, dict[str, bytes]]:
    answer = open_answer(content_type, stream, limits)  # type: ignore[arg-type]
    return answer.read_root(), {part.cid: part.read(10_000_000) for part in answer.attachments()}


def message(*parts: str, end: str = "--B--") -> bytes:
    return "\r\n".join([*(f"--B\r\n{part}" for part in parts), end]).encode()


ROOT = "Content-ID: <root>\r\n\r\n<e/>"


def test_what_is_written_is_read_back() -> None:
    kind, data = written()
    assert read_all(kind, io.BytesIO(data)) == (b"<e/>", PARTS)


def test_the_length_is_known_before_the_first_byte() -> None:
    body = MtomBody(b"<e/>", {"a@x": BytesContent(b"x" * 1000)})
    assert len(body) == len(b"".join(iter(body.read, b"")))


def test_a_body_can_be_read_again() -> None:
    body = MtomBody(b"<e/>", {"a@x": BytesContent(b"x" * 1000)})
    first = b"".join(iter(body.read, b""))
    body.rewind()
    assert b"".join(iter(body.read, b"")) == first


def test_a_large_content_leaves_in_large_blocks() -> None:
    body = MtomBody(b"<e/>", {"a@x": BytesContent(b"x" * (3 * BLOCK))})
    assert [len(block) for block in iter(lambda: body.read(8192), b"")][2:5] == [BLOCK] * 3


@pytest.mark.parametrize("real", [b"short", b"much too long"])
def test_a_content_that_is_not_as_long_as_it_said_stops_the_request(real: bytes) -> None:
    body = MtomBody(b"<e/>", {"a@x": StreamContent(8, lambda: io.BytesIO(real))})
    with pytest.raises(Failure) as caught:
        while body.read():
            pass
    assert caught.value.code == "CONTENT_CHANGED"


def test_the_content_type_of_a_request_names_root_and_boundary() -> None:
    kind, data = written()
    media, parameters = parse_content_type(kind)
    assert media == "multipart/related"
    assert parameters["type"] == "application/xop+xml"
    assert parameters["start-info"] == "application/soap+xml"
    assert parameters["action"] == "urn:do"
    assert f"Content-ID: {parameters['start']}".encode() in data
    assert data.startswith(f"--{parameters['boundary']}\r\n".encode())


@pytest.mark.parametrize("step", [1, 2, 3, 7, 61, 4096])
def test_delimiters_are_found_across_any_edge_of_the_blocks(step: int) -> None:
    kind, data = written()
    assert read_all(kind, Drip(data, step)) == (b"<e/>", PARTS)


def test_an_answer_cut_at_any_byte_is_never_taken_for_whole() -> None:
    kind, data = written()
    whole = len(data) - 2  # the line end after the closing delimiter says nothing more
    for cut in range(whole):
        with pytest.raises(Failure) as caught:
            read_all(kind, io.BytesIO(data[:cut]))
        assert caught.value.code == "MTOM_TRUNCATED", cut
    assert read_all(kind, io.BytesIO(data[:whole])) == (b"<e/>", PARTS)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4), st.integers(1, 50))
def test_only_failure_escapes_from_a_damaged_answer(at: int, damage: bytes, step: int) -> None:
    kind, data = written()
    at %= len(data)
    try:
        read_all(kind, Drip(data[:at] + damage + data[at + len(damage) :], step))
    except Failure as failure:
        assert failure.code in CODES


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120), st.binary(max_size=200))
def test_only_failure_escapes_from_any_content_type_and_body(kind: str, data: bytes) -> None:
    for content_type in (kind, f"multipart/related; {kind}", TYPE):
        try:
            read_all(content_type, io.BytesIO(data))
        except Failure as failure:
            assert failure.code in CODES


def test_a_delimiter_inside_a_longer_word_is_content() -> None:
    data = message(ROOT, "Content-ID: <a>\r\n\r\nx\r\n--Bee\r\n--B!\r\ny")
    assert read_all(TYPE, io.BytesIO(data)) == (b"<e/>", {"a": b"x\r\n--Bee\r\n--B!\r\ny"})


def test_preamble_epilogue_padding_and_folded_headers_are_tolerated() -> None:
    part = 'Content-Type: text/xml;\r\n charset="UTF-8"\r\nContent-ID: <a>\r\n\r\nx'
    data = b"hello\r\n" + message(ROOT, part).replace(b"--B\r\n", b"--B \t\r\n") + b"\r\nbye"
    assert read_all(TYPE, io.BytesIO(data)) == (b"<e/>", {"a": b"x"})


def test_base64_parts_are_decoded_across_blocks() -> None:
    text = base64.encodebytes(bytes(range(256)) * 9).decode().replace("\n", "\r\n")
    data = message(ROOT, f"Content-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}")
    for step in (1, 5, 64, 4096):
        assert read_all(TYPE, Drip(data, step))[1] == {"a": bytes(range(256)) * 9}


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ((ROOT, "Content-ID: <a>\r\n\r\n1", "Content-ID: <a>\r\n\r\n2"), "content-id"),
        ((ROOT, "Content-Type: text/xml\r\n\r\n1"), "content-id"),
        ((ROOT, "Content-ID: <a>\r\nContent-ID: <b>\r\n\r\n1"), "header"),
        ((ROOT, "Content-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\n@@@@"), "base64"),
        ((ROOT, "Content-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAA"), "base64"),
        ((ROOT, "Content-ID: <a>\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n="), "encoding"),
        (("Content-ID: <a>\r\n\r\n1", ROOT), "root"),
    ],
)
def test_a_malformed_answer_is_refused(parts: tuple[str, ...], reason: str) -> None:
    with pytest.raises(Failure) as caught:
        read_all(TYPE, io.BytesIO(message(*parts)))
    assert (caught.value.code, caught.value.facts.get("reason")) == ("MTOM_INVALID", reason)


@pytest.mark.parametrize(
    "limits",
    [Limits(parts=2), Limits(header=20), Limits(root=3), Limits(total=100)],
    ids=["parts", "header", "root", "total"],
)
def test_each_cap_stops_an_answer_that_passes_it(limits: Limits) -> None:
    kind, data = written()
    with pytest.raises(Failure) as caught:
        read_all(kind, io.BytesIO(data), limits)
    assert caught.value.code == "MTOM_TOO_LARGE"


def test_a_plain_answer_is_its_own_root() -> None:
    assert read_all("application/soap+xml; charset=UTF-8", io.BytesIO(b"<e/>")) == (b"<e/>", {})


def test_a_part_that_nobody_read_is_skipped() -> None:
    kind, data = written()
    answer = open_answer(kind, io.BytesIO(data))
    assert [part.cid for part in answer.attachments()] == list(PARTS)


def test_a_root_can_be_read_as_a_stream_with_attachments_after_it() -> None:
    kind, data = written(envelope=b"<e>" + b"x" * 100_000 + b"</e>")
    answer = open_answer(kind, Drip(data, 1000))
    root = answer.open_root()
    assert root.read(3) == b"<e>"
    assert len(root.read()) == 100_004
    assert {part.cid: part.read(1000) for part in answer.attachments()} == PARTS


def test_a_href_is_decoded_before_it_names_a_part() -> None:
    assert cid_of("cid:1@urn%3Aihe%3Aiti%3Axds-b%3A2007") == "1@urn:ihe:iti:xds-b:2007"
    with pytest.raises(Failure):
        cid_of("http://elsewhere/1")
