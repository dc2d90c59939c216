"""Registry objects over their XML: read for judging and querying, kept as they came (OASIS ebRIM 3.0)."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from lxml import etree

from host_sim.registry_errors import METADATA, RegistryRefusal

from . import vocabulary as v

_R = f"{{{v.RIM}}}"
SLOT, NAME, VERSION = f"{_R}Slot", f"{_R}Name", f"{_R}VersionInfo"
CLASSIFICATION, IDENTIFIER = f"{_R}Classification", f"{_R}ExternalIdentifier"
_KINDS = {f"{_R}ExtrinsicObject": v.ENTRY, f"{_R}Association": v.LINK}
_PACKAGE = f"{_R}RegistryPackage"
_NODES = {v.SET_NODE: v.SET, v.FOLDER_NODE: v.FOLDER}
_ORDER = (SLOT, NAME, f"{_R}Description", VERSION, CLASSIFICATION, IDENTIFIER)
_MOST = 5000
UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    """Make an entryUUID."""
    return uuid.uuid4().urn


class Item:
    """One object: `kind` entry, set, folder or link; the properties read its element anew after `forget`."""

    def __init__(self, element: Any, kind: str) -> None:
        self.element, self.kind = element, kind

    @property
    def id(self) -> str:
        """The id: an entryUUID once registered, perhaps symbolic before."""
        return str(self.element.get("id", ""))

    @property
    def lid(self) -> str:
        """The logical id; "" when absent."""
        return str(self.element.get("lid", ""))

    @property
    def status(self) -> str:
        """The availability status."""
        return str(self.element.get("status", ""))

    @property
    def source(self) -> str:
        """Where a link starts."""
        return str(self.element.get("sourceObject", ""))

    @property
    def target(self) -> str:
        """Where a link ends."""
        return str(self.element.get("targetObject", ""))

    @property
    def type(self) -> str:
        """The type of a link, or the object type of an entry."""
        return str(self.element.get("associationType" if self.kind == v.LINK else "objectType", ""))

    @property
    def version(self) -> int:
        """The version, 1 when none is told."""
        found = self.element.find(VERSION)
        text = "1" if found is None else found.get("versionName", "1")
        return int(text) if text.isascii() and text.isdigit() else 1

    @cached_property
    def slots(self) -> dict[str, tuple[str, ...]]:
        """The slots of the object itself."""
        return _slots(self.element)

    @cached_property
    def classifications(self) -> dict[str, list[Any]]:
        """The classification elements of each scheme."""
        found: dict[str, list[Any]] = {}
        for each in self.element.iterchildren(CLASSIFICATION):
            found.setdefault(each.get("classificationScheme", ""), []).append(each)
        return found

    def slot(self, name: str) -> str:
        """The first value of a slot, or ""."""
        return (self.slots.get(name) or ("",))[0]

    def codes(self, scheme: str) -> tuple[str, ...]:
        """The codes of a scheme as queries write them, `code^^codingScheme`."""
        return tuple(
            f"{each.get('nodeRepresentation', '')}^^{(_slots(each).get('codingScheme') or ('',))[0]}"
            for each in self.classifications.get(scheme, ())
        )

    def authors(self) -> tuple[str, ...]:
        """The authorPerson values of all authors."""
        found = self.classifications.get(v.AUTHOR_OF.get(self.kind, ""), ())
        return tuple(person for each in found for person in _slots(each).get("authorPerson", ()))

    def identifiers(self, scheme: str) -> tuple[str, ...]:
        """The values of an external identifier."""
        parts = self.element.iterchildren(IDENTIFIER)
        return tuple(each.get("value", "") for each in parts if each.get("identificationScheme") == scheme)

    @property
    def unique_id(self) -> str:
        """The uniqueId, or ""."""
        return (self.identifiers(v.UNIQUE_OF.get(self.kind, "?")) or ("",))[0]

    @property
    def patient(self) -> str:
        """The patientId as written, or ""."""
        return (self.identifiers(v.PATIENT_OF.get(self.kind, "?")) or ("",))[0]

    @property
    def title(self) -> str:
        """The title, or ""."""
        found = self.element.find(f"{NAME}/{_R}LocalizedString")
        return "" if found is None else str(found.get("value", ""))

    def set_slot(self, name: str, value: str) -> None:
        """Give a slot one value."""
        for each in self.element.findall(SLOT):
            if each.get("name") == name:
                self.element.remove(each)
        slot = etree.Element(SLOT, name=name)
        etree.SubElement(etree.SubElement(slot, f"{_R}ValueList"), f"{_R}Value").text = value
        self.element.insert(0, slot)
        self.forget()

    def set_version(self, version: int) -> None:
        """Give the version."""
        for each in self.element.findall(VERSION):
            self.element.remove(each)
        self.element.append(etree.Element(VERSION, versionName=str(version)))
        self.element[:] = sorted(self.element, key=lambda each: _ORDER.index(each.tag))

    def rename(self, ids: dict[str, str]) -> None:
        """Replace symbolic ids by those of the registry, in the object and in its parts."""
        for name in ("id", "sourceObject", "targetObject"):
            if (old := self.element.get(name)) is not None:
                self.element.set(name, ids.get(old, old))
        for each in self.element.iterchildren(CLASSIFICATION, IDENTIFIER):
            each.set("classifiedObject" if each.tag == CLASSIFICATION else "registryObject", self.id)
            each.set("id", new_id())

    def forget(self) -> None:
        """Drop what was read, after a change of the element."""
        for name in ("slots", "classifications"):
            self.__dict__.pop(name, None)

    def copy(self) -> Item:
        """The same object over an element of its own."""
        return Item(copy.deepcopy(self.element), self.kind)

    def text(self) -> str:
        """The XML, as it is kept."""
        etree.cleanup_namespaces(self.element)
        return etree.tostring(self.element, encoding="unicode", with_tail=False)


def link(kind: str, source: str, target: str, slots: dict[str, str] | None = None) -> Item:
    """Make an association of the registry's own."""
    attributes = {"id": new_id(), "associationType": kind, "sourceObject": source, "targetObject": target}
    attributes["objectType"] = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Association"
    made = Item(etree.Element(f"{_R}Association", attributes, nsmap={"rim": v.RIM}), v.LINK)
    for name, value in (slots or {}).items():
        made.set_slot(name, value)
    return made


def parse(text: str) -> Any:
    """The element that `Item.text` wrote."""
    return etree.fromstring(text.encode("utf-8"), etree.XMLParser(resolve_entities=False, no_network=True))


def _slots(element: Any) -> dict[str, tuple[str, ...]]:
    return {
        slot.get("name", ""): tuple((each.text or "").strip() for each in slot.iterfind(f"{_R}ValueList/{_R}Value"))
        for slot in element.iterchildren(SLOT)
    }


class Submission:
    """What one SubmitObjectsRequest carries, each object detached from the request."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.by_id = {each.id: each for each in items}

    def of_kind(self, *kinds: str) -> list[Item]:
        """The objects of some kinds, in order."""
        return [each for each in self.items if each.kind in kinds]

    @property
    def set(self) -> Item:
        """The one submission set."""
        return self.of_kind(v.SET)[0]


def read_submission(request: Any) -> Submission:
    """Read an lcm:SubmitObjectsRequest; raises RegistryRefusal XDSRegistryMetadataError for another shape."""
    if request is None or request.tag != f"{{{v.LCM}}}SubmitObjectsRequest":
        raise RegistryRefusal.because(METADATA, "SubmitObjectsRequest is missing")
    lists = request.findall(f"{_R}RegistryObjectList")
    if len(lists) != 1 or len(lists[0]) > _MOST:
        raise RegistryRefusal.because(METADATA, "one RegistryObjectList, not too long, is expected")
    _move_classifications(lists[0])
    items = list(_items(lists[0]))
    if len({each.id for each in items}) != len(items) or not all(each.id for each in items):
        raise RegistryRefusal.because(METADATA, "ids of objects are missing or repeated")
    if len([each for each in items if each.kind == v.SET]) != 1:
        raise RegistryRefusal.because(METADATA, "one submission set is expected")
    return Submission(items)


def _move_classifications(objects: Any) -> None:
    """Put a classification that stands beside the objects into the one it classifies."""
    owners = {each.get("id"): each for each in objects if each.tag != CLASSIFICATION}
    for each in objects.findall(CLASSIFICATION):
        owner = owners.get(each.get("classifiedObject"))
        if owner is None:
            raise RegistryRefusal.because(METADATA, "a classification points to no object of the request")
        owner.append(each)


def _items(objects: Any) -> Iterator[Item]:
    for element in list(objects):
        if element.tag == f"{_R}ObjectRef":
            continue
        kind = _KINDS.get(element.tag) or (_package_kind(element) if element.tag == _PACKAGE else "")
        if not kind:
            raise RegistryRefusal.because(METADATA, "an object that is none of XDS", element.get("id", ""))
        for child in element:
            if child.tag not in _ORDER:
                raise RegistryRefusal.because(
                    METADATA, f"{str(child.tag)[-60:]} is not expected", element.get("id", "")
                )
        element.tail = None
        if not element.get("id") and kind == v.LINK:
            element.set("id", new_id())
        # A detached copy: what is kept must not hold the whole request in memory.
        yield Item(copy.deepcopy(element), kind)


def _package_kind(element: Any) -> str:
    nodes = [each.get("classificationNode", "") for each in element.iterchildren(CLASSIFICATION)]
    found = [_NODES[each] for each in nodes if each in _NODES]
    return found[0] if len(found) == 1 else ""
