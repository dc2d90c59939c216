"""ebRIM objects as the registry keeps them: a plain reading of the XML and the writing of it, no professional noun.

Names and identifiers are those of ITI TF-3 section 4.2 and of OASIS ebRIM 3.0. Anything that the profile does not
know makes the reading fail with `MalformedError`: a registry that guesses would hide the client's mistakes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
RS = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
LCM = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
QUERY = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

DOCUMENT_TYPE = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
SET_NODE = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"

_TEXTS = (f"{{{RIM}}}Name", f"{{{RIM}}}Description")
_MAX_OBJECTS = 2000


class MalformedError(ValueError):
    """The XML is not the ebRIM that the profile describes; the text says where."""


@dataclass(frozen=True)
class Classification:
    """A coded attribute (scheme + representation + slots) or a node (node alone)."""

    scheme: str = ""
    node: str = ""
    representation: str = ""
    slots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    name: str = ""

    @property
    def system(self) -> str:
        """The coding scheme, "" when the slot is absent or repeated."""
        values = self.slots.get("codingScheme", ())
        return values[0] if len(values) == 1 else ""


@dataclass(frozen=True)
class Identifier:
    """An ExternalIdentifier: which (scheme), its value and the name it is given."""

    scheme: str
    value: str
    name: str


@dataclass(frozen=True)
class RegistryObject:
    """An ExtrinsicObject or a RegistryPackage, whole."""

    kind: str
    id: str
    lid: str = ""
    object_type: str = ""
    mime_type: str = ""
    status: str = ""
    version: str = ""
    title: str = ""
    description: str = ""
    slots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    classifications: tuple[Classification, ...] = ()
    identifiers: tuple[Identifier, ...] = ()

    def slot(self, name: str) -> str:
        """The first value of a slot, or ""."""
        return (self.slots.get(name) or ("",))[0]

    def of_scheme(self, scheme: str) -> tuple[Classification, ...]:
        """The classifications of one scheme, in document order."""
        return tuple(each for each in self.classifications if each.scheme == scheme)

    def identifier(self, scheme: str) -> str:
        """The value of an external identifier; "" when absent, or when there are several."""
        values = [each.value for each in self.identifiers if each.scheme == scheme]
        return values[0] if len(values) == 1 else ""


@dataclass(frozen=True)
class Link:
    """An Association."""

    type: str
    source: str
    target: str
    slots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    id: str = ""

    def slot(self, name: str) -> str:
        """The first value of a slot, or ""."""
        return (self.slots.get(name) or ("",))[0]


@dataclass(frozen=True)
class Submission:
    """What one SubmitObjectsRequest carries."""

    package: RegistryObject
    entries: tuple[RegistryObject, ...]
    links: tuple[Link, ...]


def new_id() -> str:
    """Make an entryUUID."""
    return uuid.uuid4().urn


def children(element: Any) -> Iterator[Any]:
    """The child elements, comments and instructions left aside."""
    return (child for child in element if isinstance(child.tag, str))


def text_of(element: Any) -> str:
    """The text of an element that has no child elements."""
    return "".join(element.itertext()).strip()


def read_slots(element: Any) -> dict[str, tuple[str, ...]]:
    """Read the Slot children of an element."""
    slots: dict[str, tuple[str, ...]] = {}
    for slot in element.iterchildren(f"{{{RIM}}}Slot"):
        name = slot.get("name", "")
        if not name or name in slots:
            raise MalformedError(f"slot without name or repeated: {name[:60]}")
        slots[name] = tuple(text_of(value) for value in slot.iterfind(f"{{{RIM}}}ValueList/{{{RIM}}}Value"))
    return slots


def _localized(element: Any, name: str) -> str:
    found = element.find(f"{{{RIM}}}{name}/{{{RIM}}}LocalizedString")
    return "" if found is None else str(found.get("value", ""))


def _read_classification(element: Any) -> Classification:
    return Classification(
        element.get("classificationScheme", ""),
        element.get("classificationNode", ""),
        element.get("nodeRepresentation", ""),
        read_slots(element),
        _localized(element, "Name"),
    )


def _expect(element: Any, names: tuple[str, ...]) -> None:
    for child in children(element):
        if child.tag not in names:
            raise MalformedError(f"{str(child.tag)[:80]} is not expected in {etree.QName(element).localname}")


_IN_OBJECT = (
    f"{{{RIM}}}Slot", *_TEXTS, f"{{{RIM}}}VersionInfo", f"{{{RIM}}}Classification", f"{{{RIM}}}ExternalIdentifier",
)  # fmt: skip


def read_object(element: Any, extra: tuple[Classification, ...] = ()) -> RegistryObject:
    """Read an ExtrinsicObject or RegistryPackage; `extra` are classifications that stood beside it."""
    _expect(element, _IN_OBJECT)
    version = element.find(f"{{{RIM}}}VersionInfo")
    identifiers = tuple(
        Identifier(each.get("identificationScheme", ""), each.get("value", ""), _localized(each, "Name"))
        for each in element.iterchildren(f"{{{RIM}}}ExternalIdentifier")
    )
    own = tuple(_read_classification(each) for each in element.iterchildren(f"{{{RIM}}}Classification"))
    for each in element.iterchildren(f"{{{RIM}}}Classification", f"{{{RIM}}}ExternalIdentifier"):
        owner = each.get("classifiedObject", each.get("registryObject", element.get("id")))
        if owner != element.get("id"):
            raise MalformedError(f"a part of {element.get('id', '')[:60]} says that it belongs to {owner[:60]}")
    return RegistryObject(
        etree.QName(element).localname,
        element.get("id", ""),
        element.get("lid", ""),
        element.get("objectType", ""),
        element.get("mimeType", ""),
        element.get("status", ""),
        "" if version is None else version.get("versionName", ""),
        _localized(element, "Name"),
        _localized(element, "Description"),
        read_slots(element),
        own + extra,
        identifiers,
    )


def read_link(element: Any) -> Link:
    """Read an Association."""
    return Link(
        element.get("associationType", ""),
        element.get("sourceObject", ""),
        element.get("targetObject", ""),
        read_slots(element),
        element.get("id", ""),
    )


def read_submission(request: Any) -> Submission:
    """Read an lcm:SubmitObjectsRequest: one RegistryPackage, its entries and links; raises MalformedError."""
    if request is None or request.tag != f"{{{LCM}}}SubmitObjectsRequest":
        raise MalformedError("SubmitObjectsRequest is missing")
    lists = list(request.iterchildren(f"{{{RIM}}}RegistryObjectList"))
    if len(lists) != 1:
        raise MalformedError("one RegistryObjectList is expected")
    kinds = {name: f"{{{RIM}}}{name}" for name in ("RegistryPackage", "ExtrinsicObject", "Association")}
    _expect(lists[0], (*kinds.values(), f"{{{RIM}}}Classification", f"{{{RIM}}}ObjectRef"))
    if len(lists[0]) > _MAX_OBJECTS:
        raise MalformedError("too many objects")
    beside: dict[str, tuple[Classification, ...]] = {}
    for each in lists[0].iterchildren(f"{{{RIM}}}Classification"):
        owner = each.get("classifiedObject", "")
        beside[owner] = (*beside.get(owner, ()), _read_classification(each))
    objects = [
        read_object(each, beside.pop(each.get("id", ""), ()))
        for each in lists[0].iterchildren(kinds["RegistryPackage"], kinds["ExtrinsicObject"])
    ]
    if beside:
        raise MalformedError("a classification points to no object of the request")
    packages = [each for each in objects if each.kind == "RegistryPackage"]
    if len(packages) != 1:
        raise MalformedError("one submission set is expected")
    if not all(each.id for each in objects) or len({each.id for each in objects}) != len(objects):
        raise MalformedError("ids of objects are missing or repeated")
    entries = tuple(each for each in objects if each.kind == "ExtrinsicObject")
    return Submission(packages[0], entries, tuple(map(read_link, lists[0].iterchildren(kinds["Association"]))))
