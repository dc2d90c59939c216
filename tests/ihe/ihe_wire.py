"""Requests of an XDS.b client, written as text: nothing of ours makes them, nothing of ours reads the answers."""

from __future__ import annotations

import base64
import email
import email.policy
import http.client
import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

NS = {
    "soap": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "rim": "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0",
    "rs": "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0",
    "xds": "urn:ihe:iti:xds-b:2007",
    "xop": "http://www.w3.org/2004/08/xop/include",
}
PATIENT = "PAT-1^^^&1.3.6.1.4.1.21367.2005.3.7&ISO"
OTHER = "PAT-2^^^&1.3.6.1.4.1.21367.2005.3.7&ISO"
APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
DEPRECATED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"
HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
RPLC, APND, XFRM, XFRM_RPLC, SIGNS = (
    f"urn:ihe:iti:2007:AssociationType:{name}" for name in ("RPLC", "APND", "XFRM", "XFRM_RPLC", "signs")
)
SNAPSHOT = "urn:ihe:iti:2010:AssociationType:IsSnapshotOf"
UPDATE_STATUS = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
SUBMIT_ASSOCIATION = "urn:ihe:iti:2010:AssociationType:SubmitAssociation"
STABLE = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
ON_DEMAND = "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248"
ACTIONS = {
    "iti18": "urn:ihe:iti:2007:RegistryStoredQuery",
    "iti41": "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
    "iti42": "urn:ihe:iti:2007:RegisterDocumentSet-b",
    "iti43": "urn:ihe:iti:2007:RetrieveDocumentSet",
    "iti57": "urn:ihe:iti:2010:UpdateDocumentSet",
}
QUERIES = {
    "FindDocuments": "14d4debf-8f97-4251-9a74-a90016b0af0d",
    "FindDocumentsByReferenceId": "12941a89-e02e-4be5-967c-ce4bfc8fe492",
    "FindSubmissionSets": "f26abbcb-ac74-4422-8a30-edb644bbc1a9",
    "FindFolders": "958f3006-baad-4929-a4de-ff1114824431",
    "GetAll": "10b545ea-725c-446d-9b95-8aeb444eddf3",
    "GetDocuments": "5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4",
    "GetFolders": "5737b14c-8a1a-4539-b659-e03a34a5e1e4",
    "GetAssociations": "a7ae438b-4bc2-4642-93e9-be891f7bb155",
    "GetDocumentsAndAssociations": "bab9529a-4a10-40b3-a01f-f68a615d247a",
    "GetSubmissionSets": "51224314-5390-4169-9b91-b1980040715a",
    "GetSubmissionSetAndContents": "e8e3cb2c-e39c-46b9-99e4-c12f57260b83",
    "GetFolderAndContents": "b909a503-523d-4517-8acf-8e5834dfc4c7",
    "GetFoldersForDocument": "10cae35a-c7f9-4cf5-b61e-fc3278ffb578",
    "GetRelatedDocuments": "d90e5407-b356-4d91-a89f-873917b4b0e6",
}
_numbers = itertools.count(1)


def oid() -> str:
    """A uniqueId that nobody had before."""
    return f"2.25.{uuid.uuid4().int}"


def slot(name: str, *values: str) -> str:
    listed = "".join(f"<rim:Value>{value}</rim:Value>" for value in values)
    return f'<rim:Slot name="{name}"><rim:ValueList>{listed.replace("&", "&amp;")}</rim:ValueList></rim:Slot>'


def coded(scheme: str, code: str, owner: str, system: str = "1.2.3.4") -> str:
    return (
        f'<rim:Classification id="cl{next(_numbers)}" classificationScheme="urn:uuid:{scheme}"'
        f' classifiedObject="{owner}" nodeRepresentation="{code}">{slot("codingScheme", system)}'
        f'<rim:Name><rim:LocalizedString value="{code}"/></rim:Name></rim:Classification>'
    )


def author(scheme: str, person: str, owner: str) -> str:
    return (
        f'<rim:Classification id="cl{next(_numbers)}" classificationScheme="urn:uuid:{scheme}"'
        f' classifiedObject="{owner}" nodeRepresentation="">{slot("authorPerson", person)}</rim:Classification>'
    )


def identified(scheme: str, value: str, owner: str) -> str:
    text = value.replace("&", "&amp;")
    return (
        f'<rim:ExternalIdentifier id="ei{next(_numbers)}" registryObject="{owner}" value="{text}"'
        f' identificationScheme="urn:uuid:{scheme}"><rim:Name><rim:LocalizedString value="x"/></rim:Name>'
        "</rim:ExternalIdentifier>"
    )


def entry(name: str = "doc1", **changes: Any) -> str:
    """A document entry; `changes` replace the usual values, None leaves an attribute out."""
    usual = {
        "patient": PATIENT, "unique": oid(), "creationTime": "20260101120000", "languageCode": "fr-FR",
        "sourcePatientId": PATIENT, "class": "10", "conf": ("N",), "format": "urn:f", "facility": "SA01",
        "practice": "AMB", "type": "T1", "events": (), "mime": "text/plain", "title": "Un document", "lid": None,
        "object_type": STABLE, "author": "^DUPONT^Jean", "references": (), "hash": None, "size": None,
        "repositoryUniqueId": None, "serviceStartTime": None, "serviceStopTime": None,
    }  # fmt: skip
    assert not set(changes) - set(usual), set(changes) - set(usual)
    facts = usual | changes
    slots = [
        slot(key, facts[key])
        for key in (
            "creationTime",
            "languageCode",
            "sourcePatientId",
            "hash",
            "size",
            "repositoryUniqueId",
            "serviceStartTime",
            "serviceStopTime",
        )
        if facts[key] is not None
    ]
    if facts["references"]:
        slots.append(slot("urn:ihe:iti:xds:2013:referenceIdList", *facts["references"]))
    codes = [
        coded(scheme, facts[key], name)
        for key, scheme in (
            ("class", "41a5887f-8865-4c09-adf7-e362475b143a"), ("format", "a09d5840-386c-46f2-b5ad-9c3699a4309d"),
            ("facility", "f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"), ("practice", "cccf5598-8b07-4b77-a05e-ae952c785ead"),
            ("type", "f0306f51-975f-434e-a61c-c59651d33983"),
        )
        if facts[key] is not None
    ]  # fmt: skip
    codes += [coded("f4f85eac-e6cb-4883-b524-f2705394840f", code, name) for code in facts["conf"]]
    codes += [coded("2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4", code, name) for code in facts["events"]]
    codes.append(author("93606bcf-9494-43ec-9b4e-a7748d1a838d", facts["author"], name))
    ids = [
        identified(scheme, facts[key], name)
        for key, scheme in (
            ("patient", "58a6f841-87b3-4a3e-92fd-a8ffeff98427"), ("unique", "2e82c1f6-a085-4c72-9da3-8640a32e42ab"),
        )
        if facts[key] is not None
    ]  # fmt: skip
    lid = f' lid="{facts["lid"]}"' if facts["lid"] else ""
    return (
        f'<rim:ExtrinsicObject id="{name}"{lid} mimeType="{facts["mime"]}" objectType="{facts["object_type"]}">'
        f'{"".join(slots)}<rim:Name><rim:LocalizedString value="{facts["title"]}"/></rim:Name>'
        f"{''.join(codes)}{''.join(ids)}</rim:ExtrinsicObject>"
    )


def package(name: str = "set1", **changes: Any) -> str:
    """A submission set."""
    usual = {
        "patient": PATIENT, "unique": oid(), "source": "1.3.6.1.4.1.21367.2009.1.2.1", "content": "C1",
        "submissionTime": "20260101120000", "author": "^DUPONT^Jean",
    }  # fmt: skip
    assert not set(changes) - set(usual)
    facts = usual | changes
    times = slot("submissionTime", facts["submissionTime"]) if facts["submissionTime"] else ""
    content = coded("aa543740-bdda-424e-8c96-df4873be8500", facts["content"], name) if facts["content"] else ""
    ids = [
        identified(scheme, facts[key], name)
        for key, scheme in (
            ("patient", "6b5aea1a-874d-4603-a4bc-96a0a7b38446"), ("source", "554ac39e-e3fe-47fe-b233-965d2a147832"),
            ("unique", "96fdda7c-d067-4183-912e-bf5ee74998a8"),
        )
        if facts[key] is not None
    ]  # fmt: skip
    return (
        f'<rim:RegistryPackage id="{name}">{times}{content}'
        f"{author('a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d', facts['author'], name)}{''.join(ids)}</rim:RegistryPackage>"
        f'<rim:Classification id="cl{next(_numbers)}" classifiedObject="{name}"'
        ' classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"/>'
    )


def folder(name: str = "folder1", **changes: Any) -> str:
    """A folder."""
    facts = {"patient": PATIENT, "unique": oid(), "codes": ("F1",), "title": "Un dossier", "lid": None} | changes
    lid = f' lid="{facts["lid"]}"' if facts["lid"] else ""
    title = f'<rim:Name><rim:LocalizedString value="{facts["title"]}"/></rim:Name>' if facts["title"] else ""
    return (
        f'<rim:RegistryPackage id="{name}"{lid}>{title}'
        f'<rim:Classification id="cl{next(_numbers)}" classifiedObject="{name}"'
        ' classificationNode="urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2"/>'
        f"{''.join(coded('1ba97051-7806-41a8-a48b-8fce7af683c5', code, name) for code in facts['codes'])}"
        f"{identified('f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a', facts['patient'], name)}"
        f"{identified('75df8f67-9973-4fbe-a900-df66cefecc5a', facts['unique'], name)}</rim:RegistryPackage>"
    )


def link(kind: str, source: str, target: str, name: str = "", **slots: str) -> str:
    """An association."""
    inner = "".join(slot(key, value) for key, value in slots.items())
    return (
        f'<rim:Association id="{name or f"as{next(_numbers)}"}" associationType="{kind}" sourceObject="{source}"'
        f' targetObject="{target}">{inner}</rim:Association>'
    )


def original(target: str = "doc1", **slots: str) -> str:
    """The membership of a new document in the usual set."""
    return link(HAS_MEMBER, "set1", target, SubmissionSetStatus="Original", **slots)


def submit(*objects: str) -> str:
    """An lcm:SubmitObjectsRequest."""
    return (
        '<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"'
        f' xmlns:rim="{NS["rim"]}"><rim:RegistryObjectList>{"".join(objects)}</rim:RegistryObjectList>'
        "</lcm:SubmitObjectsRequest>"
    )


def include(name: str, cid: str) -> str:
    return f'<xds:Document id="{name}"><xop:Include xmlns:xop="{NS["xop"]}" href="cid:{cid}"/></xds:Document>'


def inline(name: str, data: bytes) -> str:
    text = base64.encodebytes(data).decode()
    return f'<xds:Document id="{name}">{text}</xds:Document>'


def provide(submission: str, *documents: str) -> str:
    """The body of ITI-41."""
    return (
        f'<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds="{NS["xds"]}">{submission}{"".join(documents)}'
        "</xds:ProvideAndRegisterDocumentSetRequest>"
    )


def query(name: str, *slots: str, kind: str = "LeafClass") -> str:
    """The body of ITI-18; `name` is a name of QUERIES, or an id."""
    return (
        f'<query:AdhocQueryRequest xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns:rim="{NS["rim"]}">'
        f'<query:ResponseOption returnComposedObjects="true" returnType="{kind}"/>'
        f'<rim:AdhocQuery id="urn:uuid:{QUERIES.get(name, name)}">{"".join(slots)}</rim:AdhocQuery>'
        "</query:AdhocQueryRequest>"
    )


def asked(*wanted: tuple[str, str]) -> str:
    """The body of ITI-43: (repositoryUniqueId, uniqueId) pairs."""
    listed = "".join(
        f"<xds:DocumentRequest><xds:RepositoryUniqueId>{where}</xds:RepositoryUniqueId>"
        f"<xds:DocumentUniqueId>{name}</xds:DocumentUniqueId></xds:DocumentRequest>"
        for where, name in wanted
    )
    return f'<xds:RetrieveDocumentSetRequest xmlns:xds="{NS["xds"]}">{listed}</xds:RetrieveDocumentSetRequest>'


def envelope(action: str, body: str, *, header: str | None = None) -> str:
    message_id = uuid.uuid4().urn
    usual = (
        f'<wsa:Action soap:mustUnderstand="1">{action}</wsa:Action><wsa:MessageID>{message_id}</wsa:MessageID>'
        "<wsa:To>http://registre.example.org/xds/un/chemin</wsa:To>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{NS["soap"]}" xmlns:wsa="{NS["wsa"]}">'
        f"<soap:Header>{usual if header is None else header}</soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>"
    )


def mtom(text: str, parts: dict[str, bytes], boundary: str = "limite") -> tuple[str, bytes]:
    """A multipart body: its media type and its bytes."""
    pieces = [
        f'--{boundary}\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
        f"Content-Transfer-Encoding: binary\r\nContent-ID: <racine@client>\r\n\r\n".encode()
        + text.encode()
    ]
    for cid, data in parts.items():
        head = f"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{cid}>"
        pieces.append(f"\r\n--{boundary}\r\n{head}\r\n\r\n".encode() + data)
    kind = (
        'multipart/related; type="application/xop+xml"; start="<racine@client>"; start-info="application/soap+xml";'
        f' boundary="{boundary}"'
    )
    return kind, b"".join(pieces) + f"\r\n--{boundary}--\r\n".encode()


@dataclass
class Reply:
    """What came back: status, envelope, MIME parts by Content-ID."""

    status: int
    content_type: str
    root: Any
    parts: dict[str, bytes] = field(default_factory=dict)

    @property
    def action(self) -> str:
        return self.root.findtext(".//wsa:Action", namespaces=NS)

    @property
    def outcome(self) -> str:
        """Success, Failure, PartialSuccess, or Fault."""
        if self.root.find(".//soap:Fault", NS) is not None:
            return "Fault"
        for element in self.root.iter():
            if element.get("status", "").rpartition(":")[2] in ("Success", "Failure", "PartialSuccess"):
                return element.get("status").rpartition(":")[2]
        return "?"

    @property
    def errors(self) -> list[str]:
        return [each.get("errorCode") for each in self.root.iter(f"{{{NS['rs']}}}RegistryError")]

    @property
    def fault(self) -> tuple[str, str]:
        values = [each.text for each in self.root.iterfind(".//soap:Code//soap:Value", NS)]
        return values[0], values[1] if len(values) > 1 else ""

    def objects(self, tag: str) -> list[Any]:
        return list(self.root.iterfind(f".//rim:RegistryObjectList/rim:{tag}", NS))

    @property
    def titles(self) -> list[str]:
        """The titles of the entries, sorted."""
        path = "rim:Name/rim:LocalizedString"
        return sorted(each.find(path, NS).get("value") for each in self.objects("ExtrinsicObject"))

    def kinds(self) -> dict[str, int]:
        """How many objects of each tag."""
        found: dict[str, int] = {}
        for each in self.root.iterfind(".//rim:RegistryObjectList/*", NS):
            name = etree.QName(each).localname
            found[name] = found.get(name, 0) + 1
        return found

    def slot(self, element: Any, name: str) -> str:
        return element.findtext(f"rim:Slot[@name='{name}']/rim:ValueList/rim:Value", namespaces=NS) or ""


class Client:
    """A client that knows nothing but the addresses."""

    def __init__(self, endpoints: dict[str, str]) -> None:
        self.endpoints = endpoints

    def post(self, url: str, content_type: str, data: Any, headers: dict[str, str] | None = None) -> Reply:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            connection.request("POST", parts.path, data, {"Content-Type": content_type, **(headers or {})})
            answer = connection.getresponse()
            return _reply(answer.status, answer.headers.get("Content-Type", ""), answer.read())
        finally:
            connection.close()

    def send(self, name: str, body: str) -> Reply:
        """Send a body as SOAP alone."""
        action = ACTIONS[name]
        kind = f'application/soap+xml; charset=UTF-8; action="{action}"'
        return self.post(self.endpoints[name], kind, envelope(action, body).encode())

    def send_mtom(self, name: str, body: str, parts: dict[str, bytes]) -> Reply:
        """Send a body as MTOM."""
        kind, data = mtom(envelope(ACTIONS[name], body), parts)
        return self.post(self.endpoints[name], kind, data)

    def query(self, name: str, *slots: str, kind: str = "LeafClass") -> Reply:
        return self.send("iti18", query(name, *slots, kind=kind))

    def deposit(self, *objects: str, **documents: bytes) -> Reply:
        """ITI-41 by MTOM: objects as text, documents by the id of their entry."""
        body = provide(submit(*objects), *(include(name, f"{name}@client") for name in documents))
        return self.send_mtom("iti41", body, {f"{name}@client": data for name, data in documents.items()})

    def deposit_one(self, data: bytes = b"bonjour", *more: str, **changes: Any) -> str:
        """Deposit one document; gives its entryUUID."""
        unique = changes.setdefault("unique", oid())
        patient = changes.get("patient", PATIENT)
        reply = self.deposit(package(patient=patient), entry(**changes), original(), *more, doc1=data)
        assert (reply.outcome, reply.errors) == ("Success", [])
        return self.uuid_of(unique)

    def uuid_of(self, unique: str) -> str:
        reply = self.query("GetDocuments", slot("$XDSDocumentEntryUniqueId", f"('{unique}')"), kind="ObjectRef")
        return reply.objects("ObjectRef")[-1].get("id")

    def entry_of(self, identifier: str) -> Any:
        reply = self.query("GetDocuments", slot("$XDSDocumentEntryEntryUUID", f"('{identifier}')"))
        (found,) = reply.objects("ExtrinsicObject")
        return found


def _reply(status: int, content_type: str, data: bytes) -> Reply:
    if not content_type.startswith("multipart/"):
        return Reply(status, content_type, etree.fromstring(data) if data else None)
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.message_from_bytes(head + data, policy=email.policy.HTTP)
    root, *others = message.iter_parts()
    parts = {str(each["Content-ID"]).strip("<>"): each.get_payload(decode=True) for each in others}
    return Reply(status, content_type, etree.fromstring(root.get_payload(decode=True)), parts)
