"""Metadata of a regional registry both ways: the same ebRIM, its patient identifiers being any (ITI TF-3 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lxml import etree

from dossier.failure import Failure
from dossier.metadata import DocumentEntry, LocalId, SubmissionSet
from dossier.patient import Ins
from dossier.patient_identifier import PatientIdentifier
from soap_clients import hl7_types as hl7
from soap_clients.xds import vocabulary as v
from soap_clients.xds.ebrim import IDENTIFIER
from soap_clients.xds.ebxml import RegistryObject, read_entry, to_ebxml

_PATIENTS = frozenset({v.ENTRY_PATIENT_ID, v.SET_PATIENT_ID})


def request(items: Iterable[RegistryObject], patient: PatientIdentifier) -> etree._Element:
    """Write an lcm:SubmitObjectsRequest whose every object is of this patient.

    An entry without sourcePatientId, which IHE demands, gets the patient's. Raises Failure TEXT_UNWRITABLE.
    """
    body = etree.Element(f"{{{v.LCM}}}SubmitObjectsRequest", nsmap={"lcm": v.LCM, "rim": v.RIM})
    objects = etree.SubElement(body, f"{{{v.RIM}}}RegistryObjectList")
    objects.extend(_elements(items, patient))
    etree.cleanup_namespaces(body, keep_ns_prefixes=["rim"])
    return body


def _elements(items: Iterable[RegistryObject], patient: PatientIdentifier) -> Iterator[etree._Element]:
    for each in items:
        item = each
        if isinstance(item, DocumentEntry | SubmissionSet):
            item = replace(item, patient_id=patient.in_metadata)
        if isinstance(item, DocumentEntry) and item.source_patient_id is None:
            item = replace(item, source_patient_id=LocalId(patient.value, patient.authority))
        element = to_ebxml(item)
        for part in element.iterchildren(IDENTIFIER):
            if part.get("identificationScheme") in _PATIENTS:
                part.set("value", patient.cx)
        yield element


def entry_of(element: etree._Element) -> DocumentEntry:
    """Read a document entry; its patient_id is `PatientIdentifier.in_metadata`.

    Raises Failure XDS_METADATA_INVALID.
    """
    return read_entry(element, _read_patient)


def _read_patient(text: str) -> Ins:
    try:
        return PatientIdentifier.parse(hl7.unescape(text)).in_metadata
    except Failure as failure:
        raise Failure("HL7_INVALID") from failure
