"""DICOM data elements packed to bytes: explicit VR little endian (PS3.5 7.1.2), sequences of defined length."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TypeAlias

_LONG = frozenset({"OB", "SQ", "UN", "UR", "UT"})
_HEAD = struct.Struct("<HH2sH")
_LONG_HEAD = struct.Struct("<HH2sHI")
_ITEM = struct.Struct("<HHI")

Value: TypeAlias = str | bytes | list["Dataset"]
Dataset: TypeAlias = Mapping[tuple[int, str], Value]
"""Tag (0xGGGGEEEE) and VR to value: a text, bytes already packed, or the items of a sequence."""


def pack(dataset: Dataset) -> bytes:
    """Pack a data set, in the order of its tags; texts are encoded in UTF-8 (ISO_IR 192)."""
    return b"".join(pack_element(tag, vr, value) for (tag, vr), value in sorted(dataset.items(), key=_by_tag))


def pack_element(tag: int, vr: str, value: Value) -> bytes:
    """Pack one element; values get the even length that DICOM asks for (NUL for UI and OB, space otherwise)."""
    if isinstance(value, list):
        data = b"".join(pack_item(pack(each)) for each in value)
    else:
        data = value.encode() if isinstance(value, str) else value
    if len(data) % 2:
        data += b"\x00" if vr in ("UI", "OB") else b" "
    group, element = tag >> 16, tag & 0xFFFF
    if vr in _LONG:
        return _LONG_HEAD.pack(group, element, vr.encode(), 0, len(data)) + data
    return _HEAD.pack(group, element, vr.encode(), len(data)) + data


def pack_item(data: bytes) -> bytes:
    """Pack one item of a sequence around a packed data set."""
    return _ITEM.pack(0xFFFE, 0xE000, len(data)) + data


def pack_file(sop_class: str, sop_uid: str, implementation: str, dataset: Dataset) -> bytes:
    """Pack a whole file: preamble, file meta information (PS3.10 7.1), data set."""
    meta = pack(
        {
            (0x00020001, "OB"): b"\x00\x01",
            (0x00020002, "UI"): sop_class,
            (0x00020003, "UI"): sop_uid,
            (0x00020010, "UI"): "1.2.840.10008.1.2.1",
            (0x00020012, "UI"): implementation,
        }
    )
    length = pack_element(0x00020000, "UL", struct.pack("<I", len(meta)))
    return bytes(128) + b"DICM" + length + meta + pack(dataset)


def _by_tag(entry: tuple[tuple[int, str], Value]) -> int:
    return entry[0][0]
