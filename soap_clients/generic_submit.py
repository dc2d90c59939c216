"""ITI-41 and ITI-42 on a regional registry: deposit a lot, replace a document, register entries alone."""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from dossier.document import Lot
from dossier.failure import Failure
from dossier.metadata import Association, AssociationKind, DocumentEntry
from dossier.patient_identifier import PatientIdentifier
from soap_clients.generic import REGISTER, GenericHost
from soap_clients.generic_metadata import request
from soap_clients.xds import vocabulary as v
from soap_clients.xds.envelope import read_registry_response


def submit(host: GenericHost, lot: Lot, patient: PatientIdentifier) -> None:
    """Deposit a lot under the registry's identifier of the patient (ITI-41); the bytes are streamed.

    Hash, size and repository are left to the repository. Raises Failure XDS_DUPLICATE, XDS_UNKNOWN_PATIENT,
    XDS_REFUSED(code=) and the like; OUTCOME_UNKNOWN when it cannot be told what the registry did.
    """
    entries = [replace(each.entry, hash="", size=0, repository_id="") for each in lot.documents]
    body = etree.Element(f"{{{v.XDS}}}ProvideAndRegisterDocumentSetRequest", nsmap={"xds": v.XDS})
    body.append(request((lot.submission_set, *entries, *lot.associations), patient))
    attachments = {}
    for number, each in enumerate(lot.documents, 1):
        cid = f"document{number:02d}@cps-bridge"
        attachments[cid] = each.content
        document = etree.SubElement(body, f"{{{v.XDS}}}Document", {"id": each.entry.entry_uuid})
        etree.SubElement(document, f"{{{v.XOP}}}Include", {"href": f"cid:{cid}"}, nsmap={"xop": v.XOP})
    reply = host.exchange("repository", v.PROVIDE_AND_REGISTER, body, attachments=attachments)
    read_registry_response(reply, v.PROVIDE_AND_REGISTER)


def replace_document(host: GenericHost, old: DocumentEntry, lot: Lot, patient: PatientIdentifier) -> None:
    """Deposit a lot whose one document replaces `old`, as the registry gave it (RPLC, ITI TF-3 4.2.2.2.3).

    Raises Failure as `submit`, XDS_REPLACED_NOT_FOUND when `old` has no entryUUID, LOT_NOT_SINGLE.
    """
    if not old.entry_uuid.startswith("urn:uuid:"):
        raise Failure("XDS_REPLACED_NOT_FOUND")
    if len(lot.documents) != 1:
        raise Failure("LOT_NOT_SINGLE")
    link = Association(AssociationKind.REPLACES, lot.documents[0].entry.entry_uuid, old.entry_uuid)
    submit(host, replace(lot, associations=(*lot.associations, link)), patient)


def register(host: GenericHost, lot: Lot, patient: PatientIdentifier) -> None:
    """Register the entries of a lot whose documents a repository already holds (ITI-42): nothing of them is sent.

    Each entry has hash, size and repository_id. Raises Failure as `submit`.
    """
    entries = [each.entry for each in lot.documents]
    body = request((lot.submission_set, *entries, *lot.associations), patient)
    read_registry_response(host.exchange("registry", REGISTER, body), REGISTER)
