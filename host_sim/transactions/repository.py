"""The repository on the wire: deposit of a lot (ITI-41, TD2.1, TD2.2) and retrieval of documents (ITI-43, TD3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from lxml import etree

from host_sim import consultation, deposit, registry, repository
from host_sim.call import Call, Part, Reply
from host_sim.consultation import Reading
from host_sim.deposit import XDS, XOP
from host_sim.ebrim import MalformedError
from host_sim.house import House
from host_sim.registry import Entry
from host_sim.registry_errors import METADATA, PARTIAL_SUCCESS, Problem, RegistryRefusal, registry_response
from host_sim.store import Cursor

PROVIDE = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
RETRIEVE = "urn:ihe:iti:2007:RetrieveDocumentSet"
_MAX_REQUESTS = 500


def provide(call: Call, house: House) -> Reply:
    """Answer ITI-41: Success, or Failure with every problem found; always multipart."""
    problems: tuple[Problem, ...] = ()
    try:
        deposit.receive(call, house)
    except MalformedError as error:
        problems = (Problem(METADATA, str(error)),)
    except RegistryRefusal as refusal:
        problems = refusal.problems
    return Reply(f"{PROVIDE}Response", registry_response(problems), multipart=True)


def retrieve(call: Call, house: House) -> Reply:
    """Answer ITI-43: the documents that may be read, a RegistryError for each other one; always multipart."""
    body = etree.Element(f"{{{XDS}}}RetrieveDocumentSetResponse", nsmap={"xds": XDS, "xop": XOP})
    parts: dict[str, Part] = {}
    problems: list[Problem] = []
    try:
        reading = consultation.reading(call, house, "TD3.2")
        with house.store.reading() as cursor:
            for request in _requests(call.body):
                found = _wanted(request, cursor, reading)
                if isinstance(found, Problem):
                    problems.append(found)
                    continue
                cid = f"document{len(parts) + 1}@host"
                parts[cid] = repository.document(house.store, found.blob)
                body.append(_response(found, cid))
    except RegistryRefusal as refusal:
        problems.extend(refusal.problems)
    status = PARTIAL_SUCCESS if problems and parts else ""
    body.insert(0, registry_response(problems, status))
    return Reply(f"{RETRIEVE}Response", body, parts, multipart=True)


def _requests(body: Any) -> list[Any]:
    found = list(body.iterchildren(f"{{{XDS}}}DocumentRequest"))
    if not found or len(found) > _MAX_REQUESTS:
        raise RegistryRefusal.because("XDSRepositoryError", "between one and 500 documents may be asked for")
    return found


def _wanted(request: Any, cursor: Cursor, reading: Reading) -> Entry | Problem:
    where = (request.findtext(f"{{{XDS}}}RepositoryUniqueId") or "").strip()
    unique_id = (request.findtext(f"{{{XDS}}}DocumentUniqueId") or "").strip()
    if where not in (repository.REPOSITORY_ID, repository.VACCINATIONS_ID):
        return Problem("XDSUnknownRepositoryId", f"this host has no repository {where[:64]}", unique_id[:64])
    entry = registry.find_entry(cursor, unique_id=unique_id) if unique_id else None
    if entry is None or entry.item.slot("repositoryUniqueId") != where or not reading.shows(entry):
        # A document that may not be read is as unknown as one that does not exist.
        return Problem("XDSDocumentUniqueIdError", f"no document {unique_id[:64]}", unique_id[:64])
    return entry


def _response(entry: Entry, cid: str) -> Any:
    element = etree.Element(f"{{{XDS}}}DocumentResponse")
    etree.SubElement(element, f"{{{XDS}}}RepositoryUniqueId").text = entry.item.slot("repositoryUniqueId")
    etree.SubElement(element, f"{{{XDS}}}DocumentUniqueId").text = entry.unique_id
    etree.SubElement(element, f"{{{XDS}}}mimeType").text = entry.item.mime_type
    holder = etree.SubElement(element, f"{{{XDS}}}Document")
    etree.SubElement(holder, f"{{{XOP}}}Include", href=f"cid:{quote(cid, safe='')}")
    return element


HANDLERS: dict[tuple[str, str], Callable[[Call, House], Reply]] = {
    ("repository", PROVIDE): provide,
    ("repository", RETRIEVE): retrieve,
}
