"""ITI-57 on a regional registry: another version of an entry, another availability status (ITI TF-2 3.57)."""

from __future__ import annotations

from dataclasses import replace

from dossier.metadata import Association, AssociationKind, Availability, DocumentEntry, SubmissionSet
from dossier.patient_identifier import PatientIdentifier
from soap_clients.generic import GenericHost
from soap_clients.generic_metadata import request
from soap_clients.xds import vocabulary as v
from soap_clients.xds.ebxml import RegistryObject
from soap_clients.xds.envelope import read_registry_response

_ENTRY_ID = "Document01"


def update(host: GenericHost, changed: DocumentEntry, change: SubmissionSet, patient: PatientIdentifier) -> None:
    """Make a new version of an entry: `changed` as the registry gave it, attributes replaced; the bytes stay.

    change: the set that says who changes what, and when. Raises Failure XDS_VERSION_STALE when somebody changed it
    meanwhile, XDS_REFUSED(code=) and the like, OUTCOME_UNKNOWN.
    """
    logical_id = changed.logical_id or changed.entry_uuid
    entry = replace(changed, entry_uuid=_ENTRY_ID, logical_id=logical_id, version="", status=Availability.APPROVED)
    slots = ((v.PREVIOUS_VERSION, (changed.version or "1",)), (v.SUBMISSION_SET_STATUS, (v.ORIGINAL,)))
    _send(host, (change, entry, Association(AssociationKind.HAS_MEMBER, change.entry_uuid, _ENTRY_ID, slots)), patient)


def change_status(
    host: GenericHost, entry: DocumentEntry, status: Availability, change: SubmissionSet, patient: PatientIdentifier
) -> None:
    """Deprecate a document, or approve it again; raises as `update`."""
    slots = ((v.NEW_STATUS, (status.value,)), (v.ORIGINAL_STATUS, (entry.status.value,)))
    link = Association(AssociationKind.UPDATES_STATUS, change.entry_uuid, entry.entry_uuid, slots)
    _send(host, (change, link), patient)


def _send(host: GenericHost, items: tuple[RegistryObject, ...], patient: PatientIdentifier) -> None:
    read_registry_response(host.exchange("registry", v.UPDATE, request(items, patient)), v.UPDATE)
