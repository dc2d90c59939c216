"""What each attribute must be, object by object (ITI TF-3 4.2.3, tables 4.2.3.1-1 and following)."""

from __future__ import annotations

import re
from datetime import datetime

from host_sim.registry_errors import Findings

from . import vocabulary as v
from .objects import Item

_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+")
_DOCUMENT_ID = re.compile(r"([0-2](?:\.(?:0|[1-9]\d*))+)(\^[^\^]{0,128})?")
_CX = re.compile(r"([^\^&|~]+)\^\^\^&([0-2](?:\.\d+)+)&ISO(\^[^\^]*)*")
_MIME = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(;.*)?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_HASH = re.compile(r"[0-9A-Fa-f]{40}")
_SHAPES = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_ONE_CODE = {
    "classCode": v.ENTRY_CLASS,
    "formatCode": v.ENTRY_FORMAT,
    "healthcareFacilityTypeCode": v.ENTRY_FACILITY,
    "practiceSettingCode": v.ENTRY_PRACTICE,
    "typeCode": v.ENTRY_TYPE,
}
_SINGLE = ("creationTime", "hash", "languageCode", "repositoryUniqueId", "serviceStartTime", "serviceStopTime", "size",
           "sourcePatientId", "URI", "documentAvailability")  # fmt: skip


def patient_key(text: str) -> str:
    """A CX as `id^^^&oid&ISO`, whatever follows; "" when it is not one."""
    found = _CX.fullmatch(text.strip())
    return f"{found.group(1)}^^^&{found.group(2)}&ISO" if found else ""


def is_time(text: str) -> bool:
    """Whether a text is YYYY[MM[DD[hh[mm[ss]]]]] (ITI TF-3 table 4.2.3.1.7-2, DTM)."""
    shape = _SHAPES.get(len(text))
    if shape is None or not (text.isascii() and text.isdigit()):
        return False
    try:
        datetime.strptime(text, shape)
    except ValueError:
        return False
    return True


def check(item: Item, found: Findings) -> None:
    """Note every problem of one entry, set or folder."""
    where = item.id
    found.need(patient_key(item.patient), "patientId is missing or is not a CX", where)
    found.need(len(item.identifiers(v.UNIQUE_OF[item.kind])) == 1, "one uniqueId is expected", where)
    _slots(item, found)
    if item.kind == v.ENTRY:
        _entry(item, found)
    else:
        found.need(_is_oid(item.unique_id), "uniqueId is not an OID", where)
    if item.kind == v.SET:
        _set(item, found)
    if item.kind == v.FOLDER:
        found.need(item.title, "title is missing", where)
        _coded(item, "codeList", v.FOLDER_CODES, found, at_most=100)


def _entry(item: Item, found: Findings) -> None:
    where = item.id
    identifier = _DOCUMENT_ID.fullmatch(item.unique_id)
    found.need(identifier and len(item.unique_id) <= 128, "uniqueId is not an OID, perhaps with an extension", where)
    found.need(item.type in (v.STABLE, v.ON_DEMAND), "objectType is not that of a document entry", where)
    found.need(_MIME.fullmatch(item.element.get("mimeType", "")), "mimeType is missing", where)
    for name, scheme in _ONE_CODE.items():
        _coded(item, name, scheme, found)
    _coded(item, "confidentialityCode", v.ENTRY_CONFIDENTIALITY, found, at_most=100)
    _coded(item, "eventCodeList", v.ENTRY_EVENT, found, at_least=0, at_most=100)
    found.need(_LANGUAGE.fullmatch(item.slot("languageCode")), "languageCode is missing or not one", where)
    found.need(patient_key(item.slot("sourcePatientId")), "sourcePatientId is missing or is not a CX", where)
    found.need(_is_oid(item.slot("repositoryUniqueId")), "repositoryUniqueId is missing or is not an OID", where)
    if item.type == v.ON_DEMAND:
        return
    found.need(item.slot("creationTime"), "creationTime is missing", where)
    found.need(_HASH.fullmatch(item.slot("hash")), "hash is missing or is not a SHA-1 in hex", where)
    size = item.slot("size")
    found.need(size.isascii() and size.isdigit(), "size is missing or not a number", where)


def _set(item: Item, found: Findings) -> None:
    found.need(item.slot("submissionTime"), "submissionTime is missing", item.id)
    sources = item.identifiers(v.SET_SOURCE)
    found.need(len(sources) == 1 and _is_oid(sources[0]), "sourceId is missing or is not an OID", item.id)
    _coded(item, "contentTypeCode", v.SET_CONTENT, found)


def _slots(item: Item, found: Findings) -> None:
    for name, values in item.slots.items():
        found.need(name, "a slot without name", item.id)
        found.need(all(values), f"an empty value in {name[:60]}", item.id)
        if name in _SINGLE:
            found.need(len(values) <= 1, f"{name} has several values", item.id)
        if name.endswith("Time"):
            found.need(all(map(is_time, values)), f"{name[:60]} is not a time", item.id)


def _coded(item: Item, name: str, scheme: str, found: Findings, *, at_least: int = 1, at_most: int = 1) -> None:
    codes = item.codes(scheme)
    found.need(at_least <= len(codes) <= at_most, f"{name}: {len(codes)} values", item.id)
    for code in codes:
        value, _, system = code.partition("^^")
        found.need(value and system, f"{name}: a code or its codingScheme is missing", item.id)


def _is_oid(text: str) -> bool:
    return len(text) <= 64 and _OID.fullmatch(text) is not None
