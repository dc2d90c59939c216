"""BER-TLV data objects of ISO/IEC 7816-4 clause 5.2.2, read with bounds: a card is an outside source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from dossier.failure import Failure

LIMIT = 32_768
"""Largest accepted input, bytes: the size of the largest file of a short-APDU card."""

_MAX_TAG_BYTES = 3
_MAX_LENGTH_BYTES = 3
_MAX_DEPTH = 16
_FILLERS = (0x00, 0xFF)


@dataclass(frozen=True)
class Tlv:
    """One data object: its tag as an integer (0x5A, 0x7F21, ...) and its value."""

    tag: int
    value: bytes

    @cached_property
    def children(self) -> tuple[Tlv, ...]:
        """The objects inside a constructed value; raises Failure CARD_UNREADABLE."""
        return parse(self.value)

    def first(self, tag: int) -> Tlv | None:
        """Give the first child with this tag; raises Failure CARD_UNREADABLE."""
        return next((child for child in self.children if child.tag == tag), None)


def parse(data: bytes) -> tuple[Tlv, ...]:
    """Read consecutive data objects; 00 or FF between or after them is filling (unwritten memory of a file).

    Raises Failure CARD_UNREADABLE on anything malformed, indefinite or beyond LIMIT.
    """
    if len(data) > LIMIT:
        raise Failure("CARD_UNREADABLE", what="TLV")
    return tuple(_objects(data))


def _objects(data: bytes) -> Iterator[Tlv]:
    position = 0
    while position < len(data):
        if data[position] in _FILLERS:
            position += 1
            continue
        tag, position = _read_tag(data, position)
        length, position = _read_length(data, position)
        if position + length > len(data):
            raise Failure("CARD_UNREADABLE", what="TLV")
        yield Tlv(tag, data[position : position + length])
        position += length


def _read_tag(data: bytes, position: int) -> tuple[int, int]:
    tag = data[position]
    if tag & 0x1F != 0x1F:
        return tag, position + 1
    for end in range(position + 1, min(position + _MAX_TAG_BYTES, len(data))):
        tag = tag << 8 | data[end]
        if not data[end] & 0x80:
            return tag, end + 1
    raise Failure("CARD_UNREADABLE", what="TLV")


def _read_length(data: bytes, position: int) -> tuple[int, int]:
    if position >= len(data):
        raise Failure("CARD_UNREADABLE", what="TLV")
    first, position = data[position], position + 1
    if first < 0x80:
        return first, position
    count = first & 0x7F
    if not 1 <= count <= _MAX_LENGTH_BYTES or position + count > len(data):
        raise Failure("CARD_UNREADABLE", what="TLV")
    return int.from_bytes(data[position : position + count], "big"), position + count


def head(data: bytes) -> bytes:
    """Give the encoding of the first object alone, without what fills the file after it; raises CARD_UNREADABLE."""
    if not data:
        raise Failure("CARD_UNREADABLE", what="TLV")
    _, position = _read_tag(data, 0)
    length, position = _read_length(data, position)
    if position + length > len(data):
        raise Failure("CARD_UNREADABLE", what="TLV")
    return data[: position + length]


def is_constructed(tag: int) -> bool:
    """Tell whether a tag announces objects inside its value (bit 6 of its first byte)."""
    while tag > 0xFF:
        tag >>= 8
    return bool(tag & 0x20)


def descend(objects: tuple[Tlv, ...], tag: int, depth: int = 0) -> Tlv | None:
    """Find the first object with this tag, depth first, through constructed objects; raises Failure CARD_UNREADABLE."""
    if depth > _MAX_DEPTH:
        raise Failure("CARD_UNREADABLE", what="TLV")
    for each in objects:
        if each.tag == tag:
            return each
        found = descend(each.children, tag, depth + 1) if is_constructed(each.tag) else None
        if found:
            return found
    return None


def text(value: bytes) -> str:
    """Read a text of a card: UTF-8, or ISO 8859-1 when it is not; only printable characters are kept."""
    try:
        decoded = value.decode("utf-8")
    except UnicodeDecodeError:
        decoded = value.decode("latin-1")
    if not decoded.isprintable():
        decoded = "".join(each for each in decoded if each.isprintable())
    return decoded.strip()
