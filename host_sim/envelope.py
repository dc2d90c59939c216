"""The envelope judged as bytes and as a tree: what is refused before any meaning is looked at."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lxml import etree

from .call import HostFault

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
XOP = "http://www.w3.org/2004/08/xop/include"
ANONYMOUS = f"{WSA}/anonymous"

_DECLARED = re.compile(rb"^<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
_MESSAGE_ID = re.compile(r"^urn:uuid:[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")
_TO = re.compile(r"^(https?://\S+)?$")  # both occur: nothing, and the address of the service
_ID_ATTRIBUTES = frozenset(
    {
        "ID",
        "Id",
        "AssertionID",
        "{http://www.w3.org/XML/1998/namespace}id",
        "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id",
    }
)
_UNDERSTOOD = frozenset(
    {
        "{urn:siram:bam:ctxbam}ContexteBAM",
        "{urn:siram:lps:ctxlps}ContexteLPS",
        f"{{{WSSE}}}Security",
    }
)
_OWN = threading.local()
_TRUE = frozenset({"1", "true"})


@dataclass(frozen=True)
class Envelope:
    """What the structure of a request gives: its addressing, its one assertion and the one child of its body."""

    message_id: str
    action: str
    assertion: Any
    body: Any
    headers: Mapping[str, Any]


def parse(data: bytes) -> Any:
    """Parse UTF-8 XML without DOCTYPE; HostFault DMPInvalidMessage otherwise."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARED.match(data)
    if b"\x00" in data[:64] or (declared and declared.group(1).lower() != b"utf-8"):
        raise HostFault("DMPInvalidMessage", "only UTF-8 is accepted")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise HostFault("DMPInvalidMessage", "not UTF-8") from None
    if b"<!DOCTYPE" in data:
        raise HostFault("DMPInvalidMessage", "a DOCTYPE is refused")
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError:
        raise HostFault("DMPInvalidMessage", "not well-formed XML") from None
    return root


def open_envelope(data: bytes, parts: Mapping[str, Path]) -> Envelope:
    """Judge the structure of a request; raises HostFault."""
    root = parse(data)
    if root.tag != f"{{{SOAP}}}Envelope":
        raise HostFault("VersionMismatch")
    children = list(root)
    if [child.tag for child in children] != [f"{{{SOAP}}}Header", f"{{{SOAP}}}Body"]:
        raise HostFault("DMPInvalidMessage", "an envelope is one Header then one Body")
    header, body = children
    content = list(body)
    if len(content) != 1 or not isinstance(content[0].tag, str):
        raise HostFault("DMPInvalidMessage", "the body has exactly one child")
    _no_comments(root)
    _unique_ids(root)
    _understood(header)
    message_id, action = _addressing(header)
    _references(root, parts)
    return Envelope(message_id, action, _one_assertion(root, header), content[0], _blocks(header))


def _parser() -> Any:
    # One for each thread: it is not cheap to make, and two threads would wait for each other's documents.
    if not hasattr(_OWN, "parser"):
        _OWN.parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return _OWN.parser


def text_of(element: Any) -> str:
    """The text of an element without children, stripped."""
    return "" if len(element) else str(element.text or "").strip()


def _no_comments(root: Any) -> None:
    # What stands in the middle of a text hides its end from one reader and not from another.
    if next(root.iter(etree.Comment, etree.ProcessingInstruction), None) is not None:
        raise HostFault("DMPInvalidMessage", "comments and processing instructions are refused")


def _unique_ids(root: Any) -> None:
    seen: set[str] = set()
    for element in root.iter(etree.Element):
        for name in _ID_ATTRIBUTES.intersection(element.attrib):
            value = element.get(name)
            if value in seen:
                raise HostFault("DMPInvalidMessage", "two elements of the same identifier")
            seen.add(value)


def _understood(header: Any) -> None:
    for block in header:
        mandatory = block.get(f"{{{SOAP}}}mustUnderstand") in _TRUE
        if mandatory and block.tag not in _UNDERSTOOD and not block.tag.startswith(f"{{{WSA}}}"):
            raise HostFault("MustUnderstand")


def _addressing(header: Any) -> tuple[str, str]:
    values = {}
    for name in ("MessageID", "To", "ReplyTo", "Action"):
        found = header.findall(f"{{{WSA}}}{name}")
        if not found:
            raise HostFault("MessageAddressingHeaderRequired")
        if len(found) > 1:
            raise HostFault("InvalidAddressingHeader", f"{name} is repeated")
        values[name] = found[0]
    message_id, action = text_of(values["MessageID"]), text_of(values["Action"])
    if not _MESSAGE_ID.match(message_id):
        raise HostFault("InvalidAddressingHeader", "MessageID is not a urn:uuid")
    if not action:
        raise HostFault("MessageAddressingHeaderRequired")
    if not _TO.match(text_of(values["To"])) or len(values["To"]):
        raise HostFault("InvalidAddressingHeader", "To is neither empty nor an address")
    addresses = values["ReplyTo"].findall(f"{{{WSA}}}Address")
    if len(addresses) != 1 or text_of(addresses[0]) != ANONYMOUS:
        raise HostFault("InvalidAddressingHeader", "ReplyTo is not anonymous")
    return message_id, action


def _one_assertion(root: Any, header: Any) -> Any:
    named = [each for each in root.iter(etree.Element) if etree.QName(each).localname == "Assertion"]
    security = header.findall(f"{{{WSSE}}}Security")
    if len(security) != 1 or len(named) != 1:
        raise HostFault("DMPInvalidAssertion", "exactly one assertion, in exactly one Security header")
    if len(security[0]) != 1 or security[0][0] is not named[0] or named[0].tag != f"{{{SAML}}}Assertion":
        raise HostFault("DMPInvalidAssertion", "Security holds the assertion and nothing else")
    return named[0]


def _references(root: Any, parts: Mapping[str, Path]) -> None:
    wanted: set[str] = set()
    for include in root.iter(f"{{{XOP}}}Include"):
        href = str(include.get("href", ""))
        name = unquote(href[4:])
        if not href.startswith("cid:") or name not in parts:
            raise HostFault("DMPInvalidMessage", "an xop:Include without its part")
        if name in wanted:
            raise HostFault("DMPInvalidMessage", "a part referred to twice")
        wanted.add(name)
    if wanted != set(parts):
        raise HostFault("DMPInvalidMessage", "a part that nothing refers to")


def _blocks(header: Any) -> dict[str, Any]:
    return {block.tag: block for block in header}
