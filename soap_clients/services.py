"""zeep's part: our WSDLs of the host's services, the envelopes of their operations, the typed bodies both ways.

zeep never sends nor parses what comes from outside: envelopes leave by transport.py, answers come through safe_xml.
Imported lazily by host.py, since zeep is heavy. See docs/decisions/010-what-zeep-carries.md.
"""

from __future__ import annotations

import copy
import io
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import zeep
import zeep.exceptions
from lxml import etree
from zeep.transports import Transport

from dossier.failure import Failure
from soap_clients.namespaces import SOAP

WSDLS = {
    "patients": "patients.wsdl",
    "patients_specific": "patients_specific.wsdl",
    "patients_pdq": "patients_pdq.wsdl",
    "habilitations": "habilitations.wsdl",
    "registry": "registry.wsdl",
    "repository": "repository.wsdl",
    "insi": "insi.wsdl",
}
_lock = threading.Lock()


class _Idle(Transport):  # type: ignore[misc]
    """The transport that zeep asks for: it loads nothing and sends nothing."""

    def __init__(self) -> None:
        self._close_session = False

    def load(self, url: str) -> bytes:
        """Refuse: a WSDL of ours imports nothing."""
        raise ValueError("our WSDLs import nothing")

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> Any:
        """Refuse: envelopes leave by transport.py."""
        raise ValueError("zeep sends nothing")


@cache
def _load(endpoint: str) -> Any:
    wsdl = files("soap_clients").joinpath("wsdl", WSDLS[endpoint]).read_bytes()
    return zeep.Client(io.BytesIO(wsdl), transport=_Idle(), settings=zeep.Settings(strict=False, forbid_dtd=True))


def _service(endpoint: str, action: str) -> tuple[Any, Any]:
    with _lock:
        client = _load(endpoint)
    for binding in client.wsdl.bindings.values():
        for operation in binding.all().values():
            if operation.soapaction == action:
                return client, operation
    raise KeyError(f"no operation {action} in {endpoint}")


def build_envelope(
    endpoint: str, action: str, body: etree._Element | Mapping[str, object], headers: Sequence[etree._Element]
) -> etree._Element:
    """Write the SOAP 1.2 envelope of an operation.

    body: the values of a typed operation, or the finished element, which replaces the empty one that zeep writes.
    """
    client, operation = _service(endpoint, action)
    values = dict(body) if isinstance(body, Mapping) else {}
    envelope: etree._Element = client.create_message(
        client.service, operation.name, _soapheaders=list(headers), **values
    )
    if not isinstance(body, Mapping):
        holder = envelope.find(f"{{{SOAP}}}Body")
        assert holder is not None
        for each in list(holder):
            holder.remove(each)
        holder.append(copy.deepcopy(body) if body.getparent() is not None else body)
    return envelope


def read_body(endpoint: str, action: str, element: etree._Element) -> Any:
    """Read the answer of a typed operation into zeep's value object; raises Failure HOST_ANSWER_INVALID."""
    _, operation = _service(endpoint, action)
    envelope = etree.Element(f"{{{SOAP}}}Envelope")
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(copy.deepcopy(element))
    try:
        return operation.process_reply(envelope)
    except (zeep.exceptions.Error, ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        raise Failure("HOST_ANSWER_INVALID", field=etree.QName(element).localname[:40]) from error
