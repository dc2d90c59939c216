"""List what a regional XDS.b registry holds of the patient on screen, and open one document of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cps_bridge.cards.signer import KeyUse
from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.read_documents import OpenedDocument, newest_first, read_content
from cps_bridge.workflows.user import User
from dossier.failure import Failure
from dossier.metadata import DocumentEntry
from dossier.patient import Ins
from dossier.patient_identifier import PatientIdentifier
from soap_clients import generic_query, generic_retrieve
from soap_clients.generic import GenericHost, RegistryEndpoints
from soap_clients.generic_transport import PlainTransport
from soap_clients.transport import Transport


def list_regional(desk: Desk, user: User) -> tuple[DocumentEntry, ...]:
    """List the documents of the patient on screen in the regional registry (ITI-18), by INS, newest first.

    Raises Failure REGISTRY_NOT_CONFIGURED, REGISTRY_FILE_INVALID, and as generic_query.find does.
    """
    session, context = desk.require_session(), desk.require_patient()
    with _registry(desk, session) as host, _told(desk, context.ins, "regional-list"):
        found = tuple(generic_query.find(host, PatientIdentifier.of(context.ins)))
    return newest_first(found)


def open_regional(desk: Desk, user: User, *, unique_id: str) -> OpenedDocument:
    """Fetch one document of the regional registry (ITI-43), checked as open_document does; kept in memory only.

    Raises Failure as list_regional, DOCUMENT_NOT_LISTED, DOCUMENT_HASH_MISMATCH, PATIENT_MISMATCH.
    """
    session, context = desk.require_session(), desk.require_patient()
    with _registry(desk, session) as host, _told(desk, context.ins, "regional-open", unique_id):
        found = generic_query.get(host, PatientIdentifier.of(context.ins), (unique_id,))
        if not found:
            raise Failure("DOCUMENT_NOT_LISTED")
        sink = io.BytesIO()
        generic_retrieve.retrieve(host, found[0], sink)
        return read_content(context, found[0], sink.getvalue())


@contextmanager
def _told(desk: Desk, ins: Ins, action: str, subject: str = "") -> Iterator[None]:
    """Write what is begun before the registry is asked, then how it ended."""
    desk.write(action, "begun", patient=ins, subject=subject)
    try:
        yield
    except Failure as failure:
        desk.write(action, failure.code, patient=ins, subject=subject)
        raise
    desk.write(action, "done", patient=ins, subject=subject)


@contextmanager
def _registry(desk: Desk, session: Session) -> Iterator[GenericHost]:
    """Connect to the registry of the settings for one use case."""
    addresses = _addresses(desk.settings.registry)
    endpoints = RegistryEndpoints.from_json(addresses)
    host = GenericHost(endpoints, PlainTransport() if endpoints.is_plain else _secure(desk, session, addresses))
    try:
        yield host
    finally:
        host.close()


def _secure(desk: Desk, session: Session, addresses: dict[str, str]) -> Transport:
    keys, settings = session.structure, desk.settings
    return Transport(
        keys.connection if keys else desk.cards.signer(session.epoch, KeyUse.AUTHENTICATION),
        Path(addresses.get("ca") or settings.host_ca),
        connect_timeout=settings.connect_seconds,
        read_timeout=settings.read_seconds,
    )


def _addresses(file: str) -> dict[str, str]:
    if not file:
        raise Failure("REGISTRY_NOT_CONFIGURED")
    try:
        found = json.loads(Path(file).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Failure("REGISTRY_FILE_INVALID") from error
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise Failure("REGISTRY_FILE_INVALID")
    return found
