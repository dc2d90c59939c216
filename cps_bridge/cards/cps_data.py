"""The data objects of a professional card that this client reads, from bytes: what a label holds, whoever read it.

The official dictionary of these files is not public. Known from the official sample code: CPS_INFO_PS ends with the
specialty, an activity ends with the sector. Inferred from one test card: an activity is EE { 84 name of the structure,
85 Struct_IdNat, 86 sector }.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cps_bridge.cards.tlv import parse, text
from dossier.failure import Failure
from dossier.professional import Activity, HealthStructure

INFO_LABEL = "CPS_INFO_PS"
ACTIVITY_LABEL = re.compile(r"CPS_ACTIVITY_(0[1-9]|1[0-6])_PS\Z")

SERIAL_LENGTH = 12
_SERIAL_HEAD = bytes.fromhex("5A0A8025000001")  # a PAN of ten bytes, and the issuer of the CPS family

_ACTIVITY = 0xEE
_STRUCTURE_NAME, _STRUCTURE_ID, _SECTOR = 0x84, 0x85, 0x86
_SPECIALTY = re.compile(r"[A-Z]{2}\d{2}\Z")


def serial_of(content: bytes) -> str:
    """Read EF.SN: the digits without the issuer and without the last byte (check digit and filling).

    Raises Failure CARD_UNKNOWN when the file says that this is no card of the CPS family.
    """
    if len(content) != SERIAL_LENGTH or not content.startswith(_SERIAL_HEAD):
        raise Failure("CARD_UNKNOWN")
    return content[len(_SERIAL_HEAD) : -1].hex().upper()


def specialty_of(content: bytes) -> str:
    """Read the specialty (TRE_R01: two letters, two digits) that ends CPS_INFO_PS, "" when there is none."""
    code = text(content.rstrip(b"\x00\xff \x90"))[-4:]
    return code if _SPECIALTY.match(code) else ""


def activities_of(content: bytes) -> tuple[Activity, ...]:
    """Read the activity records of one file; a record without structure or sector cannot be used and is left out.

    Structure and sector always come from the same record. Raises Failure CARD_UNREADABLE.
    """
    found = []
    for record in parse(content):
        if record.tag != _ACTIVITY:
            continue
        fields = {field.tag: text(field.value) for field in record.children}
        if fields.get(_STRUCTURE_ID) and fields.get(_SECTOR):
            structure = HealthStructure(fields[_STRUCTURE_ID], fields.get(_STRUCTURE_NAME, ""))
            found.append(Activity(structure, fields[_SECTOR]))
    return tuple(found)


def gathered(contents: Iterable[bytes]) -> tuple[Activity, ...]:
    """Read the activities of all files; raises Failure CARD_ACTIVITY_MISSING when there is none."""
    activities = tuple(activity for content in contents for activity in activities_of(content))
    if not activities:
        raise Failure("CARD_ACTIVITY_MISSING")
    return activities
