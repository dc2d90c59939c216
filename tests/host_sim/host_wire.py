"""Requests written by hand for the virtual host: nothing here comes from the client's rooms."""

from __future__ import annotations

import dataclasses
import http.client
import json
import ssl
import urllib.request
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from lxml import etree
from signxml import XMLSigner, methods

from card_sim import cast
from card_sim.authority import Authority
from host_sim.house import House

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
HL7 = "urn:hl7-org:v3"
PATIENTS = "urn:si-dmp-patients"
RIGHTS = "urn:si-dmp-habilitations"
QUERY_ACTION = f"{HL7}:PRPA_IN201307UV02"
TEST_OID = "1.2.250.1.213.1.4.10"
_NAMES = {"s": SOAP, "a": WSA, "h": HL7, "p": PATIENTS, "r": RIGHTS, "g": "asip:ci-sis:gdp:2010"}
_LABELS = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.42": "GN",
    "2.5.4.12": "T",
    "2.5.4.6": "C",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.8": "ST",
}
MANDATORY = (
    "Identifiant_Structure",
    "Secteur_Activite",
    "urn:oasis:names:tc:xacml:2.0:subject:role",
    "VIHF_Version",
    "Authentification_mode",
    "Ressource_URN",
    "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse",
    "LPS_Nom",
    "LPS_Version",
    "LPS_ID_HOMOLOGATION_DMP",
)
"""Attributes that each assertion must have once."""


def ins_of(key: str) -> str:
    return cast.patients()[key].ins


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def root(self) -> Any:
        return etree.fromstring(self.body)

    def all(self, path: str) -> list[Any]:
        return self.root.xpath(path, namespaces=_NAMES)

    def one(self, path: str) -> Any:
        found = self.all(path)
        assert len(found) == 1, (path, self.body.decode()[:2000])
        return found[0]

    @property
    def subcode(self) -> str:
        return str(self.root.xpath("string(//s:Fault/s:Code/s:Subcode/s:Value)", namespaces=_NAMES))

    @property
    def code(self) -> str:
        return str(self.root.xpath("string(//s:Fault/s:Code/s:Value)", namespaces=_NAMES))


@dataclass(frozen=True)
class Assertion:
    """A VIHF, field by field; `render` writes it."""

    issuer: str
    name_id: str
    structure: str
    sector: str
    roles: tuple[tuple[str, str], ...]
    resource_id: str = ""
    purpose: str = "normal"
    purpose_system: str = "1.2.250.1.213.1.1.4.248"
    reason: str = ""
    version: str = "3.0"
    mode: str = "DIRECTE"
    mode_name: str = "Authentification_mode"
    urn: str = "urn:dmp"
    class_ref: str = "SmartcardPKI"
    age: timedelta = timedelta()
    now: datetime | None = None
    identifier: str = field(default_factory=lambda: f"_{uuid.uuid4()}")
    without: frozenset[str] = frozenset()
    twice: frozenset[str] = frozenset()
    conditions: str = ""
    placeholder: bool = False
    subject_id: str = ""
    declaration: str = ""
    secret: str = ""  # the AttributeValue of the secret connection, as XML
    authenticated: datetime | None = None

    def render(self) -> str:
        moment = ((self.now or datetime.now(UTC)) - self.age).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        roles = "".join(
            f'<saml2:AttributeValue><Role xmlns="{HL7}" xsi:type="CE" code="{code}" codeSystem="{system}" '
            'displayName="x"/></saml2:AttributeValue>'
            for code, system in self.roles
        )
        purpose = (
            f'<saml2:AttributeValue><PurposeOfUse xmlns="{HL7}" xsi:type="CE" code="{self.purpose}" '
            f'codeSystem="{self.purpose_system}" displayName="x"/></saml2:AttributeValue>'
        )
        values = {
            "Identifiant_Structure": _text(self.structure),
            "Secteur_Activite": _text(self.sector),
            "urn:oasis:names:tc:xacml:2.0:subject:role": roles,
            "VIHF_Version": _text(self.version),
            self.mode_name: _text(self.mode),
            "Ressource_URN": _text(self.urn),
            "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse": purpose,
            "LPS_Nom": _text("Essai"),
            "LPS_Version": _text("1"),
            "LPS_ID_HOMOLOGATION_DMP": _text("H-1"),
        }
        if self.resource_id:
            values["urn:oasis:names:tc:xacml:2.0:resource:resource-id"] = _text(self.resource_id)
        if self.reason:
            values["Mode_Acces_Raison"] = _text(self.reason)
        if self.subject_id:
            values["urn:oasis:names:tc:xspa:1.0:subject:subject-id"] = _text(self.subject_id)
        if self.secret:
            values["urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code"] = self.secret
        declaration = f"<saml2:AuthnContextDecl>{self.declaration}</saml2:AuthnContextDecl>" if self.declaration else ""
        login = f"{self.authenticated:%Y-%m-%dT%H:%M:%S.000Z}" if self.authenticated else moment
        attributes = "".join(
            f'<saml2:Attribute Name="{name}">{value}</saml2:Attribute>' * (2 if name in self.twice else 1)
            for name, value in values.items()
            if name not in self.without
        )
        signature = (
            '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/>' if self.placeholder else ""
        )
        return (
            '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
            f' ID="{self.identifier}" IssueInstant="{moment}" Version="2.0">'
            '<saml2:Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName">'
            f"{self.issuer}</saml2:Issuer>{signature}<saml2:Subject><saml2:NameID>{self.name_id}</saml2:NameID>"
            f'</saml2:Subject>{self.conditions}<saml2:AuthnStatement AuthnInstant="{login}"><saml2:AuthnContext>'
            f"<saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:{self.class_ref}"
            f"</saml2:AuthnContextClassRef>{declaration}</saml2:AuthnContext></saml2:AuthnStatement>"
            f"<saml2:AttributeStatement>{attributes}</saml2:AttributeStatement></saml2:Assertion>"
        )


def _text(value: str) -> str:
    return f'<saml2:AttributeValue xsi:type="xs:string">{value.replace("&", "&amp;")}</saml2:AttributeValue>'


def resource_id(ins: str, oid: str = TEST_OID) -> str:
    return f"{ins}^^^&{oid}&ISO^NH"


def envelope(assertion: str, action: str, body: str, **changes: str) -> bytes:
    """Write a request; `changes` replace a header by name (MessageID, To, ReplyTo, Action) or add (`more`)."""
    headers = {
        "MessageID": f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID>",
        "To": "<a:To/>",
        "ReplyTo": f"<a:ReplyTo><a:Address>{WSA}/anonymous</a:Address></a:ReplyTo>",
        "Action": f'<a:Action s:mustUnderstand="true">{action}</a:Action>',
        "Security": f'<w:Security xmlns:w="{WSSE}">{assertion}</w:Security>',
        "more": "",
    } | changes
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{WSA}"><s:Header>{"".join(headers.values())}</s:Header>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


class Professional:
    """A cast professional with key files, who writes and sends requests."""

    def __init__(self, authority: Authority, name: str, folder: Path, facts: dict[str, Any]) -> None:
        self._use(authority.card_material(name), folder / name, facts)
        self.cast = cast.professionals()[name]

    def _use(self, material: Any, folder: Path, facts: dict[str, Any]) -> None:
        self.signature_key, self.tls_key, self.signature_der, self.tls_der = material
        self._context = _context(folder, self.tls_key, self.tls_der, Path(facts["ca"]))
        self._endpoints = facts["endpoints"]
        self._connection: http.client.HTTPSConnection | None = None

    def assertion(self, patient: str = "", **changes: Any) -> Assertion:
        """A right assertion of this professional; `patient` is a cast key, `changes` replace fields."""
        who, place = self.cast, self.cast.activities[0]
        right = Assertion(
            issuer=issuer_name(x509.load_der_x509_certificate(self.tls_der)),
            name_id=who.id_nat,
            structure=place.structure.id_nat,
            sector=f"{place.sector}^1.2.250.1.71.4.2.4",
            roles=roles_of(who),
            resource_id=resource_id(ins_of(patient)) if patient else "",
        )
        return dataclasses.replace(right, **changes)

    def signed(self, assertion: Assertion, *, key: Any = None, der: bytes | None = None, sha1: bool = False) -> str:
        """Sign an assertion; with another key or certificate when given."""
        der = der or self.signature_der
        certificate = x509.load_der_x509_certificate(der)
        assertion = dataclasses.replace(assertion, placeholder=True)
        hash_name = "sha1" if sha1 else "sha256"
        signer = (_OldSigner if sha1 else XMLSigner)(
            method=methods.enveloped,
            signature_algorithm=f"rsa-{hash_name}",
            digest_algorithm=hash_name,
            c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
        )
        tree = signer.sign(
            etree.fromstring(assertion.render()),
            key=key or self.signature_key,
            cert=[certificate],
            reference_uri=assertion.identifier,
            id_attribute="ID",
        )
        return etree.tostring(tree).decode()

    def post(
        self, endpoint: str, data: bytes, content_type: str | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send bytes and read the answer; the connection is kept."""
        parts = urlsplit(self._endpoints[endpoint])
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                parts.hostname, parts.port, context=self._context, timeout=30
            )
        content_type = content_type or "application/soap+xml; charset=UTF-8"
        try:
            self._connection.request("POST", parts.path, data, {"Content-Type": content_type, **(headers or {})})
            response = self._connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except BaseException:
            self.close()
            raise

    def call(self, endpoint: str, action: str, body: str, assertion: Assertion) -> Answer:
        """Send a right envelope with an unsigned assertion."""
        return self.post(endpoint, envelope(assertion.render(), action, body))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def tls_context(self) -> ssl.SSLContext:
        return self._context


class Establishment(Professional):
    """A structure of the cast, which speaks with its own certificates for those who work there."""

    def __init__(self, authority: Authority, name: str, folder: Path, facts: dict[str, Any]) -> None:
        self._use(authority.structure_material(name), folder / name, facts)
        self.place = cast.structures()[name]

    def speak(self, user: str, patient: str = "", **changes: Any) -> Assertion:
        """A right assertion, in INDIRECTE, for a professional of the cast who works here."""
        who = cast.professionals()[user]
        here = [each.sector for each in who.activities if each.structure.key == self.place.key]
        right = Assertion(
            issuer=issuer_name(x509.load_der_x509_certificate(self.signature_der)),
            name_id=who.id_nat,
            structure=self.place.id_nat,
            sector=f"{(here or [self.place.sector])[0]}^1.2.250.1.71.4.2.4",
            roles=roles_of(who),
            resource_id=resource_id(ins_of(patient)) if patient else "",
            mode="INDIRECTE",
            class_ref="Password",
            subject_id=f"{who.given_name} {who.family_name}",
        )
        return dataclasses.replace(right, **changes)


def roles_of(who: cast.CastProfessional) -> tuple[tuple[str, str], ...]:
    """The values of the role attribute that the directory has for somebody."""
    if not who.profession:
        return (("SECRETARIAT_MEDICAL", "1.2.250.1.213.1.1.4.6"),)
    specialty = ((who.specialty, "1.2.250.1.71.4.2.5"),) if who.specialty else ()
    return ((who.profession, "1.2.250.1.71.1.2.7"), *specialty)


class _OldSigner(XMLSigner):
    def check_deprecated_methods(self) -> None:
        """SHA-1 is what cards of the former generation still send."""


def _context(folder: Path, key: Any, der: bytes, ca_file: Path) -> ssl.SSLContext:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cert.pem").write_bytes(x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(cafile=ca_file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def issuer_name(certificate: x509.Certificate) -> str:
    """The subject in the text form of RFC 2253."""
    return ",".join(
        "+".join(f"{_LABELS[pair.oid.dotted_string]}={pair.value}" for pair in rdn)
        for rdn in reversed(list(certificate.subject.rdns))
    )


class Stage:
    """A running host and those who talk to it."""

    def __init__(self, authority: Authority, facts: dict[str, Any], house: House, folder: Path) -> None:
        self.authority, self.facts, self.house, self._folder = authority, facts, house, folder
        self._people: dict[str, Professional] = {}

    def who(self, name: str) -> Professional:
        if name not in self._people:
            self._people[name] = Professional(self.authority, name, self._folder, self.facts)
        return self._people[name]

    def structure(self, name: str) -> Establishment:
        if name not in self._people:
            self._people[name] = Establishment(self.authority, name, self._folder, self.facts)
        found = self._people[name]
        assert isinstance(found, Establishment)
        return found

    def admin(self, subject: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.facts['admin']}/{subject}", data, timeout=30) as response:
            return json.loads(response.read())

    def query(self, name: str, patient: str, kind: str = "TEST_EXST", **changes: Any) -> Answer:
        """TD0.2 (TEST_EXST) or TD1.3a (CNSLT_DATA) as a professional."""
        who = self.who(name)
        changes.setdefault("now", self.house.clock.now())
        return who.call("patients", QUERY_ACTION, query_body(ins_of(patient), kind), who.assertion(patient, **changes))

    def authorise(self, name: str, patient: str, action: str = "AJOUT", role: str = "", **changes: Any) -> Answer:
        """TD0.3."""
        who = self.who(name)
        changes.setdefault("now", self.house.clock.now())
        inner = f"<action>{action}</action>" + (f"<role>{role}</role>" if role else "")
        body = f'<setAuthorization xmlns="{RIGHTS}">{inner}</setAuthorization>'
        return who.call(
            "habilitations",
            f"{RIGHTS}:HabilitationsEndPoint:setAuthorization",
            body,
            who.assertion(patient, **changes),
        )

    def specific(self, name: str, patient: str, root: str, inner: str, **changes: Any) -> Answer:
        """TD1.5."""
        who = self.who(name)
        changes.setdefault("now", self.house.clock.now())
        body = f'<{root} xmlns="{PATIENTS}">{inner}</{root}>'
        action = f"{PATIENTS}:PatientSpecificEndPoint:{root}"
        return who.call("patientsSpecific", action, body, who.assertion(patient, **changes))

    def close(self) -> None:
        for each in self._people.values():
            each.close()


def state_of(answer: Answer) -> str:
    """AUTORISATION of a TD0.2 answer."""
    found = answer.all("//h:attentionLine[h:keyWordText/@code='AUTORISATION']/h:value/@code")
    return str(found[0]) if found else ""


def wrapper(message: str, act: str) -> str:
    """A transmission of the client around a control act."""
    return (
        f'<{message} xmlns="{HL7}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ITSVersion="XML_1.0">'
        f'<id root="1.2.250.1.999.1.1.7898.1.1" extension="{uuid.uuid4()}"/><creationTime value="20260101120000"/>'
        f'<interactionId root="2.16.840.1.113883.1.6" extension="{message}"/><processingCode code="D"/>'
        '<processingModeCode code="T"/><acceptAckCode code="AL"/>'
        '<receiver typeCode="RCV"><device classCode="DEV" determinerCode="INSTANCE">'
        '<id root="1.2.250.1.213.4.1.1.1"/><softwareName>DMP</softwareName></device></receiver>'
        '<sender typeCode="SND"><device classCode="DEV" determinerCode="INSTANCE">'
        '<id root="1.2.250.1.999.1.1.7898"/><softwareName>Essai</softwareName></device></sender>'
        f'<controlActProcess classCode="CACT" moodCode="EVN">{act}</controlActProcess></{message}>'
    )


def reason_code(code: str) -> str:
    return f'<reasonCode code="{code}" displayName="x" codeSystem="1.2.250.1.213.1.1.4.11"/>'


def query_body(ins: str, reason: str = "TEST_EXST") -> str:
    return wrapper(
        "PRPA_IN201307UV02",
        f'{reason_code(reason)}<queryByParameter><queryId root="1.2.250.1.999.1.1.7898.1.2" extension="q-1"/>'
        '<statusCode code="new"/><parameterList><dataSource xsi:nil="true"/><patientIdentifier>'
        f'<value root="{TEST_OID}" extension="{ins}"/><semanticsText>Patient.id</semanticsText>'
        "</patientIdentifier></parameterList></queryByParameter>",
    )
