"""The few header fields that a manifest needs, read from DICOM files.

Explicit VR little endian (DICOM PS3.5 7.1.2), which nearly all files use, is scanned here; everything else
(implicit, big endian, deflated, rare character sets, odd files) is left to pydicom. Both ways give the same values.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cps_bridge.documents.imaging.library import pydicom
from dossier.failure import Failure

_PREFIX = 16 * 1024
_LONG = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UT", b"UN", b"UC", b"UR", b"SV", b"UV"})
_UNDEFINED = 0xFFFFFFFF
_CHARSETS = {"": "latin-1", "ISO_IR 6": "latin-1", "ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8"}
_SHORT_HEAD = struct.Struct("<HH2sH")
_LENGTH = struct.Struct("<I")
_TAGS = {
    0x00080005: "charset",
    0x00080016: "sop_class",
    0x00080018: "sop_uid",
    0x00080020: "study_date",
    0x00080030: "study_time",
    0x00080050: "accession",
    0x00080060: "modality",
    0x00081030: "study_description",
    0x0008103E: "series_description",
    0x00100010: "patient_name",
    0x00100020: "patient_id",
    0x00100030: "birth_date",
    0x00100040: "sex",
    0x0020000D: "study_uid",
    0x0020000E: "series_uid",
    0x00200010: "study_id",
    0x00200011: "series_number",
    0x00200013: "instance_number",
}
_LAST = max(_TAGS)
_EXPLICIT = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.", "1.2.840.10008.1.2.5")
_DEFLATED = "1.2.840.10008.1.2.1.99"


@dataclass(frozen=True)
class Header:
    """Header fields as text, outer spaces removed, several values joined by a backslash; "" when absent."""

    sop_class: str = ""
    sop_uid: str = ""
    study_date: str = ""
    study_time: str = ""
    accession: str = ""
    modality: str = ""
    study_description: str = ""
    series_description: str = ""
    patient_name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    study_uid: str = ""
    series_uid: str = ""
    study_id: str = ""
    series_number: str = ""
    instance_number: str = ""


class _OddFileError(Exception):
    """The file is not one for the scanner."""


def is_dicom(path: Path) -> bool:
    """Tell whether a file starts as DICOM files do: 128 bytes, then DICM (PS3.10 7.1). Raises OSError."""
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def read_header(path: Path) -> Header:
    """Read the header fields of one file; raises Failure DICOM_UNREADABLE."""
    try:
        return scan(path)
    except OSError as error:
        raise Failure("DICOM_UNREADABLE", reason=type(error).__name__) from error
    except (_OddFileError, struct.error, UnicodeDecodeError):
        return read_with_pydicom(path)


def scan(path: Path) -> Header:
    """Scan an explicit VR little endian file; raises an exception of this file when it is anything else."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = os.pread(descriptor, _PREFIX, 0)
    finally:
        os.close(descriptor)
    place, syntax = _meta(data)
    if not syntax.startswith(_EXPLICIT) or syntax == _DEFLATED:
        raise _OddFileError
    return _decode(_values(data, place))


def _meta(data: bytes) -> tuple[int, str]:
    """Give where the data set starts, and its transfer syntax (file meta information, PS3.10 7.1)."""
    if data[128:132] != b"DICM" or data[132:136] != b"\x02\x00\x00\x00":
        raise _OddFileError
    place, syntax = 144, ""
    end = place + _LENGTH.unpack_from(data, 140)[0]
    while place < end:
        group, element, vr, length = _SHORT_HEAD.unpack_from(data, place)
        place += 8
        if vr in _LONG:
            length = _LENGTH.unpack_from(data, place)[0]
            place += 4
        if (group, element) == (0x0002, 0x0010):
            syntax = data[place : place + length].rstrip(b"\x00 ").decode("ascii")
        place += length
    return end, syntax


def _values(data: bytes, place: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    size = len(data)
    while place < size:
        group, element, vr, length = _SHORT_HEAD.unpack_from(data, place)
        tag = group << 16 | element
        if tag > _LAST:
            return found
        place += 8
        if not vr.isalpha():
            raise _OddFileError
        if vr in _LONG:
            length = _LENGTH.unpack_from(data, place)[0]
            place += 4
            if length == _UNDEFINED:
                place = _after_sequence(data, place, vr)
                continue
        name = _TAGS.get(tag)
        if name is not None:
            if place + length > size:
                raise _OddFileError
            found[name] = data[place : place + length]
        place += length
    if size == _PREFIX:
        raise _OddFileError
    return found


def _after_sequence(data: bytes, place: int, vr: bytes) -> int:
    """Walk over a sequence of undefined length to the place after its delimiter (PS3.5 7.5)."""
    if vr != b"SQ":
        raise _OddFileError
    depth = 1
    while depth:
        group, element, vr, length = _SHORT_HEAD.unpack_from(data, place)
        place += 8
        if group == 0xFFFE:
            length = _LENGTH.unpack_from(data, place - 4)[0]
            opens = element == 0xE000
            if opens and length != _UNDEFINED:
                place += length
            else:
                depth += 1 if opens else -1
        elif vr in _LONG:
            length = _LENGTH.unpack_from(data, place)[0]
            place += 4
            if length != _UNDEFINED:
                place += length
            elif vr == b"SQ":
                depth += 1
            else:
                raise _OddFileError
        else:
            place += length
    return place


def _decode(values: dict[str, bytes]) -> Header:
    charset = _CHARSETS.get(values.pop("charset", b"").strip(b"\x00 ").decode("ascii"))
    if charset is None or any(b"\x1b" in each for each in values.values()):
        raise _OddFileError
    found = {name: _tidy(value.decode(charset)) for name, value in values.items()}
    if "patient_name" in found:
        found["patient_name"] = found["patient_name"].rstrip("=")
    return Header(**found)


def _tidy(text: str) -> str:
    return "\\".join(each.strip("\x00 ") for each in text.split("\\"))


def read_with_pydicom(path: Path) -> Header:
    """Read the header fields of any DICOM file with pydicom; raises Failure DICOM_UNREADABLE."""
    try:
        data = pydicom().dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
        wanted = {name: tag for tag, name in _TAGS.items()}
        return Header(**{each.name: _text(data.get(wanted[each.name])) for each in fields(Header)})
    except Exception as error:  # pydicom lets nearly any exception escape on a broken file
        raise Failure("DICOM_UNREADABLE", reason=type(error).__name__) from error


def _text(element: Any) -> str:
    if element is None or element.value is None:
        return ""
    value = element.value
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return "\\".join(_tidy(str(each)) for each in value)
    return _tidy(str(value))
