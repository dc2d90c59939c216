"""One professional's connection to one host: envelopes with addressing and assertion out, checked answers in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, BinaryIO

from lxml import etree

from dossier.access import NORMAL_ACCESS, Access
from dossier.address import https_address
from dossier.authentication import BY_CARD, AuthenticationMode, LocalAuthentication
from dossier.certificate import Certificate
from dossier.clock import Clock, system_clock
from dossier.document import Content
from dossier.failure import Failure
from dossier.patient import Ins
from dossier.professional import Activity, Professional
from dossier.signer import Signer
from soap_clients import safe_xml
from soap_clients.conventions import INFERRED, Conventions
from soap_clients.envelope import build_headers, read_envelope
from soap_clients.mtom import MtomBody
from soap_clients.namespaces import SAML
from soap_clients.security import vihf
from soap_clients.security.vihf import Software, Speaker
from soap_clients.transport import Answer, Transport

if TYPE_CHECKING:
    from soap_clients.streams import Body

__all__ = ["Endpoints", "Host", "Software", "StreamedReply"]

BASE_PATH = "si-dmp-server/v2/services"
STREAM_LIMIT = 1024 * 1024 * 1024


@dataclass(frozen=True)
class Endpoints:
    """The address (https URL) of each service of a host."""

    patients: str
    patients_specific: str
    patients_pdq: str
    habilitations: str
    registry: str
    repository: str
    insi: str

    @classmethod
    def from_base(cls, url: str) -> Endpoints:
        """Derive the addresses from ``https://host[:port]``: the DMP services under their path, INSi under /lps."""
        base = url.rstrip("/")
        services = {each.name: f"{base}/{BASE_PATH}/{each.name}" for each in fields(cls)}
        del services["patients_specific"], services["patients_pdq"]
        return cls.from_json({**services, "patientsSpecific": f"{services['patients']}Specific", "insi": f"{base}/lps"})

    @classmethod
    def from_json(cls, services: Mapping[str, str]) -> Endpoints:
        """Read exact addresses by service name, ``patientsSpecific`` and ``patientsPDQ`` included.

        The second, when absent, is beside ``patients``. Raises Failure HOST_ADDRESS_INVALID.
        """
        named = {**services}
        named.setdefault("patients_specific", named.get("patientsSpecific", ""))
        named.setdefault("patients_pdq", named.get("patientsPDQ") or f"{named.get('patients', '')}PDQ")
        return cls(**{each.name: https_address(str(named.get(each.name, ""))) for each in fields(cls)})


@dataclass(frozen=True)
class StreamedReply:
    """An answer that nobody has read yet: media type, bytes as they come, and the MessageID it must relate to.

    The reader closes the stream. Its envelope must be checked with ``envelope.read_envelope`` before use.
    """

    content_type: str
    stream: BinaryIO
    message_id: str
    status: int = 200


@dataclass(frozen=True)
class _Message:
    """A request ready to leave."""

    id: str
    data: bytes


class Host:
    """The services of a host as one professional, in one place, with one card; closed with the card's session.

    signature: the signature key for the assertions, None to send them unsigned; hash_name: "sha256" or "sha1".
    mode: in the indirect modes the keys (transport and signature) are those of the establishment, ORG_AUTH_CLI and
    ORG_SIGN, and ``person`` says how the professional logged in there. Safe to use from several threads.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        transport: Transport,
        professional: Professional,
        activity: Activity,
        software: Software,
        *,
        signature: Signer | None = None,
        hash_name: str = "sha256",
        clock: Clock = system_clock,
        mode: AuthenticationMode = AuthenticationMode.DIRECT,
        person: LocalAuthentication = BY_CARD,
        conventions: Conventions = INFERRED,
    ) -> None:
        """Prepare the session; nothing leaves yet.

        Raises Failure SIGNER_MISSING when no certificate can speak; in an indirect mode STRUCTURE_SIGNATURE_MISSING
        without a signature key, STRUCTURE_CERTIFICATE_FOREIGN when a certificate is another establishment's.
        """
        speaking = signature or transport.signer
        if speaking is None:
            raise Failure("SIGNER_MISSING")
        if mode is not AuthenticationMode.DIRECT:
            _check_structure(transport.signer, signature, activity)
        self.professional, self.activity, self.software, self.clock = professional, activity, software, clock
        self.mode, self.conventions = mode, conventions
        self._endpoints, self._transport = endpoints, transport
        self._signature, self._hash_name = signature, hash_name
        certificate = Certificate.parse(speaking.certificate)
        self._speaker = Speaker(
            professional, activity, software, certificate, clock(), mode=mode, person=person, conventions=conventions
        )

    def call(
        self,
        endpoint: str,
        action: str,
        body: etree._Element | Mapping[str, object],
        *,
        access: Access = NORMAL_ACCESS,
        patient: Ins | None = None,
        transaction: str = "TD0.2",
        headers: Sequence[etree._Element] = (),
    ) -> etree._Element:
        """Send one request and give the child of the answer's Body.

        endpoint: a field name of Endpoints; body: an element, or the values of an operation that our WSDL types;
        headers: more header blocks, after the usual ones. Raises Failure as Transport.post and read_envelope do.
        """
        message = self._compose(endpoint, action, body, access, patient, headers)
        answer = self._post(endpoint, message.data, _text_type(action), transaction)
        with closing(answer.stream):
            if answer.content_type.lower().startswith("multipart/"):
                raise Failure("HOST_NOT_SOAP", status=answer.status, type="multipart/related")
            try:
                root = safe_xml.parse(answer.stream, limit=self._transport.size_limit)
                # Whatever follows the envelope is read too: only then may the connection serve again.
                answer.stream.read()
            except Failure as failure:
                if failure.code == "XML_INVALID":
                    raise Failure("OUTCOME_UNKNOWN", reason="unreadable answer") from failure
                raise
        found = read_envelope(root, message_id=message.id, action=action)
        if answer.status != 200:
            raise Failure("HOST_NOT_SOAP", status=answer.status, type="?")
        return found

    def invoke(self, endpoint: str, action: str, values: Mapping[str, object], **how: Any) -> Any:
        """Call an operation whose bodies our WSDL types: values in, zeep's value object out; ``how`` as for ``call``.

        Raises also Failure HOST_ANSWER_INVALID when the answer has another shape.
        """
        element = self.call(endpoint, action, values, **how)
        from soap_clients import services

        return services.read_body(endpoint, action, element)

    def exchange(
        self,
        endpoint: str,
        action: str,
        body: etree._Element,
        *,
        access: Access = NORMAL_ACCESS,
        patient: Ins | None = None,
        transaction: str,
        attachments: Mapping[str, Content] | None = None,
        accept_multipart: bool = False,
    ) -> StreamedReply:
        """Send one request, as MTOM when ``attachments`` (Content-ID to content) is given, and give the raw answer.

        Raises Failure as Transport.post does, HOST_NOT_SOAP for a multipart answer that was not expected.
        """
        message = self._compose(endpoint, action, body, access, patient, ())
        data: bytes | Body = message.data
        content_type = _text_type(action)
        if attachments is not None:
            mtom = MtomBody(message.data, attachments, action=action)
            data, content_type = mtom, mtom.content_type
        answer = self._post(endpoint, data, content_type, transaction, limit=STREAM_LIMIT)
        if not accept_multipart and answer.content_type.lower().startswith("multipart/"):
            answer.stream.close()
            raise Failure("HOST_NOT_SOAP", status=answer.status, type="multipart/related")
        return StreamedReply(answer.content_type, answer.stream, message.id, answer.status)

    def close(self) -> None:
        """Drop TLS sessions, tickets and connections: nothing more leaves in this professional's name."""
        self._transport.drop()

    def _compose(
        self,
        endpoint: str,
        action: str,
        body: etree._Element | Mapping[str, object],
        access: Access,
        patient: Ins | None,
        more: Sequence[etree._Element],
    ) -> _Message:
        from soap_clients import services

        message_id = f"urn:uuid:{uuid.uuid4()}"
        assertion = vihf.build(self._speaker, access, patient, self.clock())
        headers = [*build_headers(message_id, action, assertion), *more]
        envelope = services.build_envelope(endpoint, action, body, headers)
        if self._signature is not None:
            # Signed in its final place: moving a signed element can rename its prefixes.
            placed = next(envelope.iter(f"{{{SAML}}}Assertion"))
            vihf.sign(placed, self._signature, self._hash_name)
        return _Message(message_id, etree.tostring(envelope, encoding="UTF-8", xml_declaration=True))

    def _post(
        self, endpoint: str, data: bytes | Body, content_type: str, transaction: str, *, limit: int | None = None
    ) -> Answer:
        url = str(getattr(self._endpoints, endpoint))
        return self._transport.post(url, data, content_type, transaction=transaction, limit=limit)


def _text_type(action: str) -> str:
    return f'application/soap+xml; charset=UTF-8; action="{action}"'


def _check_structure(tls: Signer | None, signature: Signer | None, activity: Activity) -> None:
    """Check that both certificates are the establishment's own (its Struct_IdNat is their OU)."""
    if signature is None:
        raise Failure("STRUCTURE_SIGNATURE_MISSING")
    for each in filter(None, (tls, signature)):
        if Certificate.parse(each.certificate).first("2.5.4.11") != activity.structure.id_nat:
            raise Failure("STRUCTURE_CERTIFICATE_FOREIGN")
