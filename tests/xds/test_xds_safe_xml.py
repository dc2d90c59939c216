"""The one entry of XML from outside."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.failure import Failure
from soap_clients import safe_xml

HOSTILE = {
    "doctype": (b"<!DOCTYPE a><a/>", "XML_UNSAFE"),
    "doctype behind a comment": (b"<!-- <a --><!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "XML_UNSAFE"),
    "doctype in UTF-16": ("<?xml version='1.0' encoding='UTF-16'?><!DOCTYPE a><a/>".encode("utf-16"), "XML_UNSAFE"),
    "doctype in UTF-7": (b"<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE a+AD4APA-a/+AD4-", None),
    "entity bomb": (
        b"<!DOCTYPE a [<!ENTITY a 'ha'>" + b"".join(b"<!ENTITY a%d '&a;&a;'>" % n for n in range(30)) + b"]><a>&a;</a>",
        "XML_UNSAFE",
    ),
    "outside file": (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "XML_UNSAFE"),
    "depth": (b"<a>" * 300 + b"</a>" * 300, "XML_UNSAFE"),
    "huge text": (b"<a>" + b"x" * 10_500_000 + b"</a>", "XML_UNSAFE"),
    "huge attribute": (b"<a b='" + b"x" * 10_500_000 + b"'/>", "XML_UNSAFE"),
    "unknown entity": (b"<a>&nope;</a>", "XML_INVALID"),
    "nothing": (b"", "XML_INVALID"),
    "not XML": (b"<html><br></html>", "XML_INVALID"),
    "cut": (b"<a><b>", "XML_INVALID"),
    "unknown encoding": (b"<?xml version='1.0' encoding='martian'?><a/>", "XML_INVALID"),
}


def read_by_parse(data: bytes) -> object:
    return safe_xml.parse(data)


def read_by_iterate(data: bytes) -> object:
    return list(safe_xml.iterate(io.BytesIO(data), ("a", "b")))


@pytest.mark.parametrize("read", [read_by_parse, read_by_iterate])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused_by_both_ways_of_reading(name: str, read: object) -> None:
    data, code = HOSTILE[name]
    with pytest.raises(Failure) as caught:
        read(data)  # type: ignore[operator]
    assert code in (None, caught.value.code)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(alphabet="<>/ab!?-[]&;='\"DOCTYPEENTITY ", max_size=80)))
def test_only_failure_escapes_whatever_the_bytes(data: bytes | str) -> None:
    raw = data if isinstance(data, bytes) else data.encode()
    for read in (read_by_parse, read_by_iterate):
        try:
            read(raw)
        except Failure as failure:
            assert failure.code in ("XML_UNSAFE", "XML_INVALID")


def test_the_size_limit_counts_the_bytes_really_read() -> None:
    data = b"<a>" + b"<b/>" * 50_000 + b"</a>"
    for read in (
        lambda: safe_xml.parse(data, limit=1000),
        lambda: list(safe_xml.iterate(io.BytesIO(data), ("b",), limit=1000)),
    ):
        with pytest.raises(Failure) as caught:
            read()
        assert (caught.value.code, caught.value.facts["reason"]) == ("XML_UNSAFE", "size")


def test_iterate_gives_each_element_whole_and_then_forgets_it() -> None:
    stream = io.BytesIO(b"<r s='1'><i n='1'><t>one</t></i><i n='2'><t>two</t></i></r>")
    seen, kept = [], []
    for event, element in safe_xml.iterate(stream, ("i",), start_tags=("r",)):
        seen.append((event, element.tag, element.get("n"), element.findtext("t")))
        kept.append(element)
    assert seen == [("start", "r", None, None), ("end", "i", "1", "one"), ("end", "i", "2", "two")]
    assert [len(each) for each in kept[1:]] == [0, 0]


def test_an_answer_longer_than_the_memory_it_may_use_is_read_to_its_end() -> None:
    entry = b"<i>" + b"x" * 1000 + b"</i>"

    class Endless(io.RawIOBase):
        left = 20_000

        def read(self, size: int = -1) -> bytes:
            if self.left == 20_000:
                self.left -= 1
                return b"<r>"
            self.left -= 1
            return entry if self.left > 0 else (b"</r>" if self.left == 0 else b"")

    count = sum(1 for _ in safe_xml.iterate(Endless(), ("i",)))  # type: ignore[arg-type]
    assert count == 19_998


def test_an_error_of_the_stream_is_not_taken_for_bad_xml() -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise Failure("MTOM_TRUNCATED")

    for read in (lambda s: safe_xml.parse(s), lambda s: list(safe_xml.iterate(s, ("a",)))):
        with pytest.raises(Failure) as caught:
            read(Broken())
        assert caught.value.code == "MTOM_TRUNCATED"


def test_no_other_file_of_the_wire_rooms_opens_an_xml_parser() -> None:
    root = Path(__file__).parents[2] / "soap_clients"
    calls = ("etree.fromstring", "etree.parse(", "etree.iterparse", "etree.XMLParser", "etree.XML(", "XMLPullParser")
    # xml_signature.py reads back what it has just written itself, to get detached canonical bytes.
    allowed = {"safe_xml.py", "xml_signature.py"}
    found = {file.name for file in root.rglob("*.py") if any(call in file.read_text("utf-8") for call in calls)}
    assert found <= allowed
