from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cps_bridge.cards.tlv import LIMIT, descend, head, parse, text
from dossier.failure import Failure

H = bytes.fromhex


def test_consecutive_objects_are_read_in_order():
    found = parse(H("8001AA 5F3702BBCC 650382014D"))
    assert [(each.tag, each.value) for each in found] == [
        (0x80, H("AA")),
        (0x5F37, H("BBCC")),
        (0x65, H("82014D")),
    ]


def test_long_lengths_are_read():
    value = bytes(300)
    assert parse(H("8482012C") + value)[0].value == value


def test_what_fills_a_file_is_skipped():
    assert [each.tag for each in parse(H("0000 8001AA FFFF00"))] == [0x80]


def test_the_first_object_is_cut_out_of_a_padded_file():
    assert head(H("3003 020105 0000FF")) == H("3003020105")


def test_an_object_is_found_at_any_depth():
    found = descend(parse(H("6208 8001FF A103 040142")), 0x04)
    assert found and found.value == b"B"


@pytest.mark.parametrize("data", ["80", "8002AA", "80820101", "8080AA0000", "5F", "1FFFFFFF01", "8084000000"])
def test_malformed_objects_are_refused(data):
    with pytest.raises(Failure) as caught:
        parse(H(data))
    assert caught.value.code == "CARD_UNREADABLE"


def test_an_oversized_input_is_refused():
    with pytest.raises(Failure):
        parse(bytes(LIMIT + 1))


def test_text_keeps_printable_characters_in_either_coding():
    assert text("Inès\n\x00".encode()) == "Inès"
    assert text("Inès".encode("latin-1")) == "Inès"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 0x7F))
def test_any_bytes_give_objects_or_a_failure(data, tag):
    for read in (parse, head, lambda each: descend(parse(each), tag)):
        try:
            read(data)
        except Failure as failure:
            assert failure.code == "CARD_UNREADABLE"


def _encode(tag: int, value: bytes) -> bytes:
    size = len(value)
    length = bytes([size]) if size < 0x80 else bytes([0x82]) + size.to_bytes(2, "big")
    return tag.to_bytes(1, "big") + length + value


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0x80, 0x84, 0x5A, 0x65, 0xA1]), st.binary(max_size=300)), max_size=8))
def test_what_is_encoded_is_read_back(objects):
    data = b"".join(_encode(tag, value) for tag, value in objects)
    assert [(each.tag, each.value) for each in parse(data)] == objects
