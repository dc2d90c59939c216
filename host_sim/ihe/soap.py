"""The SOAP side: the addressing of a request, answers and faults (SOAP 1.2; WS-Addressing 1.0; ITI TF-2 appendix V)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from lxml import etree

from . import vocabulary as v
from .faults import SoapFault

_S, _A = f"{{{v.SOAP}}}", f"{{{v.WSA}}}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_SECURITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}Security"
_TRUE = ("1", "true")


@dataclass(frozen=True)
class Addressed:
    """A request once its envelope was read: MessageID ("" when a fault came first), action, child of the Body."""

    message_id: str
    action: str
    body: Any


def message_id_of(root: Any) -> str:
    """The MessageID of an envelope, whatever else is wrong with it; "" when there is none."""
    found = root.find(f"{_S}Header/{_A}MessageID")
    return "" if found is None else (found.text or "").strip()


def address(root: Any, media_action: str) -> Addressed:
    """Judge an envelope; raises SoapFault.

    Action and MessageID are mandatory, To and ReplyTo are not; To may be any URL; ReplyTo must be anonymous. A
    wsse:Security header is left unread: this service asks for no assertion.
    """
    if root.tag != f"{_S}Envelope":
        raise SoapFault("the envelope is not one of SOAP 1.2", code="VersionMismatch")
    header, bodies = root.find(f"{_S}Header"), root.findall(f"{_S}Body")
    if header is None or len(bodies) != 1 or len(bodies[0]) != 1:
        raise SoapFault("an envelope is one Header, then one Body with one child")
    for block in header:
        known = block.tag.startswith(_A) or block.tag == _SECURITY
        if not known and block.get(f"{_S}mustUnderstand") in _TRUE:
            raise SoapFault("a header that must be understood is not", code="MustUnderstand")
    action = _only(header, "Action")
    if media_action and media_action != action:
        raise SoapFault("wsa:Action is not the action of the media type", subcode="ActionMismatch")
    message_id = _only(header, "MessageID")
    reply_to = header.findall(f"{_A}ReplyTo/{_A}Address")
    if any((each.text or "").strip() != v.ANONYMOUS for each in reply_to):
        raise SoapFault("only the anonymous ReplyTo is served", subcode="OnlyAnonymousAddressSupported")
    return Addressed(message_id, action, bodies[0][0])


def _only(header: Any, name: str) -> str:
    found = header.findall(f"{_A}{name}")
    if len(found) > 1:
        raise SoapFault(f"{name} is repeated", subcode="InvalidAddressingHeader")
    text = (found[0].text or "").strip() if found else ""
    if not text:
        raise SoapFault(f"{name} is missing", subcode="MessageAddressingHeaderRequired")
    return text


def answer(action: str, relates_to: str, body: Any) -> bytes:
    """Write an answer."""
    root = etree.Element(f"{_S}Envelope", nsmap={name: v.PREFIXES[name] for name in ("soap", "wsa")})
    header = etree.SubElement(root, f"{_S}Header")
    etree.SubElement(header, f"{_A}Action", {f"{_S}mustUnderstand": "1"}).text = action
    etree.SubElement(header, f"{_A}MessageID").text = uuid.uuid4().urn
    etree.SubElement(header, f"{_A}To").text = v.ANONYMOUS
    if relates_to:
        etree.SubElement(header, f"{_A}RelatesTo").text = relates_to
    etree.SubElement(root, f"{_S}Body").append(body)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def fault(refusal: SoapFault, relates_to: str) -> bytes:
    """Write a fault."""
    element = etree.Element(f"{_S}Fault", nsmap={name: v.PREFIXES[name] for name in ("soap", "wsa")})
    code = etree.SubElement(element, f"{_S}Code")
    etree.SubElement(code, f"{_S}Value").text = f"soap:{refusal.code}"
    if refusal.subcode:
        inner = etree.SubElement(code, f"{_S}Subcode")
        etree.SubElement(inner, f"{_S}Value").text = f"wsa:{refusal.subcode}"
    text = etree.SubElement(etree.SubElement(element, f"{_S}Reason"), f"{_S}Text", {_LANGUAGE: "en"})
    text.text = "".join(letter if letter.isprintable() else " " for letter in refusal.reason)
    return answer(f"{v.WSA}/fault" if refusal.subcode else f"{v.WSA}/soap/fault", relates_to, element)
