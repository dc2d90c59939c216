"""The writing of ebRIM objects: what the registry answers and what it keeps (OASIS ebRIM 3.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from .ebrim import RIM, XML_LANG, Classification, Link, RegistryObject, new_id, read_link, read_object


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


def to_text(item: RegistryObject | Link) -> str:
    """The XML of an object or an association, as the registry keeps it."""
    element = write_link(item) if isinstance(item, Link) else write_object(item)
    return etree.tostring(element, encoding="unicode")


def parse(text: str) -> Any:
    """The element that `to_text` wrote."""
    return etree.fromstring(text.encode("utf-8"), etree.XMLParser(resolve_entities=False, no_network=True))


def object_from_text(text: str) -> RegistryObject:
    """Read back an object that `to_text` gave."""
    return read_object(parse(text))


def link_from_text(text: str) -> Link:
    """Read back an association that `to_text` gave."""
    return read_link(parse(text))
