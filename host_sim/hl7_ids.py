"""HL7 v2 composites as XDS metadata carries them (CX, XCN, XON; ITI TF-3 table 4.2.3.1.7-2), read strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass

_AUTHORITY = re.compile(r"^&([0-2](?:\.\d+)+)&ISO$")


@dataclass(frozen=True)
class Cx:
    """A patient identifier: value, assigning authority (OID), type (NH, PI, INS-C)."""

    id: str
    authority: str
    kind: str


@dataclass(frozen=True)
class Xcn:
    """A person: identifier, names, assigning authority (OID), identifier type (IDNPS, EI, NH, RI, U)."""

    id: str
    family_name: str
    given_name: str
    authority: str
    kind: str


@dataclass(frozen=True)
class Xon:
    """An institution: name, identifier, assigning authority (OID)."""

    name: str
    id: str
    authority: str


def _fields(text: str, least: int) -> list[str]:
    return (text.split("^") + [""] * least)[: max(least, text.count("^") + 1)]


def _authority(text: str) -> str:
    found = _AUTHORITY.match(text)
    return found.group(1) if found else ""


def parse_cx(text: str) -> Cx | None:
    """Read `id^^^&oid&ISO^type`, further components are ignored; None when it is not one."""
    parts = _fields(text, 5)
    authority = _authority(parts[3])
    if not parts[0] or parts[1] or parts[2] or not authority or not parts[4]:
        return None
    return Cx(parts[0], authority, parts[4])


def parse_xcn(text: str) -> Xcn | None:
    """Read `id^family^given^^^^^^&oid&ISO^D^^^type`; None when it is not one. The family name may not be empty."""
    parts = _fields(text, 13)
    authority = _authority(parts[8])
    if not parts[0] or not parts[1] or any(parts[3:8]) or not authority or parts[9] not in ("D", "L", "U"):
        return None
    return Xcn(parts[0], parts[1], parts[2], authority, parts[12]) if parts[12] else None


def parse_xon(text: str) -> Xon | None:
    """Read `name^^^^^&oid&ISO^IDNST^^^id`; None when it is not one."""
    parts = _fields(text, 10)
    authority = _authority(parts[5])
    if not parts[0] or any(parts[1:5]) or not authority or parts[6] != "IDNST" or not parts[9]:
        return None
    return Xon(parts[0], parts[9], authority)
