"""Prove a deposit: one sheet with what was sent, its fingerprints, and when the host accepted it."""

from __future__ import annotations

from dataclasses import replace

from cps_bridge.documents.printing import proof_of_deposit
from cps_bridge.storage.outbox import State
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import User
from dossier.failure import Failure
from dossier.metadata import DocumentEntry
from dossier.patient import IdentityStatus, PatientIdentity
from dossier.professional import Activity, HealthStructure, Professional
from soap_clients.xds import submit


def prove_deposit(desk: Desk, user: User, *, number: int) -> bytes:
    """Draw the proof of a lot that the host accepted (A4, PDF bytes), from what the outbox froze.

    It needs neither card nor host. Raises Failure OUTBOX_UNKNOWN, DEPOSIT_NOT_ACCEPTED.
    """
    item = desk.outbox.item(number)
    if item.state is not State.DONE:
        raise Failure("DEPOSIT_NOT_ACCEPTED", state=item.state.value)
    sent = {part.document_id: part for part in desk.outbox.parts(number) if part.listed}
    entries = tuple(
        replace(entry, hash=sent[entry.entry_uuid].sha1, size=sent[entry.entry_uuid].size)
        for entry in submit.read_entries(desk.outbox.metadata(number))
        if entry.entry_uuid in sent
    )
    if not entries or entries[0].source_patient is None:
        raise Failure("STORAGE_DAMAGED")
    identity = PatientIdentity(entries[0].source_patient, IdentityStatus.QUALIFIED, item.patient)
    return proof_of_deposit(
        identity, _professional(entries[0]), _activity(entries[0]), entries, item.unique_id, item.updated
    )


def _professional(entry: DocumentEntry) -> Professional:
    author = entry.authors[0]
    profession, _, specialty = (author.specialty.code if author.specialty else "").removeprefix("G15_").partition("/")
    return Professional(author.person.id, author.person.family_name, author.person.given_name, profession, specialty)


def _activity(entry: DocumentEntry) -> Activity:
    place = entry.authors[0].institution
    return Activity(
        HealthStructure(place.id_nat, place.name) if place else HealthStructure("", ""), entry.facility.code
    )
