"""HL7 v3 transmissions: read those of clients strictly, write those of the host (NE2009, MCCI_MT000100 and 000300)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from host_sim.call import Call, HostFault
from host_sim.refusals import Refusal
from host_sim.routes import HL7

XSI = "http://www.w3.org/2001/XMLSchema-instance"
GDP = "asip:ci-sis:gdp:2010"
DMP_DEVICE = "1.2.250.1.213.4.1.1.1"
DMP_MESSAGES = "1.2.250.1.213.4.1.1.1.1"
INTERACTIONS = "2.16.840.1.113883.1.6"
REASONS = "1.2.250.1.213.1.1.4.11"
OBSERVATIONS = "1.2.250.1.213.4.1.2.3"
_WRAPPER = [
    "id",
    "creationTime",
    "interactionId",
    "processingCode",
    "processingModeCode",
    "acceptAckCode",
    "receiver",
    "sender",
    "controlActProcess",
]


def default_namespace(uri: str, **others: str) -> Any:
    """Namespaces of an element: one without prefix, others by prefix."""
    return {None: uri, **others}


def bad(reason: str) -> HostFault:
    """A message that does not have the shape of its interaction."""
    return HostFault("DMPInvalidMessage", reason)


def name_of(element: Any) -> str:
    """The local name of an HL7 element; HostFault when it is of another namespace."""
    name = etree.QName(element)
    if name.namespace != HL7:
        raise bad("an element outside HL7 v3")
    return name.localname


def one(parent: Any, path: str) -> Any:
    """The single element at a path of HL7 names separated by "/"; HostFault when there is none or several."""
    found = parent.findall("/".join(f"{{{HL7}}}{step}" for step in path.split("/")))
    if len(found) != 1:
        raise bad(f"exactly one {path}")
    return found[0]


def every(parent: Any, path: str) -> list[Any]:
    """All elements at a path of HL7 names."""
    found: list[Any] = parent.findall("/".join(f"{{{HL7}}}{step}" for step in path.split("/")))
    return found


@dataclass(frozen=True)
class Transmission:
    """The wrapper of a request: its identifier, the sender's device, the reason ("" in TD0.5) and the control act."""

    message: str
    identifier: tuple[str, str]
    device: tuple[str, str]
    reason: str
    reason_name: str
    act: Any


def read(call: Call, *, with_reason: bool = True) -> Transmission:
    """Check the transmission wrapper of a request, and the reason of its control act; HostFault DMPInvalidMessage."""
    body = call.body
    message = name_of(body)
    names = [name_of(child) for child in body if isinstance(child.tag, str)]
    if [name for name in names if name != "attentionLine"] != _WRAPPER or body.get("ITSVersion") != "XML_1.0":
        raise bad("the transmission wrapper is not the one of NE2009")
    interaction = one(body, "interactionId")
    if (interaction.get("root"), interaction.get("extension")) != (INTERACTIONS, message):
        raise bad("interactionId")
    for name, expected in (("processingModeCode", "T"), ("acceptAckCode", "AL")):
        if one(body, name).get("code") != expected:
            raise bad(name)
    if one(body, "processingCode").get("code") not in ("D", "P"):
        raise bad("processingCode")
    moment(one(body, "creationTime").get("value"))
    if one(body, "receiver/device/id").get("root") != DMP_DEVICE:
        raise bad("the receiver is another device")
    sender = one(body, "sender/device")
    device = str(one(sender, "id").get("root", "")), (one(sender, "softwareName").text or "").strip()
    if not all(device):
        raise bad("the sender says neither its OID nor its name")
    act = one(body, "controlActProcess")
    if (act.get("classCode"), act.get("moodCode")) != ("CACT", "EVN"):
        raise bad("controlActProcess is not an event")
    code, name = _reason(act) if with_reason else ("", "")
    return Transmission(message, identifier(one(body, "id")), device, code, name, act)


def _reason(act: Any) -> tuple[str, str]:
    reason = one(act, "reasonCode")
    if reason.get("codeSystem") != REASONS:
        raise bad("reasonCode")
    return str(reason.get("code", "")), str(reason.get("displayName", ""))


def identifier(element: Any) -> tuple[str, str]:
    """Root and extension of an identifier; HostFault when one of them is missing."""
    root, extension = element.get("root", ""), element.get("extension", "")
    if not root or not extension:
        raise bad("id without root or extension")
    return root, extension


def moment(value: str | None) -> datetime:
    """Read yyyyMMddHHmmss, a zone allowed; HostFault when it is not one."""
    text = value or ""
    for form in ("%Y%m%d%H%M%S", "%Y%m%d%H%M%S%z"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise bad("a time is not yyyyMMddHHmmss")


def read_query_id(parameters: Any) -> tuple[str, str]:
    """Check queryId and statusCode of a queryByParameter; give the former's root and extension."""
    if one(parameters, "statusCode").get("code") != "new":
        raise bad("statusCode of the query")
    return identifier(one(parameters, "queryId"))


def same_patient(element: Any, call: Call) -> None:
    """Compare an id or value element with the resource-id of the assertion."""
    if (element.get("root"), element.get("extension")) != (call.patient_oid, call.patient):
        raise HostFault("DMPPatientMismatch")


def put(parent: Any, path: str, text: str | None = None, /, **attributes: str) -> Any:
    """Append elements along a path of HL7 names; text and attributes go to the last; `xsi_type` becomes xsi:type."""
    for step in path.split("/"):
        parent = etree.SubElement(parent, f"{{{HL7}}}{step}")
    parent.text = text
    for name, value in attributes.items():
        parent.set(f"{{{XSI}}}type" if name == "xsi_type" else name, value)
    return parent


def respond(message: str, request: Transmission, now: datetime, *, own_id: bool) -> Any:
    """Open an answer up to its sender; `own_id`: identifier under the DMP's root rather than a bare uuid."""
    root = etree.Element(f"{{{HL7}}}{message}", nsmap=default_namespace(HL7, xsi=XSI))
    root.set("ITSVersion", "XML_1.0")
    fresh = str(uuid.uuid4())
    if own_id:
        put(root, "id", root=DMP_MESSAGES, extension=fresh)
    else:
        put(root, "id", root=fresh)
    put(root, "creationTime", value=now.strftime("%Y%m%d%H%M%S"))
    put(root, "interactionId", root=INTERACTIONS, extension=message)
    put(root, "processingCode", code="P")
    put(root, "processingModeCode", code="T")
    put(root, "acceptAckCode", code="NE")
    for side, kind, device in (("receiver", "RCV", request.device), ("sender", "SND", (DMP_DEVICE, "DMP"))):
        element = put(root, side, typeCode=kind)
        element = put(element, "device", classCode="DEV", determinerCode="INSTANCE")
        put(element, "id", root=device[0])
        put(element, "softwareName", device[1])
    return root


def acknowledge(root: Any, request: Transmission, refusal: Refusal | None = None) -> Any:
    """Append the acknowledgement and open controlActProcess with the reason echoed; give controlActProcess.

    A request without reason is one of NE2008, whose acknowledgement says its type in a child, not in an attribute.
    """
    kind = "AA" if refusal is None else "AE"
    if request.reason:
        acknowledgement = put(root, "acknowledgement", typeCode=kind)
    else:
        acknowledgement = put(root, "acknowledgement")
        put(acknowledgement, "typeCode", code=kind)
    put(acknowledgement, "targetMessage/id", root=request.identifier[0], extension=request.identifier[1])
    if refusal is not None:
        detail = put(acknowledgement, "acknowledgementDetail", typeCode="E")
        put(detail, "code", code=refusal.code)
        put(detail, "text", refusal.text)
    act = put(root, "controlActProcess", classCode="CACT", moodCode="EVN")
    if request.reason:
        put(act, "reasonCode", code=request.reason, displayName=request.reason_name, codeSystem=REASONS)
    return act


def wrapped(name: str, message: Any) -> Any:
    """Put an accepting or refusing message in the DMP's own wrapper."""
    root = etree.Element(f"{{{GDP}}}{name}", nsmap=default_namespace(GDP))
    root.append(message)
    return root
