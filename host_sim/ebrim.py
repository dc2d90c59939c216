"""ebRIM objects as the registry keeps them: a plain reading of the XML and the writing of it, no professional noun.

Names and identifiers are those of ITI TF-3 section 4.2 and of OASIS ebRIM 3.0. Anything that the profile does not
know makes the reading fail with `Malformed`: a registry that guesses would hide the client's mistakes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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


class Malformed(ValueError):
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
            raise Malformed(f"slot without name or repeated: {name[:60]}")
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
            raise Malformed(f"{str(child.tag)[:80]} is not expected in {etree.QName(element).localname}")


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
            raise Malformed(f"a part of {element.get('id', '')[:60]} says that it belongs to {owner[:60]}")
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


def _read_link(element: Any) -> Link:
    return Link(
        element.get("associationType", ""),
        element.get("sourceObject", ""),
        element.get("targetObject", ""),
        read_slots(element),
        element.get("id", ""),
    )


def read_submission(request: Any) -> Submission:
    """Read an lcm:SubmitObjectsRequest: one RegistryPackage, its entries and links; raises Malformed."""
    if request is None or request.tag != f"{{{LCM}}}SubmitObjectsRequest":
        raise Malformed("SubmitObjectsRequest is missing")
    lists = list(request.iterchildren(f"{{{RIM}}}RegistryObjectList"))
    if len(lists) != 1:
        raise Malformed("one RegistryObjectList is expected")
    kinds = {name: f"{{{RIM}}}{name}" for name in ("RegistryPackage", "ExtrinsicObject", "Association")}
    _expect(lists[0], (*kinds.values(), f"{{{RIM}}}Classification", f"{{{RIM}}}ObjectRef"))
    if len(lists[0]) > _MAX_OBJECTS:
        raise Malformed("too many objects")
    beside: dict[str, tuple[Classification, ...]] = {}
    for each in lists[0].iterchildren(f"{{{RIM}}}Classification"):
        owner = each.get("classifiedObject", "")
        beside[owner] = (*beside.get(owner, ()), _read_classification(each))
    objects = [
        read_object(each, beside.pop(each.get("id", ""), ()))
        for each in lists[0].iterchildren(kinds["RegistryPackage"], kinds["ExtrinsicObject"])
    ]
    if beside:
        raise Malformed("a classification points to no object of the request")
    packages = [each for each in objects if each.kind == "RegistryPackage"]
    if len(packages) != 1:
        raise Malformed("one submission set is expected")
    if not all(each.id for each in objects) or len({each.id for each in objects}) != len(objects):
        raise Malformed("ids of objects are missing or repeated")
    entries = tuple(each for each in objects if each.kind == "ExtrinsicObject")
    return Submission(packages[0], entries, tuple(map(_read_link, lists[0].iterchildren(kinds["Association"]))))


def _write_slots(parent: Any, slots: Mapping[str, tuple[str, ...]]) -> None:
    for name in sorted(slots):
        slot = etree.SubElement(parent, f"{{{RIM}}}Slot", name=name)
        values = etree.SubElement(slot, f"{{{RIM}}}ValueList")
        for value in slots[name]:
            etree.SubElement(values, f"{{{RIM}}}Value").text = value


def _write_text(parent: Any, tag: str, value: str) -> None:
    holder = etree.SubElement(parent, f"{{{RIM}}}{tag}")
    if value:
        etree.SubElement(
            holder, f"{{{RIM}}}LocalizedString", {"charset": "UTF8", XML_LANG: "FR", "value": value}
        )  # fmt: skip


def _write_classification(parent: Any, each: Classification, owner: str) -> None:
    attributes = {"id": new_id(), "classifiedObject": owner}
    if each.node:
        etree.SubElement(parent, f"{{{RIM}}}Classification", attributes | {"classificationNode": each.node})
        return
    attributes |= {"classificationScheme": each.scheme, "nodeRepresentation": each.representation}
    element = etree.SubElement(parent, f"{{{RIM}}}Classification", attributes)
    _write_slots(element, each.slots)
    if each.name:
        _write_text(element, "Name", each.name)


def write_object(item: RegistryObject) -> Any:
    """Write an object as the registry answers it: slots in alphabetical order, an id for each part."""
    attributes = {"id": item.id, "lid": item.lid or item.id, "status": item.status}
    if item.kind == "ExtrinsicObject":
        attributes |= {"objectType": item.object_type, "isOpaque": "false", "mimeType": item.mime_type}
    element = etree.Element(f"{{{RIM}}}{item.kind}", attributes, nsmap={"rim": RIM})
    _write_slots(element, item.slots)
    _write_text(element, "Name", item.title)
    _write_text(element, "Description", item.description)
    etree.SubElement(element, f"{{{RIM}}}VersionInfo", versionName=item.version or "1")
    for each in item.classifications:
        _write_classification(element, each, item.id)
    for known in item.identifiers:
        attributes = {"id": new_id(), "registryObject": item.id}
        attributes |= {"identificationScheme": known.scheme, "value": known.value}
        _write_text(etree.SubElement(element, f"{{{RIM}}}ExternalIdentifier", attributes), "Name", known.name)
    return element


def write_link(link: Link) -> Any:
    """Write an association."""
    attributes = {"id": link.id or new_id(), "associationType": link.type}
    attributes |= {"sourceObject": link.source, "targetObject": link.target}
    element = etree.Element(f"{{{RIM}}}Association", attributes, nsmap={"rim": RIM})
    _write_slots(element, link.slots)
    return element


def to_text(item: RegistryObject) -> str:
    """The XML of an object, as the registry keeps it."""
    return etree.tostring(write_object(item), encoding="unicode")


def from_text(text: str) -> RegistryObject:
    """Read back what `to_text` gave."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return read_object(etree.fromstring(text.encode("utf-8"), parser))


def renamed(item: RegistryObject, **changes: Any) -> RegistryObject:
    """A copy with other fields (ids and states given by the registry)."""
    return replace(item, **changes)
