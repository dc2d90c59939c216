"""A regional XDS.b registry and repository, as plain IHE has them: no VIHF, any patient identifier (ITI TF-1 10).

The verbs are in generic_query.py, generic_submit.py, generic_retrieve.py and generic_update.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from lxml import etree

from dossier.access import NORMAL_ACCESS, Access
from dossier.address import https_address
from dossier.document import Content
from dossier.failure import Failure
from dossier.patient import Ins
from soap_clients.host import STREAM_LIMIT, StreamedReply
from soap_clients.mtom import MtomBody
from soap_clients.namespaces import SOAP, WSA, WSA_ANONYMOUS
from soap_clients.transport import Transport
from soap_clients.xds import vocabulary as v

REGISTER = "urn:ihe:iti:2007:RegisterDocumentSet-b"
_SERVICES = {
    v.STORED_QUERY: "iti18",
    v.PROVIDE_AND_REGISTER: "iti41",
    REGISTER: "iti42",
    v.RETRIEVE: "iti43",
    v.UPDATE: "iti57",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class RegistryEndpoints:
    """The address of each transaction; "" for one that the registry does not offer."""

    iti18: str = ""
    iti41: str = ""
    iti42: str = ""
    iti43: str = ""
    iti57: str = ""

    @classmethod
    def from_json(cls, services: Mapping[str, str]) -> RegistryEndpoints:
        """Read addresses by transaction: https, or http on this machine alone; raises Failure HOST_ADDRESS_INVALID."""
        return cls(**{each.name: _address(str(services.get(each.name, ""))) for each in fields(cls)})

    @property
    def is_plain(self) -> bool:
        """Whether an address is http: the transport must then be a PlainTransport."""
        return any(getattr(self, each.name).startswith("http:") for each in fields(self))


def _address(url: str) -> str:
    if url.startswith("http:") and urlsplit(url).hostname in _LOOPBACK:
        https_address(f"https:{url.removeprefix('http:')}")
        return url
    return https_address(url) if url else ""


class GenericHost:
    """The services of one registry; closed when the work with it ends. Safe to use from several threads.

    transport: `Transport(signer or None, ca_file)`, the signer being a client certificate when the registry wants one
    (`security.structure_signer.StructureSigner.load`, or a card's); `generic_transport.PlainTransport()` for http.
    """

    def __init__(self, endpoints: RegistryEndpoints, transport: Transport) -> None:
        self.endpoints = endpoints
        self._transport = transport

    def exchange(
        self,
        endpoint: str,
        action: str,
        body: etree._Element,
        *,
        access: Access = NORMAL_ACCESS,
        patient: Ins | None = None,
        transaction: str = "",
        attachments: Mapping[str, Content] | None = None,
        accept_multipart: bool = True,
    ) -> StreamedReply:
        """Send one request, as MTOM when ``attachments`` is given, and give the raw answer: `Host.exchange` here.

        The address is the one of the action; endpoint, access, patient and transaction are of no use to a registry.
        Raises Failure REGISTRY_SERVICE_MISSING, and as Transport.post does.
        """
        service = _SERVICES[action]
        url = str(getattr(self.endpoints, service))
        if not url:
            raise Failure("REGISTRY_SERVICE_MISSING", service=service.replace("iti", "ITI-"))
        message_id = f"urn:uuid:{uuid.uuid4()}"
        envelope = _envelope(message_id, url, action, body)
        name = service.replace("iti", "ITI-")
        if attachments is None:
            kind = f'application/soap+xml; charset=UTF-8; action="{action}"'
            answer = self._transport.post(url, envelope, kind, transaction=name, limit=STREAM_LIMIT)
        else:
            mtom = MtomBody(envelope, attachments, action=action)
            answer = self._transport.post(url, mtom, mtom.content_type, transaction=name, limit=STREAM_LIMIT)
        return StreamedReply(answer.content_type, answer.stream, message_id, answer.status)

    def close(self) -> None:
        """Drop the connections."""
        self._transport.drop()


def _envelope(message_id: str, url: str, action: str, body: etree._Element) -> bytes:
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, "wsa": WSA})
    header = etree.SubElement(root, f"{{{SOAP}}}Header")
    etree.SubElement(header, f"{{{WSA}}}Action", {f"{{{SOAP}}}mustUnderstand": "1"}).text = action
    etree.SubElement(header, f"{{{WSA}}}MessageID").text = message_id
    etree.SubElement(etree.SubElement(header, f"{{{WSA}}}ReplyTo"), f"{{{WSA}}}Address").text = WSA_ANONYMOUS
    etree.SubElement(header, f"{{{WSA}}}To").text = url
    etree.SubElement(root, f"{{{SOAP}}}Body").append(body)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
