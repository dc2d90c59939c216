"""The metadata profile of the DMP (CI-SIS, ITI TF-3 4.2.3): every submission set and entry is judged against it."""

from __future__ import annotations

import re
from datetime import datetime

from dossier import codes
from dossier.failure import Failure
from dossier.timestamp import Timestamp

from .ebrim import DOCUMENT_TYPE, SET_NODE, Classification, RegistryObject
from .hl7_ids import Xcn, Xon, parse_cx, parse_xcn, parse_xon
from .registry_errors import Findings

SET_AUTHOR = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
SET_CONTENT = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
SET_PATIENT = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
SET_SOURCE = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
SET_UNIQUE = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"

AUTHOR = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
CLASS = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
TYPE = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
FORMAT = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
CONFIDENTIALITY = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
FACILITY = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
PRACTICE = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"
EVENTS = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
PATIENT = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
UNIQUE = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"

MASKED, HIDDEN, HIDDEN_RL = "MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"
SIGNATURE_TYPE, SIGNATURE_CLASS = "E1762", "urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1"
DICOM = "application/dicom"
REFERENCES = "urn:ihe:iti:xds:2013:referenceIdList"

_SETS = {
    CLASS: codes.CLASS,
    TYPE: codes.TYPE,
    FORMAT: codes.FORMAT,
    FACILITY: codes.FACILITY,
    PRACTICE: codes.PRACTICE_SETTING,
}
_LABELS = {
    CLASS: "classCode", TYPE: "typeCode", FORMAT: "formatCode", FACILITY: "healthcareFacilityTypeCode",
    PRACTICE: "practiceSettingCode", CONFIDENTIALITY: "confidentialityCode", EVENTS: "eventCodeList",
    SET_CONTENT: "contentTypeCode",
}  # fmt: skip
_ENTRY_SCHEMES = frozenset({AUTHOR, CONFIDENTIALITY, EVENTS, *_SETS})
_SIGNATURE_CODES = {
    CLASS: (SIGNATURE_CLASS, "URN"),
    TYPE: (SIGNATURE_TYPE, "ASTM"),
    FORMAT: ("http://www.w3.org/2000/09/xmldsig#", "URN"),
}
_SIGNATURE_PURPOSE = ("1.2.840.10065.1.12.1.14", "1.2.840.10065.1.12")
_OID = re.compile(r"^[0-2](\.(0|[1-9]\d*))+$")
_DIGITS = re.compile(r"^\d{4}(\d\d){0,5}$")
_LANGUAGE = re.compile(r"^[a-z]{2,3}-[A-Z]{2}$")
_HASH = re.compile(r"^[0-9a-f]{40}$")


def is_signature(entry: RegistryObject) -> bool:
    """Whether an entry is the IHE DSG signature of its lot."""
    return any(each.representation == SIGNATURE_TYPE for each in entry.of_scheme(TYPE))


def code_of(entry: RegistryObject, scheme: str) -> str:
    """The code of a classification that occurs once; "" otherwise."""
    found = entry.of_scheme(scheme)
    return found[0].representation if len(found) == 1 else ""


def confidentiality(entry: RegistryObject) -> frozenset[str]:
    """The confidentiality codes of an entry."""
    return frozenset(each.representation for each in entry.of_scheme(CONFIDENTIALITY))


def authors(item: RegistryObject) -> tuple[tuple[Xcn | None, Xon | None], ...]:
    """The authors of an entry or a submission set: person and institution, None where absent or unreadable."""
    scheme = SET_AUTHOR if item.kind == "RegistryPackage" else AUTHOR
    return tuple(
        (parse_xcn(_only(each, "authorPerson")), parse_xon(_only(each, "authorInstitution")))
        for each in item.of_scheme(scheme)
    )


def check_set(package: RegistryObject, structure: str, found: Findings) -> None:
    """Judge a submission set (RegistryPackage) sent from a structure (Struct_IdNat of the VIHF)."""
    where = package.id
    nodes = [each.node for each in package.classifications if each.node]
    found.need(nodes == [SET_NODE], "the submission set is not marked as one", where)
    _check_time(package, "submissionTime", found)
    found.need(len(package.title) <= 255, "title of the submission set is too long", where)
    content = package.of_scheme(SET_CONTENT)
    if found.need(len(content) == 1, "contentTypeCode is expected once", where):
        _check_code(content[0], SET_CONTENT, codes.CONTENT_TYPE, where, found)
    _check_authors(package, structure, found, every=True)
    for scheme, label in ((SET_UNIQUE, "uniqueId"), (SET_SOURCE, "sourceId")):
        value = package.identifier(scheme)
        found.need(_OID.match(value) and len(value) <= 64, f"{label} of the submission set is not an OID", where)
    _check_patient(package.identifier(SET_PATIENT), where, found)


def check_entry(entry: RegistryObject, structure: str, found: Findings, *, exclusive: bool) -> None:
    """Judge a document entry sent from a structure ("": of any structure).

    `exclusive`: masked to professionals and hidden from the patient may not go together.
    """
    where = entry.id
    found.need(entry.object_type == DOCUMENT_TYPE, "objectType is not a stable document", where)
    for name in ("creationTime", "serviceStartTime"):
        _check_time(entry, name, found)
    if "serviceStopTime" in entry.slots and _check_time(entry, "serviceStopTime", found):
        start, stop = entry.slot("serviceStartTime"), entry.slot("serviceStopTime")
        found.need(stop >= start[: len(stop)], "serviceStopTime is before serviceStartTime", where)
    found.need(0 < len(entry.title) <= 255, "title is missing or too long", where)
    found.need(parse_xcn(_single(entry, "legalAuthenticator")), "legalAuthenticator is not an XCN", where)
    found.need(parse_cx(_single(entry, "sourcePatientId")), "sourcePatientId is not a CX", where)
    _check_source_patient(entry, found)
    _check_codes(entry, found)
    _check_confidentiality(entry, found, exclusive=exclusive)
    _check_authors(entry, structure, found, every=False)
    _check_patient(entry.identifier(PATIENT), where, found)
    unique = entry.identifier(UNIQUE)
    found.need(_is_unique_id(unique), "uniqueId is not an OID of at most 64 characters", where)
    if "hash" in entry.slots:
        found.need(_HASH.match(entry.slot("hash")), "hash is not a lower-case SHA-1", where)


def _only(item: Classification, slot: str) -> str:
    values = item.slots.get(slot, ())
    return values[0] if len(values) == 1 else ""


def _single(entry: RegistryObject, slot: str) -> str:
    values = entry.slots.get(slot, ())
    return values[0] if len(values) == 1 else ""


def _is_unique_id(value: str) -> bool:
    root, _, extension = value.partition("^")
    return bool(_OID.match(root)) and len(root) <= 64 and len(extension) <= 16


def _check_time(item: RegistryObject, name: str, found: Findings) -> bool:
    value = _single(item, name)
    try:
        good = bool(_DIGITS.match(value)) and isinstance(Timestamp(value).to_datetime(), datetime)
    except Failure:
        good = False
    return found.need(good, f"{name} is not a UTC time of the form yyyy[MM[dd[HH[mm[ss]]]]]", item.id)


def _check_patient(value: str, where: str, found: Findings) -> None:
    cx = parse_cx(value)
    found.need(cx is not None and cx.kind == "NH" and cx.id, "patientId is not the CX of an INS", where)


def _check_source_patient(entry: RegistryObject, found: Findings) -> None:
    names = {value.partition("|")[0] for value in entry.slots.get("sourcePatientInfo", ())}
    found.need({"PID-5", "PID-7", "PID-8"} <= names, "sourcePatientInfo lacks PID-5, PID-7 or PID-8", entry.id)


def _check_codes(entry: RegistryObject, found: Findings) -> None:
    fixed = _SIGNATURE_CODES if is_signature(entry) else {}
    unknown = {each.scheme for each in entry.classifications} - _ENTRY_SCHEMES
    found.need(not unknown, f"classification schemes not known: {' '.join(sorted(unknown))[:120]}", entry.id)
    for scheme, value_set in _SETS.items():
        values = entry.of_scheme(scheme)
        if not found.need(len(values) == 1, f"{_LABELS[scheme]} is expected once", entry.id):
            continue
        if scheme in fixed:
            same = (values[0].representation, values[0].system) == fixed[scheme]
            found.need(same, f"{_LABELS[scheme]} of a signature entry is {fixed[scheme][0]}", entry.id)
        else:
            _check_code(values[0], scheme, value_set, entry.id, found)
    for each in entry.of_scheme(EVENTS):
        found.need(each.representation and each.system, "eventCodeList without code or codingScheme", entry.id)
    if is_signature(entry):
        found.need(entry.slot("languageCode") == "art", "languageCode of a signature entry is art", entry.id)
        found.need(entry.mime_type == "text/xml", "mimeType of a signature entry is text/xml", entry.id)
        _check_purpose(entry, found)
        return
    found.need(_LANGUAGE.match(_single(entry, "languageCode")), "languageCode is not of the form fr-FR", entry.id)
    found.need(entry.mime_type in ("text/xml", DICOM), "mimeType is neither text/xml nor application/dicom", entry.id)
    _check_class(entry, found)


def _check_code(item: Classification, scheme: str, value_set: str, where: str, found: Findings) -> None:
    label = _LABELS[scheme]
    known = codes.load(value_set).get(item.representation)
    if found.need(known, f"{label} {item.representation[:60]} is not in its value set", where) and known:
        found.need(item.system == known.system, f"{label} has not the coding scheme {known.system}", where)
    found.need(item.name, f"{label} has no display name", where)


def _check_purpose(entry: RegistryObject, found: Findings) -> None:
    listed = [(each.representation, each.system) for each in entry.of_scheme(EVENTS)]
    found.need(listed == [_SIGNATURE_PURPOSE], "eventCodeList of a signature is its purpose, Source", entry.id)


def _check_class(entry: RegistryObject, found: Findings) -> None:
    try:
        wanted = codes.class_of(code_of(entry, TYPE)).code
    except Failure:
        return  # a recent type without class in the map: any class of the value set will do
    sent = code_of(entry, CLASS)
    found.need(sent == wanted, f"classCode of this typeCode is {wanted}, not {sent[:20]}", entry.id)


def _check_confidentiality(entry: RegistryObject, found: Findings, *, exclusive: bool) -> None:
    values = entry.of_scheme(CONFIDENTIALITY)
    present = confidentiality(entry)
    found.need(1 <= len(values) <= 4 and len(present) == len(values), "confidentialityCode: 1 to 4 values", entry.id)
    found.need("N" in present, "confidentialityCode N is always there", entry.id)
    for each in values:
        _check_code(each, CONFIDENTIALITY, codes.CONFIDENTIALITY, entry.id, found)
    if is_signature(entry):
        found.need(
            present == {"N", MASKED, HIDDEN}, "a signature entry is N, MASQUE_PS and INVISIBLE_PATIENT", entry.id
        )
    elif exclusive:
        found.need(not {MASKED, HIDDEN} <= present, "MASQUE_PS and INVISIBLE_PATIENT exclude each other", entry.id)


def _check_authors(item: RegistryObject, structure: str, found: Findings, *, every: bool) -> None:
    scheme = SET_AUTHOR if item.kind == "RegistryPackage" else AUTHOR
    people = authors(item)
    if not found.need(people, "author is missing", item.id):
        return
    for person, _ in people:
        found.need(person, "authorPerson is not an XCN", item.id)
    for each in item.of_scheme(scheme):
        _check_specialty(each, item.id, found)
    same = [place is not None and structure in ("", place.id) for _, place in people]
    good = all(same) if every else any(same)
    found.need(good, "authorInstitution does not match Identifiant_Structure of the VIHF", item.id)


def _check_specialty(author: Classification, where: str, found: Findings) -> None:
    for value in author.slots.get("authorSpecialty", ()):
        code, _, system = [*value.split("^"), "", ""][:3]
        known = codes.load(codes.SPECIALTY).get(code)
        found.need(known and known.system == system, f"authorSpecialty {code[:30]} is not in its value set", where)
    found.need(author.slots.get("authorSpecialty"), "authorSpecialty is missing", where)
