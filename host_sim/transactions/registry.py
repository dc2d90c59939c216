"""The registry on the wire: stored queries (ITI-18, TD3.1) and updates of entries (ITI-57, TD3.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from host_sim import consultation, ebrim_text, metadata_update, stored_query
from host_sim.call import Call, Reply
from host_sim.ebrim import QUERY, RIM, Link, MalformedError, read_submission
from host_sim.house import House
from host_sim.registry import Entry
from host_sim.registry_errors import (
    FAILURE,
    METADATA,
    SUCCESS,
    Problem,
    RegistryRefusal,
    error_list,
    registry_response,
)
from host_sim.stored_query import Found

STORED_QUERY = "urn:ihe:iti:2007:RegistryStoredQuery"
UPDATE = "urn:ihe:iti:2010:UpdateDocumentSet"


def answer_query(call: Call, house: House) -> Reply:
    """Answer ITI-18; a refusal of the registry leaves in the answer, one of the rights service as a fault."""
    body = etree.Element(f"{{{QUERY}}}AdhocQueryResponse", nsmap={"query": QUERY, "rim": RIM})
    try:
        found, whole = _search(call, house)
    except RegistryRefusal as refusal:
        body.set("status", FAILURE)
        body.append(error_list(refusal.problems))
        etree.SubElement(body, f"{{{RIM}}}RegistryObjectList")
        return Reply(f"{STORED_QUERY}Response", body)
    body.attrib.update({"status": SUCCESS, "startIndex": "0", "totalResultCount": str(len(found))})
    objects = etree.SubElement(body, f"{{{RIM}}}RegistryObjectList")
    for each in found:
        objects.append(_element(each) if whole else etree.Element(f"{{{RIM}}}ObjectRef", id=_id(each)))
    return Reply(f"{STORED_QUERY}Response", body)


def update(call: Call, house: House) -> Reply:
    """Answer ITI-57: all the changes of the request, or none."""
    problems: tuple[Problem, ...] = ()
    try:
        with house.store.transaction() as cursor:
            metadata_update.apply(read_submission(call.body), cursor, call, house)
    except MalformedError as error:
        problems = (Problem(METADATA, str(error)),)
    except RegistryRefusal as refusal:
        problems = refusal.problems
    return Reply(f"{UPDATE}-Response", registry_response(problems))


def _search(call: Call, house: House) -> tuple[list[Found], bool]:
    if call.body.tag != f"{{{QUERY}}}AdhocQueryRequest":
        raise RegistryRefusal.because("XDSRegistryError", "AdhocQueryRequest is expected")
    option = call.body.find(f"{{{QUERY}}}ResponseOption")
    query = call.body.find(f"{{{RIM}}}AdhocQuery")
    kind = "" if option is None else option.get("returnType", "")
    composed = "" if option is None else option.get("returnComposedObjects", "")
    if query is None or kind not in ("LeafClass", "ObjectRef") or composed not in ("true", "1"):
        raise RegistryRefusal.because(
            "XDSRegistryError", "AdhocQuery, a known returnType or returnComposedObjects is missing"
        )
    asked = stored_query.read_query(query)
    reading = consultation.reading(call, house, "TD3.1" if kind == "LeafClass" else "TD3.1_REFERENCE")
    with house.store.reading() as cursor:
        found = stored_query.run(asked, cursor, reading)
    if kind == "LeafClass" and len(found) > house.parameters["max_query_results"]:
        raise RegistryRefusal.because("XDSTooManyResults", "too many objects: ask for ObjectRef, or restrict the query")
    return found, kind == "LeafClass"


def _element(found: Found) -> Any:
    if isinstance(found, Entry):
        return found.element
    return ebrim_text.write_link(found) if isinstance(found, Link) else ebrim_text.write_object(found)


def _id(found: Found) -> str:
    return found.entry_uuid if isinstance(found, Entry) else found.id


HANDLERS: dict[tuple[str, str], Callable[[Call, House], Reply]] = {
    ("registry", STORED_QUERY): answer_query,
    ("registry", UPDATE): update,
}
