"""Envelopes: the headers of a request, and what an answer must show before anybody reads it (WS-Addressing 1.0)."""

from __future__ import annotations

from lxml import etree

from dossier.failure import Failure
from soap_clients.faults import fault_failure
from soap_clients.namespaces import SOAP, WSA, WSA_ANONYMOUS, WSSE

_ANSWER_ACTIONS = {
    "urn:hl7-org:v3:PRPA_IN201305UV02": "urn:hl7-org:v3:PRPA_IN201306UV02",
    "urn:hl7-org:v3:PRPA_IN201307UV02": "urn:hl7-org:v3:PRPA_IN201308UV02",
    "urn:hl7-org:v3:PRPA_IN201311UV02": "urn:hl7-org:v3:PRPA_IN201311ResponseUV02",
    "urn:hl7-org:v3:PRPA_IN201314UV02": "urn:hl7-org:v3:PRPA_IN201314ResponseUV02",
    "urn:ihe:iti:2010:UpdateDocumentSet": "urn:ihe:iti:2010:UpdateDocumentSet-Response",
}
# IHE's own word for it (ITI TF-2 3.57), beside the one of the DMP above
_ALSO_ANSWERED = {"urn:ihe:iti:2010:UpdateDocumentSet": "urn:ihe:iti:2010:UpdateDocumentSetResponse"}


def answer_action(action: str) -> str:
    """Give the wsa:Action that the answer to a request action must carry."""
    return _ANSWER_ACTIONS.get(action, f"{action}Response")


def build_headers(message_id: str, action: str, assertion: etree._Element) -> list[etree._Element]:
    """Write the header blocks in the order the host knows: MessageID, To (empty), ReplyTo, Action, Security."""
    reply_to = _addressing("ReplyTo")
    _must_understand(reply_to)
    etree.SubElement(reply_to, f"{{{WSA}}}Address").text = WSA_ANONYMOUS
    action_header = _addressing("Action", action)
    _must_understand(action_header)
    security = etree.Element(f"{{{WSSE}}}Security", nsmap={"wsse": WSSE})
    security.append(assertion)
    return [_addressing("MessageID", message_id), _addressing("To", ""), reply_to, action_header, security]


def read_envelope(root: etree._Element, *, message_id: str, action: str) -> etree._Element:
    """Check an answer against its request and give the one child of its Body.

    action: of the request. Raises the Failure of a SOAP fault (see faults.py), HOST_NOT_SOAP, HOST_ANSWER_INVALID, or
    HOST_ANSWER_MISMATCH when it answers something else than our request.
    """
    if root.tag != f"{{{SOAP}}}Envelope":
        raise Failure("HOST_NOT_SOAP", status=200, type=etree.QName(root).localname[:40])
    headers, body = _parts(root)
    children = [each for each in body if isinstance(each.tag, str)]
    if len(children) != 1:
        raise Failure("HOST_ANSWER_INVALID", field="Body")
    is_fault = children[0].tag == f"{{{SOAP}}}Fault"
    check_headers(headers, message_id=message_id, action=action, is_fault=is_fault)
    if is_fault:
        raise fault_failure(children[0])
    return children[0]


def check_headers(headers: list[etree._Element], *, message_id: str, action: str, is_fault: bool = False) -> None:
    """Check RelatesTo, Action and mustUnderstand of the header blocks of an answer.

    A fault may lack RelatesTo and has an action of its own (the host may not have been able to read our headers).
    Raises Failure HOST_ANSWER_MISMATCH naming the field.
    """
    relates = _values(headers, "RelatesTo")
    if relates != [message_id] and not (is_fault and not relates):
        raise Failure("HOST_ANSWER_MISMATCH", field="RelatesTo")
    if not is_fault and _values(headers, "Action") not in ([answer_action(action)], [_ALSO_ANSWERED.get(action)]):
        raise Failure("HOST_ANSWER_MISMATCH", field="Action")
    for each in headers:
        flag = each.get(f"{{{SOAP}}}mustUnderstand")
        if flag in ("1", "true") and etree.QName(each).namespace != WSA:
            raise Failure("HOST_ANSWER_MISMATCH", field="mustUnderstand")


def _parts(root: etree._Element) -> tuple[list[etree._Element], etree._Element]:
    children = [each for each in root if isinstance(each.tag, str)]
    headers = [each for each in children if each.tag == f"{{{SOAP}}}Header"]
    bodies = [each for each in children if each.tag == f"{{{SOAP}}}Body"]
    if len(bodies) != 1 or len(headers) > 1 or len(children) != len(bodies) + len(headers):
        raise Failure("HOST_ANSWER_INVALID", field="Envelope")
    return ([each for each in headers[0] if isinstance(each.tag, str)] if headers else []), bodies[0]


def _values(headers: list[etree._Element], name: str) -> list[str]:
    return [(each.text or "").strip() for each in headers if each.tag == f"{{{WSA}}}{name}"]


def _addressing(name: str, text: str = "") -> etree._Element:
    element = etree.Element(f"{{{WSA}}}{name}", nsmap={"wsa": WSA})
    element.text = text or None
    return element


def _must_understand(element: etree._Element) -> None:
    element.set(f"{{{SOAP}}}mustUnderstand", "true")
