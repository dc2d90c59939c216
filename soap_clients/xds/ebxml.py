"""The ebRIM form of document entries, submission sets and associations, both ways (ITI TF-3 4.2.5).

`to_ebxml` and `from_ebxml` mirror each other: what one writes the other reads back equal, except that times become
UTC without zone and that of a patient's traits only the first given name travels. Reading walks children once, without
XPath: registries answer with thousands of entries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lxml import etree

from dossier.failure import Failure
from dossier.metadata import Association, AssociationKind, Availability, DocumentEntry, SubmissionSet
from dossier.patient import Ins
from dossier.timestamp import Timestamp
from soap_clients import hl7_types as hl7
from soap_clients.xds import vocabulary as v
from soap_clients.xds.ebrim import (
    DESCRIPTION,
    NAME,
    VERSION,
    Fields,
    convert,
    read_slots,
    required,
    write_author,
    write_code,
    write_identifier,
    write_node,
    write_slots,
    write_text,
)

RegistryObject = DocumentEntry | SubmissionSet | Association

DOCUMENT_ENTRY = f"{{{v.RIM}}}ExtrinsicObject"
SUBMISSION_SET = f"{{{v.RIM}}}RegistryPackage"
ASSOCIATION = f"{{{v.RIM}}}Association"

_PREFIXES = {"rim": v.RIM}
_KINDS = {each.value: each for each in AssociationKind} | {v.REPLACES_READ_ALSO: AssociationKind.REPLACES}
_STATES = {each.value: each for each in Availability} | {"": Availability.APPROVED}


def to_ebxml(item: RegistryObject) -> etree._Element:
    """Write one registry object; slots are alphabetical, what is "" or unknown is left out.

    Raises Failure TEXT_UNWRITABLE when a text holds a character that XML cannot carry.
    """
    try:
        if isinstance(item, DocumentEntry):
            return _write_entry(item)
        if isinstance(item, SubmissionSet):
            return _write_set(item)
        return _write_association(item)
    except ValueError as error:
        raise Failure("TEXT_UNWRITABLE") from error


def from_ebxml(element: etree._Element) -> RegistryObject:
    """Read one registry object.

    Raises Failure XDS_METADATA_INVALID naming the field: absent, repeated though single-valued, or unreadable.
    """
    if element.tag == DOCUMENT_ENTRY:
        return read_entry(element)
    if element.tag == SUBMISSION_SET:
        return _read_set(element)
    if element.tag == ASSOCIATION:
        return _read_association(element)
    raise Failure("XDS_METADATA_INVALID", field="object")


def _write_entry(entry: DocumentEntry) -> etree._Element:
    element = etree.Element(DOCUMENT_ENTRY, {"id": entry.entry_uuid}, nsmap=_PREFIXES)
    if entry.logical_id:
        element.set("lid", entry.logical_id)
    element.set("objectType", v.OBJECT_DOCUMENT_ENTRY)
    element.set("mimeType", entry.mime_type)
    element.set("isOpaque", "false")
    if entry.status is not Availability.APPROVED:
        element.set("status", entry.status.value)
    write_slots(element, _entry_slots(entry))
    write_text(element, NAME, entry.title)
    write_text(element, DESCRIPTION, entry.comments)
    if entry.version:
        etree.SubElement(element, VERSION, {"versionName": entry.version})
    for author in entry.authors:
        write_author(element, v.ENTRY_AUTHOR, author)
    for scheme, codes in (
        (v.ENTRY_CLASS, (entry.class_code,)),
        (v.ENTRY_CONFIDENTIALITY, entry.confidentiality),
        (v.ENTRY_EVENT, entry.events),
        (v.ENTRY_FACILITY, (entry.facility,)),
        (v.ENTRY_FORMAT, (entry.format_code,)),
        (v.ENTRY_PRACTICE, (entry.practice_setting,)),
        (v.ENTRY_TYPE, (entry.type_code,)),
    ):
        for code in codes:
            write_code(element, scheme, code)
    write_identifier(element, v.ENTRY_PATIENT_ID, hl7.to_cx(entry.patient_id), "XDSDocumentEntry.patientId")
    write_identifier(element, v.ENTRY_UNIQUE_ID, entry.unique_id, "XDSDocumentEntry.uniqueId")
    return element


def _entry_slots(entry: DocumentEntry) -> dict[str, Sequence[str]]:
    return {
        v.CREATION_TIME: _time(entry.creation_time),
        v.HASH: _some(entry.hash),
        v.LANGUAGE_CODE: _some(entry.language),
        v.LEGAL_AUTHENTICATOR: (hl7.to_xcn(entry.legal_authenticator),) if entry.legal_authenticator else (),
        v.REFERENCE_ID_LIST: tuple(map(hl7.to_reference, entry.references)),
        v.REPOSITORY_UNIQUE_ID: _some(entry.repository_id),
        v.SERVICE_START_TIME: _time(entry.service_start),
        v.SERVICE_STOP_TIME: _time(entry.service_stop),
        v.SIZE: (str(entry.size),) if entry.size else (),
        v.SOURCE_PATIENT_ID: (hl7.to_local_cx(entry.source_patient_id),) if entry.source_patient_id else (),
        v.SOURCE_PATIENT_INFO: hl7.to_source_patient_info(entry.source_patient) if entry.source_patient else (),
    }


def read_entry(element: etree._Element, read_patient: Callable[[str], Ins] = hl7.from_cx) -> DocumentEntry:
    """Read a document entry, its patient by `read_patient`; raises Failure XDS_METADATA_INVALID as `from_ebxml`."""
    found = Fields(element)
    return DocumentEntry(
        entry_uuid=required(element.get("id"), "id"),
        unique_id=found.identifier(v.ENTRY_UNIQUE_ID),
        patient_id=convert(read_patient, found.identifier(v.ENTRY_PATIENT_ID), v.ENTRY_PATIENT_ID),
        mime_type=required(element.get("mimeType"), "mimeType"),
        class_code=found.code(v.ENTRY_CLASS),
        type_code=found.code(v.ENTRY_TYPE),
        format_code=found.code(v.ENTRY_FORMAT),
        confidentiality=found.codes(v.ENTRY_CONFIDENTIALITY),
        facility=found.code(v.ENTRY_FACILITY),
        practice_setting=found.code(v.ENTRY_PRACTICE),
        creation_time=required(found.time(v.CREATION_TIME), v.CREATION_TIME),
        title=found.title,
        authors=found.authors(),
        legal_authenticator=found.composite(v.LEGAL_AUTHENTICATOR, hl7.from_xcn),
        source_patient_id=found.composite(v.SOURCE_PATIENT_ID, hl7.from_local_cx),
        source_patient=hl7.from_source_patient_info(found.slots.get(v.SOURCE_PATIENT_INFO, ())),
        service_start=found.time(v.SERVICE_START_TIME),
        service_stop=found.time(v.SERVICE_STOP_TIME),
        language=found.single(v.LANGUAGE_CODE),
        comments=found.comments,
        events=found.codes(v.ENTRY_EVENT),
        references=tuple(
            convert(hl7.from_reference, each, v.REFERENCE_ID_LIST) for each in found.slots.get(v.REFERENCE_ID_LIST, ())
        ),
        repository_id=found.single(v.REPOSITORY_UNIQUE_ID),
        hash=found.single(v.HASH).lower(),
        size=_size(found.single(v.SIZE)),
        logical_id=element.get("lid", ""),
        version=found.version,
        status=required(_STATES.get(element.get("status", "")), "status"),
    )


def _write_set(item: SubmissionSet) -> etree._Element:
    attributes = {"id": item.entry_uuid, "objectType": v.OBJECT_PACKAGE}
    element = etree.Element(SUBMISSION_SET, attributes, nsmap=_PREFIXES)
    write_slots(element, {v.SUBMISSION_TIME: _time(item.submission_time)})
    write_text(element, NAME, item.title)
    write_text(element, DESCRIPTION, item.comments)
    for author in item.authors:
        write_author(element, v.SET_AUTHOR, author)
    write_code(element, v.SET_CONTENT_TYPE, item.content_type)
    write_node(element, v.SET_NODE)
    write_identifier(element, v.SET_PATIENT_ID, hl7.to_cx(item.patient_id), "XDSSubmissionSet.patientId")
    write_identifier(element, v.SET_SOURCE_ID, item.source_id, "XDSSubmissionSet.sourceId")
    write_identifier(element, v.SET_UNIQUE_ID, item.unique_id, "XDSSubmissionSet.uniqueId")
    return element


def _read_set(element: etree._Element) -> SubmissionSet:
    found = Fields(element)
    return SubmissionSet(
        entry_uuid=required(element.get("id"), "id"),
        unique_id=found.identifier(v.SET_UNIQUE_ID),
        source_id=found.identifier(v.SET_SOURCE_ID),
        patient_id=found.patient(v.SET_PATIENT_ID),
        submission_time=required(found.time(v.SUBMISSION_TIME), v.SUBMISSION_TIME),
        content_type=found.code(v.SET_CONTENT_TYPE),
        authors=found.authors(),
        title=found.title,
        comments=found.comments,
    )


def _write_association(item: Association) -> etree._Element:
    names = (item.source, item.kind.value.rpartition(":")[2], item.target)
    attributes = {
        "id": "_".join(each.removeprefix("urn:uuid:") for each in names),
        "objectType": v.OBJECT_ASSOCIATION,
        "associationType": item.kind.value,
        "sourceObject": item.source,
        "targetObject": item.target,
    }
    element = etree.Element(ASSOCIATION, attributes, nsmap=_PREFIXES)
    write_slots(element, dict(item.slots))
    return element


def _read_association(element: etree._Element) -> Association:
    return Association(
        kind=required(_KINDS.get(element.get("associationType", "")), "associationType"),
        source=required(element.get("sourceObject"), "sourceObject"),
        target=required(element.get("targetObject"), "targetObject"),
        slots=tuple(sorted((name, tuple(values)) for name, values in read_slots(element).items())),
    )


def _some(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _time(moment: Timestamp | None) -> tuple[str, ...]:
    return (moment.to_utc_digits(),) if moment else ()


def _size(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Failure("XDS_METADATA_INVALID", field=v.SIZE)
    return int(text)
