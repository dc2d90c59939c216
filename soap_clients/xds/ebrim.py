"""The building blocks of ebRIM 3.0 elements, each written and read here: slots, names, classifications, identifiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from lxml import etree

from dossier.failure import Failure
from dossier.metadata import Author, Code, Person
from dossier.patient import Ins
from dossier.timestamp import Timestamp
from soap_clients import hl7_types as hl7
from soap_clients.xds import vocabulary as v

T = TypeVar("T")

_RIM = f"{{{v.RIM}}}"
SLOT, NAME, DESCRIPTION = f"{_RIM}Slot", f"{_RIM}Name", f"{_RIM}Description"
VALUE_LIST, VALUE, LOCALIZED = f"{_RIM}ValueList", f"{_RIM}Value", f"{_RIM}LocalizedString"
CLASSIFICATION, IDENTIFIER, VERSION = f"{_RIM}Classification", f"{_RIM}ExternalIdentifier", f"{_RIM}VersionInfo"
_AUTHOR_SCHEMES = frozenset({v.ENTRY_AUTHOR, v.SET_AUTHOR})
_LANG = f"{{{v.XML}}}lang"
_NOBODY = Person("", "", authority="", id_type="")

_CODING_SCHEME = v.CODING_SCHEME

Slots = dict[str, list[str]]


def write_slots(parent: etree._Element, slots: Mapping[str, Sequence[str]]) -> None:
    """Write slots in alphabetical order; those without values are left out."""
    for name in sorted(slots):
        if slots[name]:
            values = etree.SubElement(etree.SubElement(parent, SLOT, {"name": name}), VALUE_LIST)
            for value in slots[name]:
                etree.SubElement(values, VALUE).text = value


def write_text(parent: etree._Element, tag: str, text: str) -> None:
    """Write a Name or a Description; nothing for ""."""
    if text:
        holder = etree.SubElement(parent, tag)
        etree.SubElement(holder, LOCALIZED, {_LANG: "FR", "charset": "UTF8", "value": text})


def write_code(parent: etree._Element, scheme: str, code: Code) -> None:
    """Write a coded value as an external classification (ITI TF-3 4.2.3.1.2)."""
    element = _classify(parent, {"classificationScheme": scheme, "nodeRepresentation": code.code})
    write_slots(element, {v.CODING_SCHEME: (code.system,)})
    write_text(element, NAME, code.display)


def write_node(parent: etree._Element, node: str) -> None:
    """Write the classification that says what a package is (ITI TF-3 4.2.5.1)."""
    _classify(parent, {"classificationNode": node})


def write_author(parent: etree._Element, scheme: str, author: Author) -> None:
    """Write an author (ITI TF-3 4.2.3.1.4)."""
    element = _classify(parent, {"classificationScheme": scheme, "nodeRepresentation": ""})
    slots = {
        v.AUTHOR_INSTITUTION: (hl7.to_xon(author.institution),) if author.institution else (),
        v.AUTHOR_PERSON: (hl7.to_xcn(author.person),) if author.person != _NOBODY else (),
        v.AUTHOR_ROLE: (author.role,) if author.role else (),
        v.AUTHOR_SPECIALTY: (hl7.to_specialty(author.specialty),) if author.specialty else (),
    }
    write_slots(element, slots)


def write_identifier(parent: etree._Element, scheme: str, value: str, name: str) -> None:
    """Write an external identifier."""
    owner = parent.get("id", "")
    attributes = {
        "id": _part_id(parent),
        "registryObject": owner,
        "identificationScheme": scheme,
        "objectType": v.OBJECT_EXTERNAL_IDENTIFIER,
        "value": value,
    }
    write_text(etree.SubElement(parent, IDENTIFIER, attributes), NAME, name)


def _classify(parent: etree._Element, attributes: dict[str, str]) -> etree._Element:
    owner = {"id": _part_id(parent), "objectType": v.OBJECT_CLASSIFICATION, "classifiedObject": parent.get("id", "")}
    return etree.SubElement(parent, CLASSIFICATION, owner | attributes)


def _part_id(parent: etree._Element) -> str:
    """Make a symbolic id, unique in the message: the owner's id and a rank."""
    return f"{parent.get('id', '').removeprefix('urn:uuid:')}_{len(parent)}"


class Fields:
    """What one registry object holds, sorted by name and scheme; asking for a field checks its cardinality."""

    __slots__ = ("_authors", "_codes", "_identifiers", "comments", "slots", "title", "version")

    def __init__(self, element: etree._Element) -> None:
        self.title = self.comments = self.version = ""
        self.slots = read_slots(element)
        self._codes: dict[str, list[Code]] = {}
        self._authors: list[Author] = []
        self._identifiers: dict[str, str] = {}
        for child in element.iterchildren(CLASSIFICATION):
            scheme = child.get("classificationScheme")
            if scheme in _AUTHOR_SCHEMES:
                self._authors.append(_read_author(child))
            elif scheme in self._codes:
                self._codes[scheme].append(_read_code(child))
            elif scheme is not None:
                self._codes[scheme] = [_read_code(child)]
        for child in element.iterchildren(IDENTIFIER):
            scheme = child.get("identificationScheme", "")
            if scheme in self._identifiers:
                raise _invalid(scheme)
            self._identifiers[scheme] = child.get("value", "")
        for child in element.iterchildren(NAME, DESCRIPTION, VERSION):
            tag = child.tag
            if tag == NAME:
                self.title = _text(child)
            elif tag == DESCRIPTION:
                self.comments = _text(child)
            else:
                self.version = child.get("versionName", "")

    def codes(self, scheme: str) -> tuple[Code, ...]:
        """Give the codes of a scheme, in order."""
        return tuple(self._codes.get(scheme, ()))

    def code(self, scheme: str) -> Code:
        """Give the only code of a scheme."""
        found = self._codes.get(scheme, ())
        if len(found) != 1:
            raise _invalid(scheme)
        return found[0]

    def authors(self) -> tuple[Author, ...]:
        """Give the authors, in order."""
        return tuple(self._authors)

    def identifier(self, scheme: str) -> str:
        """Give an external identifier that must be there."""
        return required(self._identifiers.get(scheme), scheme)

    def patient(self, scheme: str) -> Ins:
        """Give the patient of a CX external identifier."""
        return convert(hl7.from_cx, self.identifier(scheme), scheme)

    def single(self, name: str) -> str:
        """Give the value of a single-valued slot, "" when absent."""
        values = self.slots.get(name)
        if not values:
            return ""
        if len(values) > 1:
            raise _invalid(name)
        return values[0]

    def time(self, name: str) -> Timestamp | None:
        """Give a time slot, None when absent."""
        text = self.single(name)
        return convert(_timestamp, text, name) if text else None

    def composite(self, name: str, reader: Callable[[str], T]) -> T | None:
        """Give a single-valued slot read by one of the HL7 readers, None when absent."""
        text = self.single(name)
        return convert(reader, text, name) if text else None


def convert(reader: Callable[[str], T], text: str, field: str) -> T:
    """Read one value; any Failure becomes XDS_METADATA_INVALID of that field."""
    try:
        return reader(text)
    except Failure as failure:
        raise _invalid(field) from failure


def required(value: T | None, field: str) -> T:
    """Give the value; raises Failure XDS_METADATA_INVALID when it is None or ""."""
    if value is None or value == "":
        raise _invalid(field)
    return value


def _invalid(field: str) -> Failure:
    return Failure("XDS_METADATA_INVALID", field=field[:80])


def read_slots(element: etree._Element) -> Slots:
    """Read the slots of an element; raises Failure XDS_METADATA_INVALID for a repeated one."""
    slots: Slots = {}
    for child in element.iterchildren(SLOT):
        name = child.get("name", "")
        if name in slots:
            raise _invalid(name)
        if len(child) and len(values := child[0]) == 1:
            slots[name] = [values[0].text or ""]
        else:
            slots[name] = _values(child)
    return slots


def _values(slot: etree._Element) -> list[str]:
    return [value.text or "" for value in slot[0]] if len(slot) else []


def _text(holder: etree._Element) -> str:
    return holder[0].get("value", "") if len(holder) else ""


def _read_code(element: etree._Element) -> Code:
    """Read a coded value: its slot, then its name; whatever else there is, or in another order, is read the long way.

    The short way goes by index and asks as little as it can: each question to an element costs as much as the element.
    """
    code = element.get("nodeRepresentation", "")
    if len(element) == 2:
        slot, name = element[0], element[1]
        if len(slot) == len(name) == 1 and slot.get("name") == _CODING_SCHEME and name.tag == NAME:
            values = slot[0]
            if len(values) == 1:
                return _code(code, values[0].text or "", name[0].get("value", ""))
    systems = read_slots(element).get(_CODING_SCHEME, ())
    if len(systems) > 1:
        raise _invalid(_CODING_SCHEME)
    display = ""
    for name in element.iterchildren(NAME):
        display = _text(name)
    return _code(code, systems[0] if systems else "", display)


@lru_cache(4096)
def _timestamp(text: str) -> Timestamp:
    return Timestamp.parse(text)


@lru_cache(4096)
def _code(code: str, system: str, display: str) -> Code:
    return Code(code, system.strip(), display)


def _read_author(element: etree._Element) -> Author:
    slots = read_slots(element)
    return _author(
        _first(slots, v.AUTHOR_INSTITUTION),
        _first(slots, v.AUTHOR_PERSON),
        _first(slots, v.AUTHOR_ROLE),
        _first(slots, v.AUTHOR_SPECIALTY),
    )


def _first(slots: Slots, name: str) -> str:
    values = slots.get(name)
    return values[0] if values else ""


@lru_cache(4096)
def _author(institution: str, person: str, role: str, specialty: str) -> Author:
    return Author(
        person=convert(hl7.from_xcn, person, v.AUTHOR_PERSON) if person else _NOBODY,
        specialty=convert(hl7.from_specialty, specialty, v.AUTHOR_SPECIALTY) if specialty else None,
        institution=convert(hl7.from_xon, institution, v.AUTHOR_INSTITUTION) if institution else None,
        role=role,
    )
