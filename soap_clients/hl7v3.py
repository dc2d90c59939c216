"""The HL7 v3 transmission that the patient services share: written for our requests, checked in the host's answers.

Element order is the one of NE2009, MCCI_MT000100 (requests) and MCCI_MT000300 (answers).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from dossier.failure import Failure
from soap_clients.faults import refusal
from soap_clients.namespaces import HL7, XSI

DMP_DEVICE = "1.2.250.1.213.4.1.1.1"
REASONS = "1.2.250.1.213.1.1.4.11"
OBSERVATIONS = "1.2.250.1.213.4.1.2.3"
_INTERACTIONS = "2.16.840.1.113883.1.6"


@dataclass(frozen=True)
class Reason:
    """Why a message is sent: code and name of the control act (codeSystem REASONS)."""

    code: str
    name: str


@dataclass(frozen=True)
class Sender:
    """Our device in the wrapper: OID and name of the software, and whether the patient is a real one."""

    oid: str
    name: str
    production: bool


def put(parent: etree._Element, path: str, text: str | None = None, **attributes: str) -> etree._Element:
    """Append HL7 elements along a path ("device/id"); text and attributes go to the last, ``xsi_type`` as xsi:type."""
    for step in path.split("/"):
        parent = etree.SubElement(parent, f"{{{HL7}}}{step}")
    parent.text = text
    for name, value in attributes.items():
        parent.set(f"{{{XSI}}}type" if name == "xsi_type" else name, value)
    return parent


def build_request(
    message: str, reason: Reason | None, sender: Sender, now: datetime
) -> tuple[etree._Element, etree._Element]:
    """Write the wrapper of a request ("PRPA_IN201307UV02"); gives the message and its open controlActProcess.

    reason: None where the control act has none (the search of TD0.5).
    """
    nsmap: dict[Any, str] = {None: HL7, "xsi": XSI}
    root = etree.Element(f"{{{HL7}}}{message}", nsmap=nsmap)
    root.set("ITSVersion", "XML_1.0")
    put(root, "id", root=f"{sender.oid}.1.1", extension=str(uuid.uuid4()))
    put(root, "creationTime", value=digits(now))
    put(root, "interactionId", root=_INTERACTIONS, extension=message)
    put(root, "processingCode", code="P" if sender.production else "D")
    put(root, "processingModeCode", code="T")
    put(root, "acceptAckCode", code="AL")
    for side, kind, oid, name in (("receiver", "RCV", DMP_DEVICE, "DMP"), ("sender", "SND", sender.oid, sender.name)):
        device = put(put(root, side, typeCode=kind), "device", classCode="DEV", determinerCode="INSTANCE")
        put(device, "id", root=oid)
        put(device, "softwareName", name)
    act = put(root, "controlActProcess", classCode="CACT", moodCode="EVN")
    if reason is not None:
        put(act, "reasonCode", code=reason.code, displayName=reason.name, codeSystem=REASONS)
    return root, act


@contextmanager
def writable() -> Iterator[None]:
    """Turn a text that XML cannot carry (XML 1.0 2.2) into Failure TEXT_UNWRITABLE."""
    try:
        yield
    except ValueError as error:
        raise Failure("TEXT_UNWRITABLE") from error


def digits(moment: datetime) -> str:
    """Write a moment as yyyyMMddHHmmss, UTC."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def find(parent: etree._Element, path: str) -> etree._Element | None:
    """Give the first element at a path of HL7 names, or None."""
    return parent.find(_path(path))


def find_all(parent: etree._Element, path: str) -> list[etree._Element]:
    """Give all the elements at a path of HL7 names."""
    return parent.findall(_path(path))


def attribute(parent: etree._Element, path: str, name: str) -> str:
    """Give an attribute of the first element at a path ("." is the parent), or ""."""
    found = parent if path == "." else find(parent, path)
    value = None if found is None else found.get(name)
    return value if isinstance(value, str) else ""


def text(parent: etree._Element, path: str) -> str:
    """Give the text of the first element at a path, stripped, or ""."""
    found = find(parent, path)
    return "" if found is None else (found.text or "").strip()


def _path(path: str) -> str:
    return "/".join(f"{{{HL7}}}{step}" for step in path.split("/"))


def check_answer(message: etree._Element, expected: str, request_id: str = "") -> etree._Element:
    """Check an answer's name and acknowledgement, and give its controlActProcess.

    request_id: extension of our request's id; when the acknowledgement names its target it must be that one.
    Raises Failure HOST_ANSWER_INVALID, HOST_ANSWER_MISMATCH, or that of the refusal the acknowledgement carries.
    """
    if message.tag != f"{{{HL7}}}{expected}":
        raise Failure("HOST_ANSWER_INVALID", field=expected)
    target = attribute(message, "acknowledgement/targetMessage/id", "extension")
    if request_id and target and target != request_id:
        raise Failure("HOST_ANSWER_MISMATCH", field="targetMessage")
    kind = attribute(message, "acknowledgement", "typeCode") or attribute(message, "acknowledgement/typeCode", "code")
    if kind != "AA":
        raise refused(message)
    act = find(message, "controlActProcess")
    if act is None:
        raise Failure("HOST_ANSWER_INVALID", field="controlActProcess")
    return act


def refused(message: etree._Element) -> Failure:
    """Give the failure of a negative acknowledgement (codes such as DMPFound, DMPClosed)."""
    detail = "acknowledgement/acknowledgementDetail"
    code = attribute(message, f"{detail}/code", "code") or attribute(message, "acknowledgement", "typeCode")
    return refusal(code or "?", text(message, f"{detail}/text"))


def observations(patient: etree._Element) -> Iterator[tuple[str, bool]]:
    """Yield the boolean observations of a patient: code (RATTACHEMENT_ENS...) and value."""
    holders = ("subjectOf", "subjectOf1", "subjectOf2")
    for each in (found for name in holders for found in find_all(patient, f"{name}/administrativeObservation")):
        code, value = attribute(each, "code", "code"), attribute(each, "value", "value")
        if code and value in ("true", "false"):
            yield code, value == "true"
