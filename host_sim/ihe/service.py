"""From a request that arrived to its answer: one transaction of the house for each, its row of the access log in it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from host_sim.audit_objects import objects_of
from host_sim.call import HostFault
from host_sim.faults import Dropped, Fault, Refused
from host_sim.http_body import BadFraming, Body
from host_sim.http_exchange import Answer
from host_sim.noting import place_of
from host_sim.registry_errors import FAILURE, SUCCESS, RegistryRefusal, error_list, registry_response
from host_sim.store import Cursor

from . import mime, queries, repository, soap
from . import vocabulary as v
from .asked import Asked
from .context import Context
from .faults import SoapFault
from .incoming import Request, forget
from .metadata import patient_key
from .objects import parse, read_submission
from .register import register
from .registry import Stored
from .soap import Addressed
from .update import update

_LOG = logging.getLogger("host_sim")


@dataclass(frozen=True)
class _Reply:
    body: Any
    parts: Mapping[str, Path] = field(default_factory=dict)


Handler = Callable[[Any, Request, Cursor, Context], _Reply]


class Service:
    """The registry and repository behind their HTTP server."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def serve(self, content_type: str, body: Body) -> Answer:
        """Serve one request; raises Dropped, Refused or BadFraming when nothing is to be answered as usual."""
        folder = self.context.house.store.incoming / uuid.uuid4().hex
        folder.mkdir()
        relates_to = ""
        try:
            limits = self.context.house.parameters
            request = mime.read(
                content_type, body, folder, max_root=limits["max_root_bytes"], max_parts=limits["max_parts"]
            )
            relates_to = soap.message_id_of(request.root)
            return self._answer(soap.address(request.root, request.media_action), request)
        except SoapFault as refusal:
            _LOG.info("fault: %s", refusal.subcode or refusal.code)
            return Answer(500, soap.fault(refusal, relates_to))
        except HostFault as refusal:
            return Answer(500, soap.fault(SoapFault(refusal.reason or refusal.code), relates_to))
        except (Dropped, Refused, BadFraming):
            raise
        except Exception as error:
            _LOG.error("unexpected %s", place_of(error))
            return Answer(500, soap.fault(SoapFault("the service failed", code="Receiver"), relates_to))
        finally:
            forget(folder)

    def _answer(self, addressed: Addressed, request: Request) -> Answer:
        known = HANDLERS.get(addressed.action)
        if known is None:
            raise SoapFault("wsa:Action is not served here", subcode="ActionNotSupported")
        name, handler = known
        before = self._fault(name, "before_commit")
        with self.context.house.store.transaction() as cursor:
            reply, outcome = _run(handler, addressed.body, request, cursor, self.context)
            self._record(name, addressed, outcome)
            if before is not None:
                before.strike()
        after = self._fault(name, "after_commit")
        if after is not None:
            after.strike()
        envelope = soap.answer(f"{addressed.action}Response", addressed.message_id, reply.body)
        multipart = request.multipart or bool(reply.parts) or name == "ITI-43"
        return Answer(200, envelope, reply.parts, multipart)

    def _fault(self, name: str, when: str) -> Fault | None:
        """The armed fault, its delay already spent."""
        house = self.context.house
        found: Fault | None = house.faults.take(name, when)
        if found is not None:
            house.stopping.wait(found.seconds)
        return found

    def _record(self, name: str, addressed: Addressed, outcome: str) -> None:
        house = self.context.house
        house.audit.record(
            house.clock.now(),
            name,
            outcome,
            patient=_patient_of(addressed.body),
            message_id=addressed.message_id,
            objects=objects_of(addressed.body),
        )


def _run(handler: Handler, body: Any, request: Request, cursor: Cursor, context: Context) -> tuple[_Reply, str]:
    """The reply, and the word of the access log; a refusal leaves nothing written."""
    try:
        with context.house.store.transaction():
            reply = handler(body, request, cursor, context)
    except RegistryRefusal as refusal:
        reply = _Reply(registry_response(refusal.problems))
        if body.tag == f"{{{v.QUERY}}}AdhocQueryRequest":
            reply = _Reply(_query_response(FAILURE, refusal))
        if body.tag == f"{{{v.XDS}}}RetrieveDocumentSetRequest":
            answer = etree.Element(f"{{{v.XDS}}}RetrieveDocumentSetResponse", nsmap={"xds": v.XDS})
            answer.append(registry_response(refusal.problems))
            reply = _Reply(answer)
    error = next(reply.body.iter(f"{{{v.RS}}}RegistryError"), None)
    return reply, "ok" if error is None else str(error.get("errorCode", ""))


def _patient_of(body: Any) -> str:
    """The patient of a request for the access log, "" when it names none."""
    for each in body.iter(f"{{{v.RIM}}}ExternalIdentifier"):
        if each.get("identificationScheme") in v.PATIENT_OF.values():
            return patient_key(each.get("value", ""))
    for each in body.iter(f"{{{v.RIM}}}Slot"):
        if each.get("name", "").lower().endswith("patientid") and each.get("name", "").startswith("$"):
            return patient_key((each.findtext(f".//{{{v.RIM}}}Value") or "").strip(" '()"))
    return ""


def _stored_query(body: Any, request: Request, cursor: Cursor, context: Context) -> _Reply:
    option = body.find(f"{{{v.QUERY}}}ResponseOption")
    query = body.find(f"{{{v.RIM}}}AdhocQuery")
    kind = "" if option is None else option.get("returnType", "")
    if body.tag != f"{{{v.QUERY}}}AdhocQueryRequest" or query is None or kind not in ("LeafClass", "ObjectRef"):
        raise RegistryRefusal.because("XDSRegistryError", "AdhocQuery or a known returnType is missing")
    found = queries.run(Asked(query), cursor, context)
    whole = kind == "LeafClass"
    if whole and len({each.patient for each in found}) > 1:
        raise RegistryRefusal.because("XDSResultNotSinglePatient", "the answer would hold several patients")
    most = context.house.parameters["max_query_results"]
    if whole and 0 < most < len(found):
        raise RegistryRefusal.because("XDSTooManyResults", f"more than {most} objects: ask for references")
    return _Reply(_query_response(SUCCESS, found, whole=whole))


def _query_response(status: str, found: list[Stored] | RegistryRefusal, *, whole: bool = False) -> Any:
    response = etree.Element(f"{{{v.QUERY}}}AdhocQueryResponse", {"status": status}, nsmap={
        name: v.PREFIXES[name] for name in ("query", "rim", "rs")
    })  # fmt: skip
    if isinstance(found, RegistryRefusal):
        response.append(error_list(found.problems))
    objects = etree.SubElement(response, f"{{{v.RIM}}}RegistryObjectList")
    for each in found if isinstance(found, list) else ():
        objects.append(parse(each.text) if whole else etree.Element(f"{{{v.RIM}}}ObjectRef", id=each.id))
    return response


def _provide(body: Any, request: Request, cursor: Cursor, context: Context) -> _Reply:
    repository.provide(body, request, cursor, context)
    return _Reply(registry_response())


def _retrieve(body: Any, request: Request, cursor: Cursor, context: Context) -> _Reply:
    return _Reply(*repository.retrieve(body, cursor, context))


def _register(body: Any, request: Request, cursor: Cursor, context: Context) -> _Reply:
    register(read_submission(body), cursor, context)
    return _Reply(registry_response())


def _update(body: Any, request: Request, cursor: Cursor, context: Context) -> _Reply:
    update(read_submission(body), cursor, context)
    return _Reply(registry_response())


HANDLERS: dict[str, tuple[str, Handler]] = {
    "urn:ihe:iti:2007:RegistryStoredQuery": ("ITI-18", _stored_query),
    "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b": ("ITI-41", _provide),
    "urn:ihe:iti:2007:RegisterDocumentSet-b": ("ITI-42", _register),
    "urn:ihe:iti:2007:RetrieveDocumentSet": ("ITI-43", _retrieve),
    "urn:ihe:iti:2010:UpdateDocumentSet": ("ITI-57", _update),
    "urn:ihe:iti:2010:RegisterOnDemandDocumentEntry": ("ITI-61", _register),
}
