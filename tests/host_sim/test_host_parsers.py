"""Whatever arrives, only a refusal may come out of the host's parsers."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_sim import distinguished, envelope, exclusive, message, vihf
from host_sim.call import HostFault
from host_sim.http_body import BadFraming, Body

KIND = (
    'multipart/related; type="application/xop+xml"; start="<root@x>"; start-info="application/soap+xml"; boundary="b-1"'
)
RIGHT = (
    b'--b-1\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
    b"Content-ID: <root@x>\r\n\r\n<root/>\r\n--b-1\r\nContent-ID: <one>\r\n\r\nfirst\r\n--b-\r\n--b-1\r\n"
    b"Content-ID: <two>\r\n\r\n\r\n--b-1--\r\n"
)


class Drip:
    """A stream that gives its bytes in blocks of a fixed size."""

    def __init__(self, data: bytes, size: int) -> None:
        self._stream, self._size = io.BytesIO(data), size

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._size))


def read(data: bytes, size: int = 1 << 16) -> tuple[message.Message, dict[str, bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        found = message.read(KIND, Drip(data, size), Path(folder), max_root=1 << 16, max_parts=10)
        return found, {name: path.read_bytes() for name, path in found.parts.items()}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1 << 16])
def test_a_multipart_is_read_whatever_the_blocks(size: int) -> None:
    found, parts = read(RIGHT, size)
    assert found.envelope == b"<root/>"
    assert parts == {"one": b"first\r\n--b-", "two": b""}


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(RIGHT)), st.binary(max_size=12), st.integers(0, 30))
def test_a_damaged_multipart_is_refused_or_read(at: int, noise: bytes, cut: int) -> None:
    try:
        read(RIGHT[:at] + noise + RIGHT[at + cut :], 11)
    except HostFault as refusal:
        assert refusal.code in ("DMPInvalidMessage", "DMPMessageTooLarge")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_envelope_or_a_refusal(data: bytes) -> None:
    try:
        envelope.open_envelope(data, {})
    except HostFault as refusal:
        assert refusal.code


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='CN=,+"\\#0a1 é', max_size=30))
def test_any_text_is_a_name_or_a_value_error(text: str) -> None:
    try:
        distinguished.parse(text)
    except ValueError:
        return


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["Issuer", "Subject", "AuthnStatement", "AttributeStatement", "Conditions"]), max_size=6)
)
def test_an_assertion_of_any_children_is_read_or_refused(names: list[str]) -> None:
    from lxml import etree

    saml = envelope.SAML
    tree = etree.fromstring(f'<Assertion xmlns="{saml}" ID="_a" Version="2.0" IssueInstant="x"/>')
    for name in names:
        etree.SubElement(tree, f"{{{saml}}}{name}")
    with pytest.raises(HostFault):
        vihf.read(exclusive.read(etree.tostring(tree)).root)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120))
def test_any_chunks_are_read_or_refused(data: bytes) -> None:
    try:
        body = Body({"Transfer-Encoding": "chunked"}, io.BytesIO(data), 1000)
        while body.read(64):
            pass
    except (BadFraming, HostFault):
        return


def test_a_limit_is_counted_in_bytes_that_came() -> None:
    body = Body({"Transfer-Encoding": "chunked"}, io.BytesIO(b"a\r\n0123456789\r\n" * 20), 50)
    with pytest.raises(HostFault) as refusal:
        while body.read(64):
            pass
    assert refusal.value.code == "DMPMessageTooLarge"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CN=8997,C=FR", (("2.5.4.6", "fr"), ("2.5.4.3", "8997"))),
        ("cn = 8997 , c = FR", (("2.5.4.6", "fr"), ("2.5.4.3", "8997"))),
        (r"CN=A\,B,C=FR", (("2.5.4.6", "fr"), ("2.5.4.3", "a,b"))),
        (r"CN=\C3\89,C=FR", (("2.5.4.6", "fr"), ("2.5.4.3", "é"))),
        ('CN="A,B",C=FR', (("2.5.4.6", "fr"), ("2.5.4.3", "a,b"))),
        ("2.5.4.3=#0c024142,C=FR", (("2.5.4.6", "fr"), ("2.5.4.3", "ab"))),
        ("2.5.4.3=#1401e9,OID.2.5.4.6=FR", (("2.5.4.6", "fr"), ("2.5.4.3", "é"))),
    ],
)
def test_names_are_read_in_their_text_forms(text: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert distinguished.parse(text) == tuple(frozenset({pair}) for pair in expected)


def test_a_multivalued_name_has_no_order() -> None:
    assert distinguished.parse("CN=1+SN=A+GN=B,C=FR") == distinguished.parse("GN=B+CN=1+SN=A,C=FR")
