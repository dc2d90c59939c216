"""The HL7 v2.5 composite types that XDS metadata carry, each way (ITI TF-3 4.2.3.1.7; HL7 v2.5 2.A).

Components are 1-based in the comments. Delimiters inside a value are escaped (HL7 v2.5 2.7: \\S\\ for ^, \\T\\ for &,
\\F\\ for |, \\R\\ for ~, \\E\\ for the escape itself). What cannot be read raises Failure HL7_INVALID.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from dossier.failure import Failure
from dossier.metadata import Code, Institution, LocalId, Person, Reference
from dossier.patient import Ins, Sex, Traits

STRUCTURE_AUTHORITY = "1.2.250.1.71.4.2.2"
DEVICE = "RI"
_REMEMBERED = 4096

_ESCAPES = {"\\": "\\E\\", "^": "\\S\\", "&": "\\T\\", "|": "\\F\\", "~": "\\R\\"}
_PLAIN = {escaped: plain for plain, escaped in _ESCAPES.items()}
_TO_ESCAPE = re.compile(r"[\\^&|~]")
_ESCAPED = re.compile(r"\\[ESTFR]\\")


def escape(text: str) -> str:
    """Protect the delimiters of a value."""
    return _TO_ESCAPE.sub(lambda found: _ESCAPES[found.group()], text)


def unescape(text: str) -> str:
    """Undo `escape`; a lone backslash stays as it is."""
    return _ESCAPED.sub(lambda found: _PLAIN[found.group()], text) if "\\" in text else text


def to_cx(ins: Ins) -> str:
    """Write a national identity as CX: 1 matricule, 4 authority OID, 5 type NH."""
    return f"{escape(ins.matricule)}^^^&{escape(ins.oid)}&ISO^NH"


@lru_cache(_REMEMBERED)
def from_cx(text: str) -> Ins:
    """Read a national identity; components after the fifth (dates of effect) are ignored.

    Raises Failure HL7_INVALID, or INS_SHAPE, INS_KEY, INS_OID when the value is not an INS.
    """
    parts = _components(text)
    return Ins.parse(unescape(parts[0]), _authority(_nth(parts, 4)))


def to_local_cx(local: LocalId) -> str:
    """Write an identifier of the source system: 1 id, 4 authority OID, 5 type."""
    return f"{escape(local.value)}^^^&{escape(local.authority)}&ISO^{escape(local.id_type)}"


@lru_cache(_REMEMBERED)
def from_local_cx(text: str) -> LocalId:
    """Read an identifier of the source system; raises Failure HL7_INVALID."""
    parts = _components(text)
    return LocalId(unescape(parts[0]), _authority(_nth(parts, 4)), unescape(_nth(parts, 5)))


def to_xcn(person: Person) -> str:
    """Write a person or a device: 1 id, 2 family, 3 given, 9 authority, 10 name type (device: U), 13 id type."""
    name_type = "U" if person.id_type == DEVICE else "D"
    authority = f"&{escape(person.authority)}&ISO" if person.authority else ""
    names = f"{escape(person.id)}^{escape(person.family_name)}^{escape(person.given_name)}"
    return f"{names}^^^^^^{authority}^{name_type}^^^{escape(person.id_type)}"


@lru_cache(_REMEMBERED)
def from_xcn(text: str) -> Person:
    """Read a person or a device; what is absent is ""; raises Failure HL7_INVALID when nothing is there."""
    parts = _components(text)
    return Person(
        id=unescape(parts[0]),
        family_name=unescape(_nth(parts, 2)),
        given_name=unescape(_nth(parts, 3)),
        authority=_authority(_nth(parts, 9)),
        id_type=unescape(_nth(parts, 13)),
    )


def to_xon(institution: Institution) -> str:
    """Write a structure: 1 name, 6 authority, 7 type IDNST, 10 Struct_IdNat; the name alone when there is no id."""
    if not institution.id_nat:
        return escape(institution.name)
    return f"{escape(institution.name)}^^^^^&{STRUCTURE_AUTHORITY}&ISO^IDNST^^^{escape(institution.id_nat)}"


@lru_cache(_REMEMBERED)
def from_xon(text: str) -> Institution:
    """Read a structure; raises Failure HL7_INVALID when nothing is there."""
    parts = _components(text)
    return Institution(unescape(parts[0]), unescape(_nth(parts, 10)))


def to_specialty(code: Code) -> str:
    """Write an authorSpecialty: 1 code (G15_10/SM26), 2 label, 3 coding scheme."""
    return f"{escape(code.code)}^{escape(code.display)}^{escape(code.system)}"


@lru_cache(_REMEMBERED)
def from_specialty(text: str) -> Code:
    """Read an authorSpecialty; raises Failure HL7_INVALID when nothing is there."""
    parts = _components(text)
    return Code(code=unescape(parts[0]), system=unescape(_nth(parts, 3)), display=unescape(_nth(parts, 2)))


def to_reference(reference: Reference) -> str:
    """Write one value of referenceIdList as CXi: 1 id, 4 authority OID, 5 kind (ITI TF-3 4.2.3.2.28)."""
    authority = f"&{escape(reference.authority)}&ISO" if reference.authority else ""
    return f"{escape(reference.id)}^^^{authority}^{escape(reference.kind)}"


def from_reference(text: str) -> Reference:
    """Read one value of referenceIdList; raises Failure HL7_INVALID when nothing is there."""
    parts = _components(text)
    authority = _authority(parts[3]) if len(parts) > 3 and parts[3] else ""
    return Reference(unescape(parts[0]), authority, unescape(_nth(parts, 5)))


def to_source_patient_info(traits: Traits) -> tuple[str, ...]:
    """Write sourcePatientInfo: PID-5 once per name (type L birth, D usage), PID-7 birth date, PID-8 sex.

    Only the first given name travels; the birth place does not (ITI TF-3 4.2.3.2.23).
    """
    given = escape(traits.first_given_name)
    values = []
    if traits.birth_name or (given and not traits.usage_name):
        values.append(f"PID-5|{escape(traits.birth_name)}^{given}^^^^^L")
    if traits.usage_name:
        values.append(f"PID-5|{escape(traits.usage_name)}^{given}^^^^^D")
    if traits.birth_date:
        values.append(f"PID-7|{escape(traits.birth_date)}")
    values.append(f"PID-8|{traits.sex.value}")
    return tuple(values)


def from_source_patient_info(values: Iterable[str]) -> Traits | None:
    """Read sourcePatientInfo; fields we do not use are ignored, None when nothing useful is there."""
    return _traits(tuple(values))


@lru_cache(_REMEMBERED)
def _traits(values: tuple[str, ...]) -> Traits | None:
    names: dict[str, str] = {}
    given = birth_date = ""
    sex: Sex | None = None
    for value in values:
        field, _, content = value.partition("|")
        if field == "PID-5":
            parts = content.split("^")
            names.setdefault(_nth(parts, 7) or "L", unescape(parts[0]))
            given = given or unescape(_nth(parts, 2))
        elif field == "PID-7":
            birth_date = unescape(content)
        elif field == "PID-8":
            sex = Sex(content) if content in ("M", "F") else Sex.UNKNOWN
    if not names and not birth_date and sex is None:
        return None
    return Traits(
        birth_name=names.get("L", ""),
        given_names=(given,) if given else (),
        birth_date=birth_date,
        sex=sex or Sex.UNKNOWN,
        usage_name=names.get("D", ""),
    )


def _components(text: str) -> list[str]:
    parts = text.split("^")
    if not any(parts) or len(text) > 4096:
        raise Failure("HL7_INVALID")
    return parts


def _nth(parts: list[str], position: int) -> str:
    return parts[position - 1] if len(parts) >= position else ""


def _authority(component: str) -> str:
    """Read an HD "&OID&ISO"; the namespace form "OID" alone is accepted too."""
    parts = component.split("&")
    return unescape(parts[1] if len(parts) > 1 else parts[0])
