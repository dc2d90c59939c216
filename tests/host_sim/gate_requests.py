"""One right request of every transaction, as bytes for the wire, and what the host then keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import tx_bodies as tx
from host_wire import (
    HL7,
    PATIENTS,
    RIGHTS,
    Answer,
    Assertion,
    Professional,
    Stage,
    envelope,
    ins_of,
    query_body,
    wrapper,
)
from lxml import etree
from registry_lots import (
    APPROVED,
    ARCHIVED,
    FIND_DOCUMENTS,
    OID,
    RIM,
    Lot,
    Paper,
    link,
    new_oid,
    package,
    slot,
)  # fmt: skip

PROVIDE = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
RETRIEVE = "urn:ihe:iti:2007:RetrieveDocumentSet"
QUERY, UPDATE = "urn:ihe:iti:2007:RegistryStoredQuery", "urn:ihe:iti:2010:UpdateDocumentSet"
INSI = "urn:ServiceIdentiteCertifiee:1.0.0:"
_QUERY_NS = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
_LCM = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
_MOVE = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
CONTEXTS = (
    '<ContexteBAM xmlns="urn:siram:bam:ctxbam" Version="01_02"/><ContexteLPS xmlns="urn:siram:lps:ctxlps"'
    ' Version="01_00"/>'
)

Parts = Mapping[str, bytes]


@dataclass(frozen=True)
class Request:
    """A transaction: where it goes, who sends it about whom, and its body (with the parts that go beside it)."""

    name: str
    endpoint: str
    action: str
    body: Callable[[Stage], tuple[str, Parts]]
    who: str = "generaliste"
    patient: str = "jean"
    changes: Mapping[str, Any] = field(default_factory=dict)
    mtom: bool = False
    other_patient: str = "DMPPatientMismatch"  # what tells that the body is about another one; "" when it names nobody

    def assertion(self, stage: Stage, **changes: Any) -> Assertion:
        """The right assertion of this request."""
        changes = {"now": stage.house.clock.now(), **self.changes, **changes}
        return stage.who(self.who).assertion(self.patient, **changes)

    def pack(self, stage: Stage, assertion: str, **headers: str) -> tuple[bytes, str]:
        """The bytes and the media type of the request with an assertion; headers as for host_wire.envelope."""
        body, parts = self.body(stage)
        return self.pack_body(assertion, body, parts, **headers)

    def pack_body(self, assertion: str, body: str, parts: Parts, **headers: str) -> tuple[bytes, str]:
        """The same with a body of one's own."""
        more = CONTEXTS if self.endpoint == "insi" else ""
        headers = {**headers, "more": more + headers.get("more", "")}
        root = envelope(assertion, self.action, body, **headers)
        return mtom(root, parts) if self.mtom else (root, "application/soap+xml; charset=UTF-8")

    def post(self, stage: Stage, assertion: str, *, by: Professional | None = None, **headers: str) -> Answer:
        """Send it with an assertion."""
        return (by or stage.who(self.who)).post(self.endpoint, *self.pack(stage, assertion, **headers))

    def ask(self, stage: Stage, **changes: Any) -> Answer:
        """Send it with an unsigned assertion, some fields of which are changed."""
        return self.post(stage, self.assertion(stage, **changes).render())


def mtom(root: bytes, parts: Parts, boundary: str = "limit") -> tuple[bytes, str]:
    """A multipart body (RFC 2387) and its media type."""
    kind = 'application/xop+xml; charset=UTF-8; type="application/soap+xml"'
    body = f"--{boundary}\r\nContent-Type: {kind}\r\nContent-ID: <root@test>\r\n\r\n".encode() + root
    for name, data in parts.items():
        head = f"\r\n--{boundary}\r\nContent-ID: <{name}>\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        body += head.encode() + data
    start = f'start="<root@test>"; start-info="application/soap+xml"; boundary="{boundary}"'
    return body + f"\r\n--{boundary}--\r\n".encode(), f'multipart/related; type="application/xop+xml"; {start}'


def outcome(answer: Answer) -> str:
    """The code that an answer bears: of a fault, a registry error, a refusal or a status; "ok" without."""
    data = answer.body
    if answer.headers["Content-Type"].startswith("multipart/"):
        data = data.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0].partition(b"\r\n--")[0]
    root = etree.fromstring(data)
    for element in root.iter("{*}Subcode"):
        return "".join(element.itertext()).strip().partition(":")[2]
    if root.find(".//{*}Fault") is not None:
        return str(root.findtext(".//{*}Fault/{*}Code/{*}Value")).partition(":")[2]
    from host_sim.dispatch import outcome_of

    return outcome_of(root.find("{*}Body")[0])


def kept(stage: Stage) -> dict[str, Any]:
    """All that a transaction may have written, but the access log."""
    store = stage.house.store
    found: dict[str, Any] = {"blobs": sorted(each.name for each in store.blobs.iterdir())}
    found["incoming"] = sorted(each.name for each in store.incoming.iterdir())
    with store.transaction() as cursor:
        for table, order in tx.TABLES.items():
            rows = cursor.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()
            found[table] = [tuple(row) for row in rows]
    return found


def _xml(make: Callable[[], Any]) -> Callable[[Stage], tuple[str, Parts]]:
    return lambda stage: (etree.tostring(make()).decode(), {})


def _hl7(name: str, message: str, make: Callable[[], Any], **facts: Any) -> Request:
    return Request(name, "patients", f"{HL7}:PRPA_IN{message}UV02", _xml(make), **facts)


def _small(name: str, endpoint: str, namespace: str, root: str, **facts: Any) -> Request:
    service = {"habilitations": "Habilitations", "patientsSpecific": "PatientSpecific"}[endpoint]
    fields = facts.pop("fields", {})
    action = f"{namespace}:{service}EndPoint:{root}"
    facts = {"other_patient": "", **facts}
    return Request(name, endpoint, action, _xml(lambda: tx.small_body(namespace, root, **fields)), **facts)


def _lot(stage: Stage) -> tuple[str, Parts]:
    lot = Lot(ins_of("jean"), (Paper(ins_of("jean")),))
    parts = lot.parts(stage.authority)
    return lot.request(), {f"{name.lower()}@test": data for name, data in parts.items()}


def fed(stage: Stage) -> Paper:
    """The document that jean's dossier holds on this stage; deposited when first asked for."""
    known: Paper | None = getattr(stage, "fed", None)
    if known is None:
        known = Paper(ins_of("jean"))
        lot = Lot(ins_of("jean"), (known,))
        parts = {f"{name.lower()}@test": data for name, data in lot.parts(stage.authority).items()}
        request = BY_NAME["TD2.1"]
        data = request.pack_body(request.assertion(stage).render(), lot.request(), parts)
        answer = stage.who("generaliste").post("repository", *data)
        assert outcome(answer) == "ok", answer.body
        stage.fed = known  # type: ignore[attr-defined]
    return known


def _retrieval(stage: Stage) -> tuple[str, Parts]:
    inner = (
        "<x:DocumentRequest><x:RepositoryUniqueId>1.2.250.1.213.4.1.1.1.2</x:RepositoryUniqueId>"
        f"<x:DocumentUniqueId>{fed(stage).unique_id}</x:DocumentUniqueId></x:DocumentRequest>"
    )
    root = "x:RetrieveDocumentSetRequest"
    return f'<{root} xmlns:x="urn:ihe:iti:xds-b:2007">{inner}</{root}>', {}


def _query(stage: Stage) -> tuple[str, Parts]:
    slots = slot("$XDSDocumentEntryPatientId", f"'{ins_of('jean')}^^^&{OID}&ISO^NH'")
    slots += slot("$XDSDocumentEntryStatus", f"('{APPROVED}')")
    return (
        f'<q:AdhocQueryRequest xmlns:q="{_QUERY_NS}" xmlns:rim="{RIM}"><q:ResponseOption returnComposedObjects="true"'
        f' returnType="LeafClass"/><rim:AdhocQuery id="urn:uuid:{FIND_DOCUMENTS}">{slots}</rim:AdhocQuery>'
        "</q:AdhocQueryRequest>"
    ), {}


def _archive(stage: Stage) -> tuple[str, Parts]:
    with stage.house.store.transaction() as cursor:
        row = cursor.execute("SELECT * FROM registry_entries WHERE unique_id = ?", (fed(stage).unique_id,)).fetchone()
    facts = {"SubmissionSetStatus": "", "OriginalStatus": APPROVED, "NewStatus": ARCHIVED}
    move = link(_MOVE, "SubmissionSet01", row["entry_uuid"], **facts)
    objects = package(ins_of("jean"), "generaliste", new_oid()) + move
    return (
        f'<l:SubmitObjectsRequest xmlns:l="{_LCM}" xmlns:rim="{RIM}"><rim:RegistryObjectList>{objects}'
        "</rim:RegistryObjectList></l:SubmitObjectsRequest>"
    ), {}


def _search() -> Any:
    value = "<value><given>KARIM</given><family>HADDAD</family></value><semanticsText>LivingSubject.name"
    return tx.body_of(
        wrapper(
            "PRPA_IN201305UV02",
            '<code code="PRPA_TE201305UV02" codeSystem="2.16.840.1.113883.1.6"/><queryByParameter>'
            '<queryId root="1.2.3" extension="q"/><statusCode code="new"/><parameterList>'
            f"<livingSubjectName>{value}</semanticsText></livingSubjectName></parameterList></queryByParameter>",
        )
    )


def _insi(root: str, namespace: str, **fields: str) -> Callable[[Stage], tuple[str, Parts]]:
    return _xml(lambda: tx.small_body(f"http://www.cnamts.fr/{namespace}", root, **fields))


_TRAITS = {"NomNaissance": "DUVAL", "Prenom": "JEAN", "Sexe": "M", "DateNaissance": "1959-04-22"}
_CARD = {"NirOD": ins_of("jean"), "RangBeneficiaire": "1", "DateNaissance": "19590422", "Prenom": "JEAN"}

REQUESTS = (
    _hl7("TD0.2", "201307", lambda: tx.body_of(query_body(ins_of("jean")))),
    _small("TD0.3", "habilitations", RIGHTS, "setAuthorization", fields={"action": "AJOUT"}, who="generaliste-port"),
    _small(
        "TD0.4", "patientsSpecific", PATIENTS, "patientList", patient="",
        fields={"startDate": "20200101000000", "dateType": "LASTDOC"},
    ),
    Request(
        "TD0.5", "patientsPDQ", f"{HL7}:PRPA_IN201305UV02", _xml(_search), who="regulateur", patient="",
        changes={"purpose": "centre_15"}, other_patient="",
    ),
    _hl7("TD1.1", "201311", tx.creation, patient="sophie"),
    _hl7("TD1.2", "201314", tx.reactivation, patient="odette"),
    _hl7("TD1.3a", "201307", lambda: tx.body_of(query_body(ins_of("jean"), "CNSLT_DATA"))),
    _hl7("TD1.3b", "201314", lambda: tx.modification("jean")),
    _hl7("TD1.4", "201314", tx.closing),
    _small(
        "TD1.5a", "patientsSpecific", PATIENTS, "createPatientAccess", patient="paul",
        fields={"type": "SMS", "canal": "0612345678"},
    ),
    _small(
        "TD1.5b", "patientsSpecific", PATIENTS, "patientOTPUpdate",
        fields={"type": "SMS", "canal": "0698765432", "action": "AJOUT"},
    ),
    _small("TD1.5d", "patientsSpecific", PATIENTS, "updatePatientAccess"),
    _small("TD1.6", "habilitations", RIGHTS, "listAuthorizationByPatient", fields={"mode": "TOUTE"}),
    Request("TD2.1", "repository", PROVIDE, _lot, mtom=True, other_patient="XDSPatientIdDoesNotMatch"),
    Request("TD3.1", "registry", QUERY, _query, other_patient="XDSPatientIdDoesNotMatch"),
    Request("TD3.2", "repository", RETRIEVE, _retrieval, mtom=True, other_patient="XDSDocumentUniqueIdError"),
    Request("TD3.3d", "registry", UPDATE, _archive, other_patient="XDSPatientIdDoesNotMatch"),
    Request(
        "INSi-traits", "insi", f"{INSI}rechercherInsAvecTraitsIdentite",
        _insi("RECSANSVITALE", "INSiRecSans", **_TRAITS), patient="", other_patient="",
    ),
    Request(
        "INSi-vitale", "insi", f"{INSI}rechercherInsAvecCarteVitale", _insi("RECVITALE", "INSiRecVit", **_CARD),
        patient="", other_patient="",
    ),
)  # fmt: skip
BY_NAME = {each.name: each for each in REQUESTS}


def with_fields(assertion: Assertion, **changes: Any) -> Assertion:
    """An assertion with some fields changed."""
    return dataclasses.replace(assertion, **changes)
