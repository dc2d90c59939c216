"""What a deposited document says of itself (CDA header, DICOM header), compared with what its metadata say of it.

Documents are read as streams: of a CDA only the header, up to `component`, of a DICOM object only the first elements.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree

from dossier.failure import Failure
from dossier.timestamp import Timestamp

from .ebrim import RegistryObject
from .hl7_ids import parse_cx
from .profile import FORMAT, PATIENT, TYPE, UNIQUE, authors, code_of
from .registry_errors import Findings

HL7 = "urn:hl7-org:v3"
_CHUNK = 65536
_MAX_HEADER = 4 * 1024 * 1024
_KOS_CLASS = "1.2.840.10008.5.1.4.1.1.88.59"
_IMPLICIT, _EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
_BODY_FORMATS = {
    "text/plain": "urn:ihe:iti:xds-sd:text:2008",
    "application/pdf": "urn:ihe:iti:xds-sd:pdf:2008",
    "text/rtf": "urn:ihe:iti-fr:xds-sd:rtf:2010",
    "image/jpeg": "urn:ihe:iti-fr:xds-sd:jpeg:2010",
    "image/tiff": "urn:ihe:iti-fr:xds-sd:tiff:2010",
}


@dataclass
class CdaHeader:
    """The header of a CDA R2 document: what the metadata must repeat."""

    root: Any
    body_type: str = ""
    patients: list[tuple[str, str]] = field(default_factory=list)

    def all(self, path: str) -> list[Any]:
        """Elements below ClinicalDocument; path segments without prefix are of the HL7 namespace."""
        found: list[Any] = self.root.findall("/".join(f"{{{HL7}}}{name}" for name in path.split("/")))
        return found

    def one(self, path: str, attribute: str) -> str:
        """An attribute of the element at `path`; "" when there is not exactly one."""
        found = self.all(path)
        return str(found[0].get(attribute, "")) if len(found) == 1 else ""


def read_cda_header(path: Path) -> CdaHeader | None:
    """Read the header of a CDA; None when the file does not hold one (not XML, other root, header without end)."""
    parser: Any = etree.XMLPullParser(("start",), resolve_entities=False, no_network=True, load_dtd=False)
    root, read = None, 0
    try:
        with path.open("rb") as stream:
            while (chunk := stream.read(_CHUNK)) and read < _MAX_HEADER:
                read += len(chunk)
                parser.feed(chunk)
                for _, element in parser.read_events():
                    root = element if root is None else root
                    if root.tag != f"{{{HL7}}}ClinicalDocument":
                        return None
                    if element.tag == f"{{{HL7}}}text" and element.getparent().tag == f"{{{HL7}}}nonXMLBody":
                        return CdaHeader(root, element.get("mediaType", ""))
                    if element.tag == f"{{{HL7}}}structuredBody":
                        return CdaHeader(root)
    except etree.XMLSyntaxError:
        return None
    return None


def check_cda(path: Path, entry: RegistryObject, caller_id: str, replaced: str, found: Findings) -> None:
    """Compare a CDA with its metadata; caller_id "" when the author may be another, replaced "" without RPLC."""
    header = read_cda_header(path)
    if header is None:
        found.need(False, "the document is not a CDA R2", entry.id)
        return
    patient = parse_cx(entry.identifier(PATIENT))
    ids = [(each.get("root", ""), each.get("extension", "")) for each in header.all("recordTarget/patientRole/id")]
    same = patient is not None and (patient.authority, patient.id) in ids
    found.need(same, "recordTarget of the CDA is not the patient of the metadata", entry.id, "XDSPatientIdDoesNotMatch")
    root, extension = header.one("id", "root"), header.one("id", "extension")
    found.need(_join(root, extension) == entry.identifier(UNIQUE), "id of the CDA is not uniqueId", entry.id)
    written = header.one("code", "code"), header.one("code", "codeSystem")
    listed = [(each.representation, each.system) for each in entry.of_scheme(TYPE)]
    found.need(listed == [written], "code of the CDA is not typeCode", entry.id)
    title = " ".join("".join(each.itertext() if each is not None else "") for each in header.all("title"))
    found.need(title.strip() == entry.title.strip(), "title of the CDA is not the title of the metadata", entry.id)
    created = header.one("effectiveTime", "value")
    found.need(_same_time(created, entry.slot("creationTime")), "effectiveTime is not creationTime", entry.id)
    _check_people(header, entry, caller_id, found)
    _check_replacement(header, replaced, entry.id, found)
    if header.body_type or code_of(entry, FORMAT) in _BODY_FORMATS.values():
        same = _BODY_FORMATS.get(header.body_type) == code_of(entry, FORMAT)
        found.need(same, "formatCode does not match the media type of the body", entry.id)


def _join(root: str, extension: str) -> str:
    return f"{root}^{extension}" if extension else root


def _same_time(cda: str, metadata: str) -> bool:
    try:
        written, kept = Timestamp.parse(cda).to_datetime(), Timestamp(metadata).to_datetime()
    except Failure:
        return False
    return abs(written - kept) < timedelta(minutes=1) if len(metadata) >= 12 else cda[:4] == metadata[:4]


def _check_people(header: CdaHeader, entry: RegistryObject, caller_id: str, found: Findings) -> None:
    written = {each.get("extension", "") for each in header.all("author/assignedAuthor/id")}
    listed = {person.id for person, _ in authors(entry) if person is not None}
    found.need(listed and listed <= written, "an author of the metadata is not an author of the CDA", entry.id)
    if caller_id:
        found.need(caller_id in written, "the author of the CDA is not the user of the VIHF", entry.id)


def _check_replacement(header: CdaHeader, replaced: str, where: str, found: Findings) -> None:
    parents = [
        _join(known.get("root", ""), known.get("extension", ""))
        for each in header.all("relatedDocument")
        if each.get("typeCode") == "RPLC"
        for known in each.iterfind(f"{{{HL7}}}parentDocument/{{{HL7}}}id")
    ]
    wanted = [replaced] if replaced else []
    found.need(parents == wanted, "relatedDocument of the CDA and the RPLC association do not say the same", where)


def check_kos(path: Path, entry: RegistryObject, found: Findings) -> None:
    """Compare a DICOM Key Object Selection with its metadata: class, SOPInstanceUID, PatientID."""
    with path.open("rb") as stream:
        try:
            values = _dicom_values(stream)
        except (ValueError, struct.error):
            found.need(False, "the document is not a DICOM object that the host can read", entry.id)
            return
    patient = parse_cx(entry.identifier(PATIENT))
    found.need(values.get((8, 0x16)) == _KOS_CLASS, "the DICOM object is not a Key Object Selection", entry.id)
    found.need(values.get((8, 0x18)) == entry.identifier(UNIQUE), "SOPInstanceUID is not uniqueId", entry.id)
    same = patient is not None and values.get((0x10, 0x20)) == patient.id
    found.need(same, "PatientID is not the patient of the metadata", entry.id, "XDSPatientIdDoesNotMatch")


_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
_UNDEFINED = 0xFFFFFFFF


def _dicom_values(stream: BinaryIO) -> dict[tuple[int, int], str]:
    """Read the string values of the groups up to PatientID (DICOM PS3.5 7.1, PS3.10 7.1); ValueError, struct.error."""
    if stream.read(132)[128:] != b"DICM":
        raise ValueError("no DICM prefix")
    values: dict[tuple[int, int], str] = {}
    explicit, syntax_known = True, False
    while True:
        start = stream.tell()
        group, element = struct.unpack("<HH", stream.read(4))
        if not syntax_known and group != 2:
            syntax = values.get((2, 0x10))
            if syntax not in (_IMPLICIT, _EXPLICIT):
                raise ValueError("transfer syntax not supported")
            explicit, syntax_known = syntax == _EXPLICIT, True
        if (group, element) > (0x10, 0x20):
            return values
        stream.seek(start)
        tag, length = _header(stream, explicit=explicit)
        if length == _UNDEFINED:
            _skip_sequence(stream, explicit=explicit)
        elif length > 1024 or tag[0] not in (2, 8, 0x10):
            stream.seek(length, 1)
        else:
            values[tag] = stream.read(length).decode("latin-1").strip(" \0")


def _header(stream: BinaryIO, *, explicit: bool) -> tuple[tuple[int, int], int]:
    group, element = struct.unpack("<HH", stream.read(4))
    if not explicit or group == 0xFFFE:
        return (group, element), struct.unpack("<I", stream.read(4))[0]
    kind = stream.read(2)
    if kind in _LONG:
        stream.read(2)
        return (group, element), struct.unpack("<I", stream.read(4))[0]
    return (group, element), struct.unpack("<H", stream.read(2))[0]


def _skip_sequence(stream: BinaryIO, *, explicit: bool) -> None:
    depth = 1
    while depth:
        tag, length = _header(stream, explicit=explicit)
        if tag in ((0xFFFE, 0xE0DD), (0xFFFE, 0xE00D)):
            depth -= 1
        elif length == _UNDEFINED:
            depth += 1
        elif tag[0] != 0xFFFE or length:
            stream.seek(length, 1)
