"""ITI-18 on a regional registry: the documents of a patient, by filter or by uniqueId (ITI TF-2 3.18)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing

from dossier.document_filter import DocumentFilter
from dossier.failure import Failure
from dossier.metadata import Code, DocumentEntry
from dossier.patient_identifier import PatientIdentifier
from dossier.timestamp import Timestamp
from soap_clients.generic import GenericHost
from soap_clients.generic_metadata import entry_of
from soap_clients.xds import vocabulary as v
from soap_clients.xds.answers import REGISTRY_ERROR, RegistryError, judge
from soap_clients.xds.ebxml import DOCUMENT_ENTRY
from soap_clients.xds.envelope import stream_elements
from soap_clients.xds.query import build_request

_E = "$XDSDocumentEntry"
_RESPONSE = f"{{{v.QUERY}}}AdhocQueryResponse"
_BATCH = 50
_ALL = DocumentFilter()


def find(host: GenericHost, patient: PatientIdentifier, wanted: DocumentFilter = _ALL) -> Iterator[DocumentEntry]:
    """Yield the documents of a patient that pass a filter (FindDocuments), each as soon as it is read.

    Raises Failure XDS_PATIENT_MISMATCH when the answer holds somebody else's, XDS_UNKNOWN_PATIENT, XDS_REFUSED(code=)
    and the like, XDS_METADATA_INVALID, and what the wire raises.
    """
    slots = {
        f"{_E}PatientId": [_quoted(patient.cx)],
        f"{_E}Status": _listed(each.value for each in wanted.statuses),
        f"{_E}TypeCode": _codes(wanted.type_codes),
        f"{_E}ClassCode": _codes(wanted.class_codes),
        f"{_E}FormatCode": _codes(wanted.format_codes),
        f"{_E}PracticeSettingCode": _codes(wanted.practice_settings),
        f"{_E}HealthcareFacilityTypeCode": _codes(wanted.facility_types),
        f"{_E}EventCodeList": _codes(wanted.event_codes),
        f"{_E}ConfidentialityCode": _codes(wanted.confidentiality),
        f"{_E}AuthorPerson": _listed([f"%{wanted.author}%"]) if wanted.author else [],
        f"{_E}CreationTimeFrom": _moment(wanted.created_from),
        f"{_E}CreationTimeTo": _moment(wanted.created_to),
        f"{_E}ServiceStartTimeFrom": _moment(wanted.service_from),
        f"{_E}ServiceStartTimeTo": _moment(wanted.service_to),
        f"{_E}ServiceStopTimeFrom": _moment(wanted.service_stop_from),
        f"{_E}ServiceStopTimeTo": _moment(wanted.service_stop_to),
    }
    return _ask(host, patient, v.FIND_DOCUMENTS, slots)


def get(host: GenericHost, patient: PatientIdentifier, unique_ids: Iterable[str]) -> tuple[DocumentEntry, ...]:
    """Give the entries of some documents (GetDocuments), in the order of the registry; raises as `find`."""
    asked = list(dict.fromkeys(unique_ids))
    found: list[DocumentEntry] = []
    for start in range(0, len(asked), _BATCH):
        slots = {f"{_E}UniqueId": _listed(asked[start : start + _BATCH])}
        found += _ask(host, patient, v.GET_DOCUMENTS, slots)
    return tuple(found)


def _ask(
    host: GenericHost, patient: PatientIdentifier, query: str, slots: Mapping[str, Sequence[str]]
) -> Iterator[DocumentEntry]:
    reply = host.exchange("registry", v.STORED_QUERY, build_request(query, slots))
    elements = stream_elements(reply, v.STORED_QUERY, (DOCUMENT_ENTRY, REGISTRY_ERROR), (_RESPONSE,))
    status: str | None = None
    errors: list[RegistryError] = []
    with closing(elements):
        for event, element in elements:
            if element.tag == DOCUMENT_ENTRY:
                entry = entry_of(element)
                if entry.patient_id != patient.in_metadata:
                    raise Failure("XDS_PATIENT_MISMATCH")
                yield entry
            elif element.tag == REGISTRY_ERROR:
                errors.append(RegistryError.read(element))
            elif event == "start":
                status = element.get("status", "")
    if status is None:
        raise Failure("XDS_ANSWER_INVALID", reason="body")
    judge(status, tuple(errors))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _listed(texts: Iterable[str]) -> list[str]:
    values = [_quoted(text) for text in texts]
    return [f"({','.join(values)})"] if values else []


def _codes(codes: Sequence[Code]) -> list[str]:
    return _listed(f"{each.code}^^{each.system}" for each in codes)


def _moment(moment: Timestamp | None) -> list[str]:
    return [_quoted(moment.to_utc_digits())] if moment else []
