"""Answers on the wire: envelopes and SOAP 1.2 faults of the host."""

from __future__ import annotations

import tomllib
import uuid
from pathlib import Path
from typing import Any

from lxml import etree

from .call import HostFault
from .envelope import ANONYMOUS, SOAP, WSA

_TABLE: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "data" / "faults.toml").read_text(encoding="utf-8")
)
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_NAMES = {"soap": SOAP, "wsa": WSA}


def answer(action: str, relates_to: str, body: Any) -> bytes:
    """Serialise an answer: Action, MessageID, To anonymous, RelatesTo, then the body."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap=_NAMES)
    header = etree.SubElement(root, f"{{{SOAP}}}Header")
    fields = {"Action": action, "MessageID": f"urn:uuid:{uuid.uuid4()}", "To": ANONYMOUS, "RelatesTo": relates_to}
    for name, value in fields.items():
        if value:
            etree.SubElement(header, f"{{{WSA}}}{name}").text = value
    etree.SubElement(root, f"{{{SOAP}}}Body").append(body)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def fault(refusal: HostFault, relates_to: str) -> bytes:
    """Serialise a fault: Code, Subcode (in the soap prefix, as the host does) and an English Reason."""
    row = _TABLE.get(refusal.code, {})
    value = row.get("value", "Sender" if refusal.sender else "Receiver")
    subcode = row.get("subcode", f"soap:{refusal.code}")
    element = etree.Element(f"{{{SOAP}}}Fault", nsmap=_NAMES)
    code = etree.SubElement(element, f"{{{SOAP}}}Code")
    etree.SubElement(code, f"{{{SOAP}}}Value").text = f"soap:{value}"
    if subcode:
        inner = etree.SubElement(code, f"{{{SOAP}}}Subcode")
        etree.SubElement(inner, f"{{{SOAP}}}Value").text = subcode
    reason = etree.SubElement(element, f"{{{SOAP}}}Reason")
    text = etree.SubElement(reason, f"{{{SOAP}}}Text")
    text.set(_LANGUAGE, "en")
    text.text = refusal.reason or row.get("reason", refusal.code)
    action = f"{WSA}/fault" if subcode.startswith("wsa:") else f"{WSA}/soap/fault"
    return answer(action, relates_to, element)


def fault_codes() -> frozenset[str]:
    """The codes of the table."""
    return frozenset(_TABLE)
