"""A CDA document as what a page can show: headings, paragraphs, lists and tables; or the body that it carries."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

_HL7 = "{urn:hl7-org:v3}"
_MOST = 20 << 20
_DEPTH = 12


@dataclass(frozen=True)
class Block:
    """One piece of text: kind is "heading" (with its level), "paragraph", "list" or "table" (rows of cells)."""

    kind: str
    text: str = ""
    level: int = 2
    items: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Carried:
    """The body of a CDA without sections: a whole file."""

    media_type: str
    data: bytes


def read(data: bytes) -> tuple[Block, ...] | Carried | None:
    """What a CDA says; None when the bytes are not a CDA that can be shown (HL7 CDA R2, 4.3.5)."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    if len(data) > _MOST or b"<!DOCTYPE" in data:
        return None
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root.tag != f"{_HL7}ClinicalDocument":
        return None
    carried = root.find(f"{_HL7}component/{_HL7}nonXMLBody/{_HL7}text")
    if carried is not None:
        return _carried(carried)
    body = root.find(f"{_HL7}component/{_HL7}structuredBody")
    return tuple(_sections(body, 2)) if body is not None else None


def _carried(text: etree._Element) -> Carried | None:
    content = "".join(_texts(text))
    media_type = text.get("mediaType", "text/plain")
    if text.get("representation") != "B64":
        return Carried(media_type, content.encode())
    try:
        return Carried(media_type, base64.b64decode("".join(content.split()), validate=True))
    except binascii.Error:
        return None


def _sections(parent: etree._Element, level: int) -> Iterator[Block]:
    if level > _DEPTH:
        return
    for section in parent.iterfind(f"{_HL7}component/{_HL7}section"):
        title = _flat(section.find(f"{_HL7}title"))
        if title:
            yield Block("heading", title, level=min(level, 4))
        text = section.find(f"{_HL7}text")
        if text is not None:
            yield from _blocks(text)
        yield from _sections(section, level + 1)


def _blocks(parent: etree._Element) -> Iterator[Block]:
    loose = [parent.text or ""]
    for child in parent:
        name = _name(child)
        if name in ("paragraph", "list", "table"):
            yield from _paragraph(loose)
            loose = []
            yield from _block(name, child)
        elif name == "br":
            yield from _paragraph(loose)
            loose = []
        else:
            loose.append(" ".join(_texts(child)) if isinstance(child.tag, str) else "")
        loose.append(child.tail or "")
    yield from _paragraph(loose)


def _block(name: str, element: etree._Element) -> Iterator[Block]:
    caption = _flat(element.find(f"{_HL7}caption"))
    if caption:
        yield Block("heading", caption, level=4)
    if name == "paragraph":
        yield from _paragraph(_texts(element))
    elif name == "list":
        yield Block("list", items=tuple(_flat(each) for each in element.iterfind(f"{_HL7}item")))
    else:
        rows = [tuple(_flat(cell) for cell in row if _name(cell) in ("td", "th")) for row in element.iter(f"{_HL7}tr")]
        cut = len(element.findall(f"{_HL7}thead/{_HL7}tr"))
        yield Block("table", head=rows[0] if cut else (), rows=tuple(rows[cut:]))


def _paragraph(pieces: list[str]) -> Iterator[Block]:
    text = " ".join("".join(pieces).split())
    if text:
        yield Block("paragraph", text)


def _flat(element: etree._Element | None) -> str:
    return "" if element is None else " ".join(" ".join(_texts(element)).split())


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _texts(element: etree._Element) -> list[str]:
    return [str(each) for each in element.itertext()]
