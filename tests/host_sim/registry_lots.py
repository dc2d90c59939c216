"""Requests to the registry written from the facts, by hand: neither the client's code nor the host's makes them."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from card_sim import cast
from card_sim.authority import Authority
from host_sim.call import Call, Caller, Reply
from host_sim.house import House
from host_sim.transactions import registry, repository

RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.1.1#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
STATUS = "urn:oasis:names:tc:ebxml-regrep:StatusType:"
APPROVED, DEPRECATED = STATUS + "Approved", STATUS + "Deprecated"
ARCHIVED = "urn:asip:ci-sis:2010:StatusType:Archived"
DELETED = "urn:asip:ci-sis:2010:StatusType:Deleted"
VISIBILITY = "1.2.250.1.213.1.1.4.13"
LOINC = "2.16.840.1.113883.6.1"
OID = "1.2.250.1.213.1.4.10"
_NUMBERS = itertools.count(1)
_SPECIALTIES = {
    "pharmacien": "G15_21/A^Pharmacien - Titulaire d'officine^1.2.250.1.213.1.1.4.5",
    "infirmiere": "G15_60^Infirmier^1.2.250.1.213.1.1.4.5",
    "radiologue": "G15_10/SM44^Médecin - Radio-diagnostic^1.2.250.1.213.1.1.4.5",
}
_GP = "G15_10/SM26^Médecin - Qualifié en médecine générale (SM)^1.2.250.1.213.1.1.4.5"


def new_oid() -> str:
    return f"1.2.250.1.999.1.1.7898.{next(_NUMBERS)}"


def ins_of(key: str) -> str:
    return cast.patients()[key].ins


def caller_of(key: str, place: int = 0) -> Caller:
    who = cast.professionals()[key]
    activity = who.activities[place]
    return Caller(
        who.id_nat, who.family_name, who.given_name, who.profession, who.specialty, activity.structure.id_nat,
        activity.sector, "DIRECTE", who.card_kind,
    )  # fmt: skip


@dataclass
class Paper:
    """One document of a lot; every part of it can be spoilt by a test."""

    patient: str
    author: str = "generaliste"
    type_code: str = "11488-4"
    type_system: str = LOINC
    class_code: str = "10"
    format_code: tuple[str, str] = ("urn:ihe:iti:xds-sd:pdf:2008", "1.3.6.1.4.1.19376.1.2.3")
    title: str = "Compte rendu de consultation"
    confidentiality: tuple[str, ...] = ("N",)
    created: str = "20261120093000"
    unique_id: str = field(default_factory=new_oid)
    entry_id: str = "Document01"
    replaces: str = ""
    replaced_id: str = ""
    body: str = "JVBERi0xLjQK"
    mime_type: str = "text/xml"
    slots: dict[str, str] = field(default_factory=dict)
    events: tuple[tuple[str, str], ...] = ()
    facility: str = "SA07"
    cda: Callable[[bytes], bytes] = lambda data: data
    data: bytes = b""

    def content(self) -> bytes:
        if self.data:
            return self.data
        return self.cda(self._cda().encode())

    def _cda(self) -> str:
        who = cast.professionals()[self.author]
        parent = (
            f'<relatedDocument typeCode="RPLC"><parentDocument><id root="{self.replaced_id}"></id></parentDocument>'
            "</relatedDocument>"
        )
        return (
            '<ClinicalDocument xmlns="urn:hl7-org:v3"><realmCode code="FR"></realmCode>'
            '<typeId extension="POCD_HD000040" root="2.16.840.1.113883.1.3"></typeId>'
            f'<id root="{self.unique_id}"></id>'
            f'<code code="{self.type_code}" codeSystem="{self.type_system}" displayName="x"></code>'
            f'<title>{escape(self.title)}</title><effectiveTime value="{self.created}+0000"></effectiveTime>'
            f'<recordTarget><patientRole><id extension="{self.patient}" root="{OID}"></id></patientRole></recordTarget>'
            f'<author><time value="{self.created}+0000"></time>'
            f'<assignedAuthor><id extension="{who.id_nat}" root="1.2.250.1.71.4.2.1"></id>'
            f"</assignedAuthor></author>{parent if self.replaces else ''}"
            '<component><nonXMLBody><text mediaType="application/pdf" representation="B64">'
            f"{self.body}</text></nonXMLBody></component></ClinicalDocument>"
        )


def slot(name: str, *values: str) -> str:
    inner = "".join(f"<rim:Value>{escape(value)}</rim:Value>" for value in values)
    return f"<rim:Slot name={quoteattr(name)}><rim:ValueList>{inner}</rim:ValueList></rim:Slot>"


def name(tag: str, value: str) -> str:
    return f'<rim:{tag}><rim:LocalizedString xml:lang="FR" charset="UTF8" value={quoteattr(value)}/></rim:{tag}>'


def code(owner: str, scheme: str, value: str, system: str) -> str:
    return (
        f'<rim:Classification id="{scheme[9:17]}-{value}" classifiedObject="{owner}" classificationScheme="{scheme}" '
        f'nodeRepresentation="{value}">{slot("codingScheme", system)}{name("Name", "libellé")}</rim:Classification>'
    )


def author(owner: str, scheme: str, key: str) -> str:
    who, place = cast.professionals()[key], cast.professionals()[key].activities[0].structure
    person = f"{who.id_nat}^{who.family_name}^{who.given_name}^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    institution = f"{place.name}^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^{place.id_nat}"
    slots = slot("authorInstitution", institution) + slot("authorPerson", person)
    slots += slot("authorSpecialty", _SPECIALTIES.get(key, _GP))
    return (
        f'<rim:Classification id="a-{owner}" classifiedObject="{owner}" classificationScheme="{scheme}" '
        f'nodeRepresentation="">{slots}</rim:Classification>'
    )


def identifier(owner: str, scheme: str, value: str, label: str) -> str:
    return (
        f'<rim:ExternalIdentifier id="i-{owner}-{scheme[9:13]}" registryObject="{owner}" '
        f'identificationScheme="{scheme}" value={quoteattr(value)}>{name("Name", label)}</rim:ExternalIdentifier>'
    )


def confidentiality(owner: str, values: tuple[str, ...]) -> str:
    systems = {"N": "2.16.840.1.113883.5.25", "R": "2.16.840.1.113883.5.25"}
    scheme = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
    return "".join(code(owner, scheme, each, systems.get(each, VISIBILITY)) for each in values)


def entry(paper: Paper, *, signature: bool = False, attributes: str = "", extra: dict[str, str] | None = None) -> str:
    owner, who = paper.entry_id, cast.professionals()[paper.author]
    legal = f"{who.id_nat}^{who.family_name}^{who.given_name}^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    slots = {
        "creationTime": paper.created,
        "languageCode": "art" if signature else "fr-FR",
        "legalAuthenticator": legal,
        "serviceStartTime": paper.created,
        "sourcePatientId": f"{paper.patient}^^^&{OID}&ISO^NH",
        **paper.slots,
        **(extra or {}),
    }
    text = "".join(slot(key, value) for key, value in slots.items() if value)
    text += slot("sourcePatientInfo", "PID-5|MARCHAND^Sophie^^^^^L", "PID-7|19800101", "PID-8|F")
    text += name("Name", paper.title) + author(owner, "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d", paper.author)
    codes = {
        "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a": (paper.class_code, "1.2.250.1.213.1.1.4.1"),
        "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983": (paper.type_code, paper.type_system),
        "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d": paper.format_code,
        "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1": (paper.facility, "1.2.250.1.71.4.2.4"),
        "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead": ("AMBULATOIRE", "1.2.250.1.213.1.1.4.9"),
    }
    if signature:
        codes["urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"] = (paper.class_code, "URN")
    text += "".join(code(owner, scheme, *pair) for scheme, pair in codes.items())
    text += "".join(code(owner, "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4", *pair) for pair in paper.events)
    text += confidentiality(owner, paper.confidentiality)
    patient = f"{paper.patient}^^^&{OID}&ISO^NH"
    text += identifier(owner, "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427", patient, "XDSDocumentEntry.patientId")
    text += identifier(
        owner, "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab", paper.unique_id, "XDSDocumentEntry.uniqueId"
    )
    kind = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
    return (
        f'<rim:ExtrinsicObject id="{owner}" objectType="{kind}" mimeType="{paper.mime_type}" {attributes}>'
        f"{text}</rim:ExtrinsicObject>"
    )


def package(patient: str, key: str, unique_id: str) -> str:
    owner = "SubmissionSet01"
    text = slot("submissionTime", "20261120100000") + name("Name", "Lot")
    text += author(owner, "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d", key)
    text += code(owner, "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500", "07", "1.2.250.1.213.2.2")
    text += (
        f'<rim:Classification id="n" classifiedObject="{owner}" '
        'classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"/>'
    )
    cx = f"{patient}^^^&{OID}&ISO^NH"
    text += identifier(owner, "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446", cx, "XDSSubmissionSet.patientId")
    text += identifier(owner, "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832", "1.2.250.1.999.1.1.7898", "sourceId")
    text += identifier(owner, "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8", unique_id, "XDSSubmissionSet.uniqueId")
    return f'<rim:RegistryPackage id="{owner}">{text}</rim:RegistryPackage>'


def link(kind: str, source: str, target: str, **slots: str) -> str:
    slots = {"SubmissionSetStatus": "Original", **slots}
    inner = "".join(slot(key, value) for key, value in slots.items() if value)
    return (
        f'<rim:Association id="{source}-{target}" associationType="{kind}" sourceObject="{source}" '
        f'targetObject="{target}">{inner}</rim:Association>'
    )


MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
SIGNS = "urn:ihe:iti:2007:AssociationType:signs"
RPLC = "urn:ihe:iti:2007:AssociationType:RPLC"


def _canonical(data: bytes) -> bytes:
    """By libxml2; a document that is not XML stays as it is (it will be refused for that)."""
    try:
        root = etree.fromstring(data, etree.XMLParser(huge_tree=True, resolve_entities=False))
    except etree.XMLSyntaxError:
        return data
    return etree.tostring(root.getroottree(), method="c14n", with_comments=True)


def sign(authority: Authority, key: str, set_id: str, items: list[tuple[str, bytes, bool]], hash_name: str) -> bytes:
    """The XAdES signature of a lot; items are (uniqueId, bytes, is XML). Prefixed, canonical as written."""
    private, _, der, _ = authority.card_material(key)
    certificate = x509.load_der_x509_certificate(der)
    algorithm = {"sha1": f"{DS}sha1", "sha256": "http://www.w3.org/2001/04/xmlenc#sha256"}[hash_name]
    method = {"sha1": f"{DS}rsa-sha1", "sha256": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"}[hash_name]

    def digest_xml(value: bytes, transform: str = C14N) -> str:
        inner = (
            f'<ds:Transforms><ds:Transform Algorithm="{transform}"></ds:Transform></ds:Transforms>' if transform else ""
        )
        text = base64.b64encode(value).decode()
        return (
            f'{inner}<ds:DigestMethod Algorithm="{algorithm}"></ds:DigestMethod><ds:DigestValue>{text}</ds:DigestValue>'
        )

    references = f'<ds:Reference URI="urn:oid:{set_id}">{digest_xml(bytes(1), "")}</ds:Reference>'
    for unique_id, data, is_xml in items:
        signed = _canonical(data) if is_xml else data
        digest = digest_xml(hashlib.new(hash_name, signed).digest(), C14N if is_xml else "")
        references += f'<ds:Reference URI="urn:oid:{unique_id}">{digest}</ds:Reference>'
    scope = f'xmlns:ds="{DS}"'
    manifest = f'<ds:Manifest {scope} Id="IHEManifest">{references}</ds:Manifest>'
    print_ = base64.b64encode(hashlib.new(hash_name, der).digest()).decode()
    both = f'{scope} xmlns:xades="{XADES}"'
    properties = (
        f'<xades:SignedProperties {both} Id="S0-SignedProperties"><xades:SignedSignatureProperties>'
        "<xades:SigningTime>2026-11-20T10:00:00Z</xades:SigningTime><xades:SigningCertificate><xades:Cert>"
        f'<xades:CertDigest><xades:DigestMethod Algorithm="{algorithm}"></xades:DigestMethod>'
        f"<xades:DigestValue>{print_}</xades:DigestValue></xades:CertDigest><xades:IssuerSerial>"
        f"<ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>{certificate.serial_number}</ds:X509SerialNumber>"
        "</xades:IssuerSerial></xades:Cert></xades:SigningCertificate><xades:SignaturePolicyIdentifier>"
        "<xades:SignaturePolicyImplied></xades:SignaturePolicyImplied></xades:SignaturePolicyIdentifier>"
        "</xades:SignedSignatureProperties><xades:SignedDataObjectProperties></xades:SignedDataObjectProperties>"
        "</xades:SignedProperties>"
    )
    signed_info = f'<ds:SignedInfo {scope}><ds:CanonicalizationMethod Algorithm="{C14N}"></ds:CanonicalizationMethod>'
    signed_info += f'<ds:SignatureMethod Algorithm="{method}"></ds:SignatureMethod>'
    for uri, kind, whole in (
        ("#IHEManifest", f"{DS}Manifest", manifest),
        ("#S0-SignedProperties", f"{XADES}SignedProperties", properties),
    ):
        digest = digest_xml(hashlib.new(hash_name, whole.encode()).digest())
        signed_info += f'<ds:Reference Type="{kind}" URI="{uri}">{digest}</ds:Reference>'
    signed_info += "</ds:SignedInfo>"
    algorithm_object = hashes.SHA1() if hash_name == "sha1" else hashes.SHA256()
    value = base64.b64encode(private.sign(signed_info.encode(), padding.PKCS1v15(), algorithm_object)).decode()
    held = base64.b64encode(der).decode()
    drop = lambda text, names: text.replace(f" {names}", "", 1)  # noqa: E731
    return (
        f'<ds:Signature {scope} Id="signature-1">{drop(signed_info, scope)}'
        f"<ds:SignatureValue>{value}</ds:SignatureValue>"
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{held}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f"<ds:Object>{drop(manifest, scope)}</ds:Object>"
        '<ds:Object><SignatureProperties><SignatureProperty Id="purposeOfSignature" Target="#signature-1">'
        "1.2.840.10065.1.12.1.14</SignatureProperty></SignatureProperties></ds:Object>"
        f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="signature-1">{drop(properties, both)}'
        "</xades:QualifyingProperties></ds:Object></ds:Signature>"
    ).encode()


@dataclass
class Lot:
    """A lot ready to be sent, and sent again; `metadata` may be rewritten by a test before."""

    patient: str
    papers: tuple[Paper, ...]
    sender: str = "generaliste"
    set_id: str = field(default_factory=new_oid)
    signature_id: str = field(default_factory=new_oid)
    hash_name: str = "sha256"
    signed: bool = True
    signer: str = ""
    spoil: Callable[[str], str] = lambda text: text
    spoil_signature: Callable[[bytes], bytes] = lambda data: data
    _signature: bytes = b""

    def parts(self, authority: Authority) -> dict[str, bytes]:
        found = {paper.entry_id: paper.content() for paper in self.papers}
        if self.signed:
            if not self._signature:
                items = [(each.unique_id, found[each.entry_id], each.mime_type == "text/xml") for each in self.papers]
                made = sign(authority, self.signer or self.sender, self.set_id, items, self.hash_name)
                self._signature = self.spoil_signature(made)
            found["Signature01"] = self._signature
        return found

    def request(self) -> str:
        objects = package(self.patient, self.sender, self.set_id) + "".join(map(entry, self.papers))
        links = "".join(link(MEMBER, "SubmissionSet01", paper.entry_id) for paper in self.papers)
        ids = [paper.entry_id for paper in self.papers]
        if self.signed:
            ids.append("Signature01")
            paper = Paper(
                self.patient, self.papers[0].author, "E1762", "ASTM", "urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1",
                (DS, "URN"), "Source", ("N", "MASQUE_PS", "INVISIBLE_PATIENT"), unique_id=self.signature_id,
                entry_id="Signature01", events=(("1.2.840.10065.1.12.1.14", "1.2.840.10065.1.12"),),
            )  # fmt: skip
            objects += entry(paper, signature=True)
            links += link(MEMBER, "SubmissionSet01", "Signature01") + link(SIGNS, "Signature01", "SubmissionSet01")
        links += "".join(link(RPLC, paper.entry_id, paper.replaces) for paper in self.papers if paper.replaces)
        documents = "".join(
            f'<xds:Document id="{each}"><xop:Include href="cid:{each.lower()}%40test"/></xds:Document>' for each in ids
        )
        return self.spoil(
            '<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds="urn:ihe:iti:xds-b:2007" '
            f'xmlns:xop="http://www.w3.org/2004/08/xop/include" xmlns:rim="{RIM}" '
            'xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"><lcm:SubmitObjectsRequest>'
            f"<rim:RegistryObjectList>{objects}{links}</rim:RegistryObjectList></lcm:SubmitObjectsRequest>"
            f"{documents}</xds:ProvideAndRegisterDocumentSetRequest>"
        )


class Place:
    """A host of its own, seen through its handlers."""

    def __init__(self, directory: Path, authority: Authority, database: str = "") -> None:
        self.house = House.open(directory, database)
        self.house.ca_file = authority.ca_file
        self.authority = authority

    def call(self, key: str, body: Any, patient: str = "jean", **facts: Any) -> Call:
        caller = facts.pop("caller", None) or caller_of(key)
        endpoint, action = facts.pop("to")
        base = Call(
            endpoint, action, body, caller, "normal", "", ins_of(patient), OID, "urn:uuid:1", {}, self.house.clock.now()
        )
        return replace(base, **facts)

    def deposit(self, lot: Lot, key: str = "", **facts: Any) -> list[str]:
        """Send a lot; gives the error codes (none: accepted)."""
        body = etree.fromstring(lot.request())
        return errors(self.deposit_raw(lot, body, key or lot.sender, **facts))

    def deposit_raw(self, lot: Lot, body: Any, key: str, **facts: Any) -> Reply:
        parts = {}
        for number, (name_, data) in enumerate(lot.parts(self.authority).items()):
            path = self.house.store.incoming / f"{next(_NUMBERS)}-{number}"
            path.write_bytes(data)
            parts[f"{name_.lower()}@test"] = path
        facts = {"patient": "jean", "parts": parts, **facts}
        return repository.provide(self.call(key, body, to=("repository", repository.PROVIDE), **facts), self.house)

    def query(self, key: str, query_id: str, whole: bool = True, patient: str = "jean", **facts: Any) -> Any:
        slots = facts.pop("slots", None)
        if slots is None:
            slots = {
                "$XDSDocumentEntryPatientId": f"'{ins_of(patient)}^^^&{OID}&ISO^NH'",
                "$XDSDocumentEntryStatus": f"('{APPROVED}')",
            }
        slots |= facts.pop("more", {})
        inner = "".join(slot(name_, *([value] if isinstance(value, str) else value)) for name_, value in slots.items())
        kind = "LeafClass" if whole else "ObjectRef"
        body = etree.fromstring(
            f'<query:AdhocQueryRequest xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns:rim="{RIM}">'
            f'<query:ResponseOption returnComposedObjects="true" returnType="{kind}"/>'
            f'<rim:AdhocQuery id="urn:uuid:{query_id}">{inner}</rim:AdhocQuery></query:AdhocQueryRequest>'
        )
        call = self.call(key, body, patient, to=("registry", registry.STORED_QUERY), **facts)
        return registry.answer_query(call, self.house).body

    def find(self, key: str, patient: str = "jean", **facts: Any) -> list[Any]:
        """The entries that FindDocuments gives."""
        answer = self.query(key, FIND_DOCUMENTS, patient=patient, **facts)
        assert answer.get("status").endswith("Success"), etree.tostring(answer)
        return list(answer.iter(f"{{{RIM}}}ExtrinsicObject"))

    def retrieve(self, key: str, *unique_ids: str, **facts: Any) -> Reply:
        requests = "".join(
            "<xds:DocumentRequest><xds:RepositoryUniqueId>1.2.250.1.213.4.1.1.1.2</xds:RepositoryUniqueId>"
            f"<xds:DocumentUniqueId>{each}</xds:DocumentUniqueId></xds:DocumentRequest>"
            for each in unique_ids
        )
        body = etree.fromstring(
            '<xds:RetrieveDocumentSetRequest xmlns:xds="urn:ihe:iti:xds-b:2007">'
            f"{requests}</xds:RetrieveDocumentSetRequest>"
        )
        return repository.retrieve(self.call(key, body, to=("repository", repository.RETRIEVE), **facts), self.house)

    def update(self, key: str, objects: str, **facts: Any) -> list[str]:
        body = etree.fromstring(
            '<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" '
            f'xmlns:rim="{RIM}"><rim:RegistryObjectList>{objects}</rim:RegistryObjectList></lcm:SubmitObjectsRequest>'
        )
        call = self.call(key, body, to=("registry", registry.UPDATE), **facts)
        return errors(registry.update(call, self.house))

    def change_codes(
        self, key: str, current: Any, codes: tuple[str, ...], version: str = "", patient: str = "jean", **facts: Any
    ) -> list[str]:
        """TD3.3a/b from an entry as the registry answered it."""
        item = etree.fromstring(etree.tostring(current))
        version = version or item.find(f"{{{RIM}}}VersionInfo").get("versionName")
        item.attrib.pop("status")
        item.set("id", "Document01")
        for part in item.iter():
            for attribute in ("classifiedObject", "registryObject"):
                if part.get(attribute):
                    part.set(attribute, "Document01")
        scheme = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
        for part in item.findall(f"{{{RIM}}}Classification"):
            if part.get("classificationScheme") == scheme:
                item.remove(part)
        holder = etree.fromstring(f'<h xmlns:rim="{RIM}">{confidentiality("Document01", codes)}</h>')
        first = item.find(f"{{{RIM}}}ExternalIdentifier")
        for part in list(holder):
            first.addprevious(part)
        member = link(MEMBER, "SubmissionSet01", "Document01", PreviousVersion=version)
        objects = package(ins_of(patient), key, new_oid()) + etree.tostring(item).decode() + member
        return self.update(key, objects, patient=patient, **facts)

    def change_status(self, key: str, uuid: str, old: str, new: str, **facts: Any) -> list[str]:
        kind = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
        move = link(kind, "SubmissionSet01", uuid, SubmissionSetStatus="", OriginalStatus=old, NewStatus=new)
        return self.update(key, package(ins_of("jean"), key, new_oid()) + move, **facts)

    def authorise(self, key: str, patient: str = "jean", *, attending: bool = False, state: str = "VALIDE") -> None:
        with self.house.store.transaction() as cursor:
            cursor.execute(
                "INSERT INTO authorisations (ins, holder, state, granted_at, attending) VALUES (?,?,?,?,?)"
                " ON CONFLICT (ins, holder) DO UPDATE SET state = excluded.state, granted_at = excluded.granted_at,"
                " attending = excluded.attending",
                (
                    ins_of(patient),
                    cast.professionals()[key].id_nat,
                    state,
                    self.house.clock.now().isoformat(),
                    attending,
                ),
            )


FIND_DOCUMENTS = "14d4debf-8f97-4251-9a74-a90016b0af0d"
GET_DOCUMENTS = "5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"


def errors(reply: Reply) -> list[str]:
    found = [each.get("errorCode") for each in reply.body.iter("{*}RegistryError")]
    response = next(reply.body.iter("{*}RegistryResponse"))
    assert response.get("status").endswith("Failure") == bool(found)
    return found


def contexts(reply: Reply) -> str:
    return " / ".join(each.get("codeContext") for each in reply.body.iter("{*}RegistryError"))


def advance(place: Place, days: int) -> datetime:
    place.house.clock.advance(timedelta(days=days))
    return place.house.clock.now()
