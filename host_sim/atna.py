"""The access log as IHE ATNA audit messages (ITI TF-2 3.20; DICOM PS3.15 A.5, heir of RFC 3881)."""

from __future__ import annotations

import base64
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from . import audit_objects

_TABLE: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "data" / "atna.toml").read_text(encoding="utf-8")
)
_SOURCE_ID = "host-sim"
_REQUESTOR, _DESTINATION = ("110153", "Source Role ID"), ("110152", "Destination Role ID")
_ANONYMOUS = "http://www.w3.org/2005/08/addressing/anonymous"
_PURPOSE = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"
_SYSTEM, _PERSON = "2", "1"  # ParticipantObjectTypeCode
_TECHNICAL = ("DMPTechnicalError", "XDSRegistryError", "XDSRepositoryError")
_OBJECTS = {
    # kind: role, then the code of the kind of identifier (ITI TF-2 3.41.5, 3.43.5, 3.18.5)
    audit_objects.SET: (
        "20",
        ("urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd", "IHE XDS Metadata", "submission set classificationNode"),
    ),
    audit_objects.DOCUMENT: ("3", ("9", "RFC-3881", "Report Number")),
    audit_objects.QUERY: ("24", ("ITI-18", "IHE Transactions", "Registry Stored Query")),
}
# RFC 5424: facility 10 (security), severity 5 (notice); MSGID of ITI-20
_SYSLOG = "<85>1 {at} 127.0.0.1 host_sim - IHE+RFC-3881 - \ufeff{message}"


def messages(rows: Iterable[Mapping[str, Any]], *, patient_oid: str) -> Iterator[str]:
    """Give one AuditMessage, on one line, for each row of `Audit.rows`.

    patient_oid: authority of the patients whose row holds a bare matricule; a whole CX is given as it is.
    """
    for row in rows:
        yield etree.tostring(message(row, patient_oid=patient_oid), encoding="unicode").replace("\n", " ")


def syslog_lines(rows: Iterable[Mapping[str, Any]], *, patient_oid: str) -> Iterator[str]:
    """The same, each message in its RFC 5424 envelope, as ITI-20 sends it (ITI TF-2 3.20.4.1.1)."""
    for row in rows:
        (text,) = messages([row], patient_oid=patient_oid)
        yield _SYSLOG.format(at=row["at"], message=text)


def message(row: Mapping[str, Any], *, patient_oid: str) -> etree._Element:
    """Write the AuditMessage of one row."""
    root = etree.Element("AuditMessage")
    _event(root, row)
    _participants(root, row)
    source = etree.SubElement(root, "AuditSourceIdentification", AuditSourceID=_SOURCE_ID)
    _coded(source, "AuditSourceTypeCode", ("4", "DCM", "Application Server"))
    if row["patient"]:
        _patient(root, row, patient_oid)
    for each in row["objects"]:
        kind, _, name = each.partition("=")
        if kind in _OBJECTS:
            role, code = _OBJECTS[kind]
            _object(root, name, _SYSTEM, role, code)
    return root


def _event(root: etree._Element, row: Mapping[str, Any]) -> None:
    name = row["transaction"]
    same = _TABLE["same"].get(name, name)
    entry = _TABLE.get(same, _TABLE["default"]) if same.startswith("ITI-") else _TABLE["default"]
    attributes = {
        "EventActionCode": _TABLE["actions"].get(name, entry["action"]),
        "EventDateTime": row["at"],
        "EventOutcomeIndicator": _outcome(row["outcome"]),
    }
    event = etree.SubElement(root, "EventIdentification", attributes)
    _coded(event, "EventID", (entry["event"][0], "DCM", entry["event"][1]))
    for code in [entry["type"]] if "type" in entry else []:
        _coded(event, "EventTypeCode", code)
    if name != same or "type" not in entry:
        _coded(event, "EventTypeCode", (name or "?", "DMP", name or "?"))
    if row["outcome"] != "ok":
        etree.SubElement(event, "EventOutcomeDescription").text = row["outcome"]


def _outcome(outcome: str) -> str:
    """0 success, 4 a refusal, 8 a failure of the host (DICOM PS3.15 A.5.1)."""
    if outcome == "ok":
        return "0"
    return "8" if outcome in _TECHNICAL else "4"


def _participants(root: etree._Element, row: Mapping[str, Any]) -> None:
    person = {"UserID": row["who"] or _ANONYMOUS, "UserIsRequestor": "true"}
    if row["name"].strip():
        person["UserName"] = row["name"].strip()
    _coded(etree.SubElement(root, "ActiveParticipant", person), "RoleIDCode", (_REQUESTOR[0], "DCM", _REQUESTOR[1]))
    if row["structure"]:
        etree.SubElement(root, "ActiveParticipant", {"UserID": row["structure"], "UserIsRequestor": "false"})
    host = {"UserID": _SOURCE_ID, "UserIsRequestor": "false"}
    host |= {"NetworkAccessPointID": "127.0.0.1", "NetworkAccessPointTypeCode": "2"}
    _coded(etree.SubElement(root, "ActiveParticipant", host), "RoleIDCode", (_DESTINATION[0], "DCM", _DESTINATION[1]))


def _patient(root: etree._Element, row: Mapping[str, Any], oid: str) -> None:
    name = row["patient"] if "^" in row["patient"] else f"{row['patient']}^^^&{oid}&ISO^NH"
    holder = _object(root, name, _PERSON, "1", ("2", "RFC-3881", "Patient Number"))
    details = {_PURPOSE: row["purpose"], "reason": row["reason"], "MessageID": row["message_id"]}
    for kind, text in details.items():
        if text:
            value = base64.b64encode(text.encode()).decode("ascii")
            etree.SubElement(holder, "ParticipantObjectDetail", type=kind, value=value)


def _object(root: etree._Element, name: str, kind: str, role: str, code: tuple[str, str, str]) -> etree._Element:
    attributes = {"ParticipantObjectID": name, "ParticipantObjectTypeCode": kind, "ParticipantObjectTypeCodeRole": role}
    holder = etree.SubElement(root, "ParticipantObjectIdentification", attributes)
    _coded(holder, "ParticipantObjectIDTypeCode", code)
    return holder


def _coded(parent: etree._Element, tag: str, code: Iterable[str]) -> None:
    value, system, meaning = code
    etree.SubElement(parent, tag, {"csd-code": value, "codeSystemName": system, "originalText": meaning})
