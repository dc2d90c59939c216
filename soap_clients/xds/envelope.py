"""The SOAP envelope of a streamed answer: related to our request, of the expected action, without fault."""

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from lxml import etree

from dossier.failure import Failure
from soap_clients import safe_xml
from soap_clients.envelope import check_headers, read_envelope
from soap_clients.faults import fault_failure
from soap_clients.mtom import Answer, open_answer
from soap_clients.xds import vocabulary as v
from soap_clients.xds.answers import failure_of, judge, read_errors

if TYPE_CHECKING:
    from soap_clients.host import StreamedReply

Event = tuple[str, etree._Element]

_HEADER, _FAULT = f"{{{v.SOAP}}}Header", f"{{{v.SOAP}}}Fault"
_REGISTRY_RESPONSE = f"{{{v.RS}}}RegistryResponse"
_UNREADABLE = frozenset(
    {
        "XML_UNSAFE",
        "XML_INVALID",
        "MTOM_INVALID",
        "MTOM_TRUNCATED",
        "MTOM_TOO_LARGE",
        "XDS_ANSWER_INVALID",
        "HOST_NOT_SOAP",
        "HOST_ANSWER_INVALID",
        "HOST_ANSWER_MISMATCH",
    }
)


def read_registry_response(reply: StreamedReply, action: str) -> None:
    """Read the answer to a request that changes something; closes it.

    Raises the Failure of its errors; OUTCOME_UNKNOWN when it cannot be read: the host may well have done the work.
    """
    try:
        with closing(reply.stream):
            body, answer = open_envelope(reply, action)
            with suppress(Failure):  # what follows the envelope changes nothing: it is read to keep the connection
                for _ in answer.attachments():
                    pass
        if body.tag != _REGISTRY_RESPONSE or body.get("status") == v.STATUS_PARTIAL:
            raise Failure("XDS_ANSWER_INVALID", reason="body")
    except Failure as failure:
        if failure.code in _UNREADABLE:
            raise Failure("OUTCOME_UNKNOWN", reason=failure.code) from failure
        raise
    judge(body.get("status", ""), read_errors(body))


def open_envelope(reply: StreamedReply, action: str) -> tuple[etree._Element, Answer]:
    """Read the envelope of an answer, multipart or not; gives the child of its Body and the answer with attachments.

    Raises the Failure of a fault, HOST_ANSWER_MISMATCH, HOST_NOT_SOAP, and what XML and multipart reading raise.
    """
    answer = open_answer(reply.content_type, reply.stream)
    root = safe_xml.parse(answer.read_root())
    try:
        body = read_envelope(root, message_id=reply.message_id, action=action)
    except Failure as failure:
        raise _translated(failure) from failure
    if reply.status != 200:
        raise Failure("HOST_NOT_SOAP", status=reply.status, type="?")
    return body, answer


def stream_elements(
    reply: StreamedReply, action: str, tags: Sequence[str], start_tags: Sequence[str] = ()
) -> Generator[Event, None, None]:
    """Yield elements of the body of a long answer as `safe_xml.iterate` does, once its headers were checked.

    Raises as `open_envelope`; closes the answer, also when the reader stops early.
    """
    with closing(reply.stream):
        stream = open_answer(reply.content_type, reply.stream).open_root()
        header: list[etree._Element] = []
        checked = False
        for event, element in safe_xml.iterate(stream, (*tags, _HEADER, _FAULT), start_tags=start_tags):
            if element.tag == _HEADER:
                header = [copy.copy(each) for each in element if isinstance(each.tag, str)]
                continue
            if not checked:
                is_fault = element.tag == _FAULT
                check_headers(header, message_id=reply.message_id, action=action, is_fault=is_fault)
                checked = True
            if element.tag == _FAULT:
                raise _translated(fault_failure(element))
            yield event, element


def _known(failure: Failure) -> Failure | None:
    return failure_of(str(failure.facts.get("code")), str(failure.facts.get("detail")))


def _translated(failure: Failure) -> Failure:
    return (failure.code == "HOST_FAULT" and _known(failure)) or failure
