"""Submit, query, retrieve and update before answers that no honest host gives: the wire's far end is canned bytes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import pytest
import xds_models as models
from lxml import etree

from dossier.access import NORMAL_ACCESS
from dossier.document import BytesContent, Content, Document, Lot
from dossier.document_filter import DocumentFilter
from dossier.failure import Failure, Kind
from dossier.metadata import Association, AssociationKind, Availability, DocumentEntry
from dossier.professional import Professional
from soap_clients.envelope import answer_action
from soap_clients.host import StreamedReply
from soap_clients.mtom import MtomBody
from soap_clients.xds import query, retrieve, submit, update
from soap_clients.xds import vocabulary as v
from soap_clients.xds.ebxml import to_ebxml

BYTES = b"<ClinicalDocument>" + b"x" * 5000 + b"</ClinicalDocument>"
ENTRY = replace(models.ENTRY, hash=hashlib.sha1(BYTES).hexdigest(), size=len(BYTES))
MESSAGE_ID = "urn:uuid:4d2f6a0e-0000-4000-8000-000000000001"
SUCCESS = f'<rs:RegistryResponse xmlns:rs="{v.RS}" status="{v.STATUS_SUCCESS}"/>'


PROFESSIONAL = Professional("899900000001", "MARTIN", "Claire", "10", "SM26")


def envelope(body: str, action: str, relates_to: str = MESSAGE_ID) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{v.SOAP}" xmlns:a="{v.WSA}"><s:Header><a:Action>{answer_action(action)}</a:Action>'
        f"<a:RelatesTo>{relates_to}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def response(status: str, *codes: str, severity: str = "Error") -> str:
    errors = "".join(
        f'<rs:RegistryError errorCode="{code}" codeContext="free text" '
        f'severity="urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:{severity}"/>'
        for code in codes
    )
    return (
        f'<rs:RegistryResponse xmlns:rs="{v.RS}" status="{status}"><rs:RegistryErrorList>{errors}'
        "</rs:RegistryErrorList></rs:RegistryResponse>"
    )


@dataclass
class CannedHost:
    """Answers every exchange with the next canned bytes and keeps what was asked."""

    answers: list[tuple[str, bytes]]
    asked: list[etree._Element] = field(default_factory=list)
    attachments: Mapping[str, Content] | None = None
    closed: int = 0
    status: int = 200
    professional: Professional = PROFESSIONAL

    def exchange(self, endpoint: str, action: str, body: etree._Element, **named: Any) -> StreamedReply:
        self.asked.append(body)
        self.attachments = named["attachments"]
        kind, data = self.answers.pop(0)
        host = self

        class Stream(io.BytesIO):
            def close(self) -> None:
                host.closed += not self.closed
                super().close()

        return StreamedReply(kind, Stream(data), MESSAGE_ID, self.status)


def plain(body: str, action: str, **named: str) -> tuple[str, bytes]:
    return "application/soap+xml", envelope(body, action, **named)


def multipart(body: str, action: str, parts: dict[str, bytes]) -> tuple[str, bytes]:
    message = MtomBody(envelope(body, action), {cid: BytesContent(data) for cid, data in parts.items()})
    return message.content_type, b"".join(iter(message.read, b""))


def failure_of(call: Any, *arguments: Any, **named: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        found = call(*arguments, **named)
        if found is not None:
            list(found)
    return caught.value


# Deposit


def lot(*links: Association) -> Lot:
    entry = replace(ENTRY, entry_uuid="Document01", status=Availability.APPROVED, version="", logical_id="")
    member = Association(AssociationKind.HAS_MEMBER, "SubmissionSet01", "Document01", ())
    return Lot(models.SET, (Document(entry, BytesContent(BYTES)),), (member, *links))


def send(host: CannedHost, what: Lot | None = None) -> None:
    submit.send(host, submit.freeze(what or lot()), NORMAL_ACCESS, patient=models.INS)  # type: ignore[arg-type]


def deposit_answered(body: str) -> Failure:
    return failure_of(send, CannedHost([plain(body, v.PROVIDE_AND_REGISTER)]))


def test_a_lot_is_frozen_into_the_same_bytes_each_time() -> None:
    assert submit.freeze(lot()).metadata == submit.freeze(lot()).metadata


def test_hash_size_and_repository_are_left_to_the_host() -> None:
    metadata = submit.freeze(lot()).metadata
    assert not any(word in metadata for word in (b'"hash"', b'"size"', b"repositoryUniqueId"))


def test_a_deposit_names_each_document_and_its_part_by_the_same_id() -> None:
    host = CannedHost([plain(SUCCESS, v.PROVIDE_AND_REGISTER)])
    send(host)
    body = host.asked[0]
    assert body.tag == f"{{{v.XDS}}}ProvideAndRegisterDocumentSetRequest"
    assert [each.get("id") for each in body.iter(f"{{{v.RIM}}}ExtrinsicObject")] == ["Document01"]
    documents = body.findall(f"{{{v.XDS}}}Document")
    assert [each.get("id") for each in documents] == ["Document01"]
    assert [each[0].get("href") for each in documents] == [f"cid:{cid}" for cid in host.attachments or {}]
    assert host.closed == 1


def test_a_lot_for_somebody_else_never_leaves() -> None:
    host = CannedHost([])
    failure = failure_of(submit.send, host, submit.freeze(lot()), NORMAL_ACCESS, patient=models.OTHER_INS)
    assert (failure.code, host.asked) == ("PATIENT_MISMATCH", [])


def test_a_lot_of_two_patients_is_not_frozen() -> None:
    mixed = replace(lot(), submission_set=replace(models.SET, patient_id=models.OTHER_INS))
    assert failure_of(submit.freeze, mixed).code == "PATIENT_MISMATCH"


def test_a_replacement_frozen_by_uniqueid_leaves_with_the_entryuuid_of_the_moment() -> None:
    frozen = lot(Association(AssociationKind.REPLACES, "Document01", f"urn:oid:{ENTRY.unique_id}", ()))
    host = CannedHost([found(ENTRY), plain(SUCCESS, v.PROVIDE_AND_REGISTER)])
    send(host, frozen)
    links = [each for each in host.asked[1].iter(f"{{{v.RIM}}}Association") if each.get("sourceObject") == "Document01"]
    assert [each.get("targetObject") for each in links] == [ENTRY.entry_uuid]


def test_a_replacement_of_what_is_no_more_there_does_not_leave() -> None:
    frozen = lot(Association(AssociationKind.REPLACES, "Document01", f"urn:oid:{ENTRY.unique_id}", ()))
    host = CannedHost([found()])
    assert failure_of(send, host, frozen).code == "XDS_REPLACED_NOT_FOUND"
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("XDSDuplicateUniqueIdInRegistry", "XDS_DUPLICATE"),
        ("XDSNonIdenticalHash", "XDS_NON_IDENTICAL_HASH"),
        ("XDSUnknownPatientId", "XDS_UNKNOWN_PATIENT"),
        ("XDSPatientIdDoesNotMatch", "XDS_PATIENT_MISMATCH"),
        ("XDSRepositoryError", "XDS_HOST_TROUBLE"),
        ("urn:ihe:iti:2007:XDSReplaceFailed", "XDS_REPLACE_FAILED"),
        ("DMPAccessDeniedByRightsService", "ACCESS_DENIED"),
        ("XDSMissingDocument", "XDS_DOCUMENT_MISSING"),
        ("<b>Jean DUVAL</b>".replace("<", "&lt;"), "XDS_REFUSED"),
    ],
)
def test_a_refusal_of_the_host_has_a_code_of_ours(code: str, expected: str) -> None:
    failure = deposit_answered(response(v.STATUS_FAILURE, code))
    assert failure.code == expected
    assert failure.kind is Kind.HOST
    assert "DUVAL" not in failure.sentence() + str(failure.facts)


def test_the_first_error_that_means_something_is_the_one_told() -> None:
    body = response(v.STATUS_FAILURE, "XDSRegistryMetadataError", "XDSDuplicateUniqueIdInRegistry")
    assert deposit_answered(body).code == "XDS_DUPLICATE"


def test_warnings_do_not_spoil_a_success() -> None:
    body = response(v.STATUS_SUCCESS, "XDSExtraMetadataNotSaved", severity="Warning")
    send(CannedHost([plain(body, v.PROVIDE_AND_REGISTER)]))


@pytest.mark.parametrize(
    "body", [response(v.STATUS_PARTIAL, "XDSRegistryError"), "<x/>", SUCCESS + SUCCESS, '<x status="Success"/>']
)
def test_an_answer_that_does_not_say_what_was_done_is_an_unknown_outcome(body: str) -> None:
    assert deposit_answered(body).code == "OUTCOME_UNKNOWN"


def test_an_answer_to_another_request_is_an_unknown_outcome() -> None:
    answer = plain(SUCCESS, v.PROVIDE_AND_REGISTER, relates_to="urn:uuid:replayed")
    assert failure_of(send, CannedHost([answer])).code == "OUTCOME_UNKNOWN"


def test_an_answer_cut_at_any_byte_is_an_unknown_outcome() -> None:
    kind, data = plain(SUCCESS, v.PROVIDE_AND_REGISTER)
    for cut in range(len(data)):
        assert failure_of(send, CannedHost([(kind, data[:cut])])).code == "OUTCOME_UNKNOWN", cut


def test_a_fault_with_a_registry_code_means_what_the_code_means() -> None:
    fault = (
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>s:XDSDocumentUniqueIdError</s:Value>"
        '</s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">no</s:Text></s:Reason></s:Fault>'
    )
    for call in (lambda host: retrieve.retrieve(host, ENTRY, io.BytesIO()), lambda host: listed(host)):
        for answer in (plain(fault, v.RETRIEVE), multipart(fault, v.RETRIEVE, {})):
            host = CannedHost([answer], status=500)
            assert failure_of(call, host).code == "XDS_DOCUMENT_UNKNOWN"
            assert host.closed == 1


# Lists


def found(*entries: DocumentEntry, status: str = v.STATUS_SUCCESS, errors: str = "") -> tuple[str, bytes]:
    objects = "".join(etree.tostring(to_ebxml(each), encoding="unicode") for each in entries)
    return plain(
        f'<q:AdhocQueryResponse xmlns:q="{v.QUERY}" xmlns:rs="{v.RS}" xmlns:rim="{v.RIM}" status="{status}">{errors}'
        f"<rim:RegistryObjectList>{objects}</rim:RegistryObjectList></q:AdhocQueryResponse>",
        v.STORED_QUERY,
    )


def listed(host: CannedHost, **named: Any) -> tuple[DocumentEntry, ...]:
    return tuple(query.find_documents(host, models.INS, DocumentFilter(**named)))  # type: ignore[arg-type]


def slots(request: etree._Element) -> dict[str, list[str]]:
    return {
        each.get("name", ""): [value.text or "" for value in each.iter(f"{{{v.RIM}}}Value")]
        for each in request.iter(f"{{{v.RIM}}}Slot")
    }


def test_a_list_asks_for_whole_entries_of_the_patient() -> None:
    host = CannedHost([found(ENTRY)])
    both = (Availability.APPROVED, Availability.ARCHIVED)
    assert listed(host, statuses=both, type_codes=(ENTRY.type_code,), created_from=ENTRY.creation_time) == (ENTRY,)
    request = host.asked[0]
    assert request.find(f"{{{v.QUERY}}}ResponseOption").get("returnType") == "LeafClass"  # type: ignore[union-attr]
    assert request.find(f"{{{v.RIM}}}AdhocQuery").get("id") == v.FIND_DOCUMENTS  # type: ignore[union-attr]
    assert slots(request) == {
        "$XDSDocumentEntryPatientId": [f"'{models.INS.matricule}^^^&1.2.250.1.213.1.4.10&ISO^NH'"],
        "$XDSDocumentEntryStatus": [f"('{each.value}')" for each in both],
        "$XDSDocumentEntryTypeCode": ["('11488-4^^2.16.840.1.113883.6.1')"],
        "$XDSDocumentEntryCreationTimeFrom": ["20261123100000"],
    }


def test_a_quote_in_a_value_cannot_leave_its_quotes() -> None:
    host = CannedHost([found()])
    query.find_by_unique_id(host, models.INS, ("1.2') or ('1",))  # type: ignore[arg-type]
    assert slots(host.asked[0]) == {"$XDSDocumentEntryUniqueId": ["('1.2'') or (''1')"]}


def test_an_entry_of_somebody_else_stops_the_list() -> None:
    host = CannedHost([found(ENTRY, replace(ENTRY, patient_id=models.OTHER_INS))])
    assert failure_of(listed, host).code == "XDS_PATIENT_MISMATCH"
    assert host.closed == 1


def test_entries_are_given_before_the_answer_is_whole() -> None:
    kind, data = found(*[ENTRY] * 30)
    entries = query.find_documents(CannedHost([(kind, data[:-200])]), models.INS)  # type: ignore[arg-type]
    assert next(entries) == ENTRY
    assert failure_of(lambda: entries).code == "XML_INVALID"


def test_a_reader_that_stops_early_gives_the_connection_back() -> None:
    host = CannedHost([found(*[ENTRY] * 30)])
    entries = query.find_documents(host, models.INS)  # type: ignore[arg-type]
    next(entries)
    entries.close()  # type: ignore[attr-defined]
    assert host.closed == 1


def test_a_partial_list_says_so_at_its_end() -> None:
    errors = '<rs:RegistryErrorList><rs:RegistryError errorCode="XDSRegistryError"/></rs:RegistryErrorList>'
    entries = query.find_documents(
        CannedHost([found(ENTRY, status=v.STATUS_PARTIAL, errors=errors)]),  # type: ignore[arg-type]
        models.INS,
    )
    assert next(entries) == ENTRY
    assert failure_of(lambda: entries).code == "XDS_HOST_TROUBLE"


def test_an_empty_list_is_empty_and_another_body_is_an_error() -> None:
    assert listed(CannedHost([found()])) == ()
    assert failure_of(listed, CannedHost([plain("<x/>", v.STORED_QUERY)])).code == "XDS_ANSWER_INVALID"


@pytest.mark.parametrize("field", ["Action", "RelatesTo", "nothing"])
def test_a_list_that_answers_something_else_is_not_read(field: str) -> None:
    kind, data = found(ENTRY)
    if field == "Action":
        data = data.replace(b"RegistryStoredQueryResponse", b"Other")
    elif field == "RelatesTo":
        data = data.replace(MESSAGE_ID.encode(), b"urn:uuid:other")
    else:
        data = data[: data.index(b"<s:Header>")] + data[data.index(b"</s:Header>") + len(b"</s:Header>") :]
    assert failure_of(listed, CannedHost([(kind, data)])).code == "HOST_ANSWER_MISMATCH"


def test_documents_are_asked_for_in_batches_and_the_current_version_wins() -> None:
    def copy_of(number: int, version: str, status: Availability) -> DocumentEntry:
        unique_id, uuid = f"1.2.{number}", f"urn:uuid:{number}-{version}"
        return replace(ENTRY, unique_id=unique_id, version=version, status=status, entry_uuid=uuid)

    old = [copy_of(n, "1", Availability.DEPRECATED) for n in range(20)]
    new = [copy_of(n, "2", Availability.APPROVED) for n in range(20)]
    last = copy_of(20, "10", Availability.APPROVED)
    host = CannedHost([found(*new, *old), found(copy_of(20, "9", Availability.APPROVED), last)])
    asked = [f"1.2.{n}" for n in range(22)]
    assert query.find_by_unique_id(host, models.INS, [*asked, asked[0]]) == (*new, last)  # type: ignore[arg-type]
    assert len(host.asked) == 2


def test_a_document_that_nobody_asked_for_is_an_error() -> None:
    failure = failure_of(query.find_by_unique_id, CannedHost([found(ENTRY)]), models.INS, ("1.2.3",))
    assert failure.code == "XDS_ANSWER_INVALID"


# Documents


def document_response(
    unique_id: str = ENTRY.unique_id, href: str = "cid:d%40h", count: int = 1, repository: str = ENTRY.repository_id
) -> str:
    document = (
        f"<x:DocumentResponse><x:RepositoryUniqueId>{repository}</x:RepositoryUniqueId><x:DocumentUniqueId>{unique_id}"
        "</x:DocumentUniqueId><x:mimeType>text/xml</x:mimeType><x:Document>"
        f'<i:Include xmlns:i="{v.XOP}" href="{href}"/></x:Document></x:DocumentResponse>'
    )
    return (
        f'<x:RetrieveDocumentSetResponse xmlns:x="{v.XDS}">{SUCCESS}{document * count}</x:RetrieveDocumentSetResponse>'
    )


def fetch(answer: tuple[str, bytes], entry: DocumentEntry = ENTRY) -> bytes:
    sink: BinaryIO = io.BytesIO()
    host = CannedHost([answer])
    try:
        retrieve.retrieve(host, entry, sink)  # type: ignore[arg-type]
    finally:
        assert host.closed == 1
        fetch.written = sink.getvalue()  # type: ignore[attr-defined]
    return sink.getvalue()  # type: ignore[attr-defined]


def test_a_document_arrives_equal_to_what_its_entry_says() -> None:
    assert fetch(multipart(document_response(), v.RETRIEVE, {"d@h": BYTES})) == BYTES


def test_a_cid_is_decoded_and_compared() -> None:
    parts = {"1@urn:ihe:iti:xds-b:2007": BYTES}
    body = document_response(href="cid:1@urn%3Aihe%3Aiti%3Axds-b%3A2007")
    assert fetch(multipart(body, v.RETRIEVE, parts)) == BYTES


@pytest.mark.parametrize("data", [BYTES[:-1] + b"!", BYTES[:-1], BYTES + b" ", b""])
def test_a_document_that_is_not_what_its_entry_says_is_refused(data: bytes) -> None:
    failure = failure_of(fetch, multipart(document_response(), v.RETRIEVE, {"d@h": data}))
    assert failure.code == "DOCUMENT_HASH_MISMATCH"


def test_a_document_longer_than_announced_is_stopped_on_its_way() -> None:
    endless = multipart(document_response(), v.RETRIEVE, {"d@h": BYTES * 1000})
    assert failure_of(fetch, endless).code == "DOCUMENT_HASH_MISMATCH"
    assert len(fetch.written) <= ENTRY.size  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (document_response(unique_id="1.2.3"), {"d@h": BYTES}),
        (document_response(repository="1.2.3"), {"d@h": BYTES}),
        (document_response(count=2), {"d@h": BYTES}),
        (document_response(count=0), {}),
        (document_response(), {"other@h": BYTES}),
        (document_response(), {}),
        (document_response(), {"d@h": BYTES, "more@h": b"x"}),
        (SUCCESS, {"d@h": BYTES}),
    ],
)
def test_an_answer_about_another_document_is_refused(body: str, parts: dict[str, bytes]) -> None:
    assert failure_of(fetch, multipart(body, v.RETRIEVE, parts)).code == "XDS_ANSWER_INVALID"


def test_nothing_reaches_the_sink_before_the_identifiers_are_checked() -> None:
    failure_of(fetch, multipart(document_response(unique_id="1.2.3"), v.RETRIEVE, {"d@h": BYTES}))
    assert fetch.written == b""  # type: ignore[attr-defined]


def test_a_refused_retrieval_has_the_code_of_its_error() -> None:
    inner = response(v.STATUS_FAILURE, "XDSDocumentUniqueIdError")
    body = f'<x:RetrieveDocumentSetResponse xmlns:x="{v.XDS}">{inner}</x:RetrieveDocumentSetResponse>'
    assert failure_of(fetch, multipart(body, v.RETRIEVE, {})).code == "XDS_DOCUMENT_UNKNOWN"


def test_a_retrieval_cut_at_any_byte_never_succeeds() -> None:
    small = b"small"
    entry = replace(ENTRY, hash=hashlib.sha1(small).hexdigest(), size=len(small))
    kind, data = multipart(document_response(), v.RETRIEVE, {"d@h": small})
    for cut in range(0, len(data) - 2):
        assert failure_of(fetch, (kind, data[:cut]), entry).code in ("MTOM_TRUNCATED", "XML_INVALID"), cut


# Changes


def changed(entry: DocumentEntry = ENTRY, **named: Any) -> etree._Element:
    host = CannedHost([plain(SUCCESS, v.UPDATE)])
    codes = named.pop("codes", (models.N,))
    update.change_confidentiality(host, entry, codes, (models.AUTHOR,), "1.2.250.1.999.1.1.7898")  # type: ignore[arg-type]
    return host.asked[0]


def test_a_change_of_confidentiality_sends_the_whole_entry_again_as_a_new_version() -> None:
    body = changed()
    element = body.find(f".//{{{v.RIM}}}ExtrinsicObject")
    assert element is not None
    assert (element.get("id"), element.get("lid")) == ("Document01", ENTRY.logical_id)
    written = [s.get("name") for s in element.iterfind(f"{{{v.RIM}}}Slot")]
    assert {"hash", "size", "repositoryUniqueId"} <= set(written)
    levels = [c for c in element if c.get("classificationScheme") == v.ENTRY_CONFIDENTIALITY]
    assert [each.get("nodeRepresentation") for each in levels] == ["N"]
    link = body.find(f".//{{{v.RIM}}}Association")
    assert link is not None
    assert slots(link) == {"PreviousVersion": ["2"], "SubmissionSetStatus": ["Original"]}


@pytest.mark.parametrize("codes", [(), (models.MASKED,), (models.N, models.N), (models.N,) * 5])
def test_a_combination_of_confidentiality_that_does_not_exist_is_not_sent(codes: tuple[Any, ...]) -> None:
    assert failure_of(changed, codes=codes).code == "CONFIDENTIALITY_INVALID"


def test_a_change_of_status_names_both_states_and_sends_no_entry() -> None:
    host = CannedHost([plain(SUCCESS, v.UPDATE)])
    update.change_status(host, ENTRY, Availability.DELETED, (models.AUTHOR,), "1.2.3")  # type: ignore[arg-type]
    body = host.asked[0]
    assert body.find(f".//{{{v.RIM}}}ExtrinsicObject") is None
    link = body.find(f".//{{{v.RIM}}}Association")
    assert link is not None
    assert link.get("targetObject") == ENTRY.entry_uuid
    assert slots(link) == {
        "NewStatus": ["urn:asip:ci-sis:2010:StatusType:Deleted"],
        "OriginalStatus": ["urn:asip:ci-sis:2010:StatusType:Archived"],
    }


def test_a_change_against_an_old_version_says_so() -> None:
    host = CannedHost([plain(response(v.STATUS_FAILURE, "XDSMetadataVersionError"), v.UPDATE)])
    failure = failure_of(update.change_confidentiality, host, ENTRY, (models.N,), (), "1.2.3")
    assert failure.code == "XDS_VERSION_STALE"
