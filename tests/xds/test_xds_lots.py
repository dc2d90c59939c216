"""Lots, links, references, news and retrievals of several documents, before answers that no honest host gives."""

from __future__ import annotations

import io
from dataclasses import replace

import xds_models as models
from test_xds_exchange import BYTES, ENTRY, CannedHost, failure_of, found, multipart, plain, response

from dossier.metadata import Association, AssociationKind, Availability, DocumentEntry
from dossier.timestamp import Timestamp
from soap_clients.xds import news, query, retrieve
from soap_clients.xds import vocabulary as v


def references(*ids: str) -> tuple[str, bytes]:
    objects = "".join(f'<rim:ObjectRef id="{each}"/>' for each in ids)
    return plain(
        f'<q:AdhocQueryResponse xmlns:q="{v.QUERY}" xmlns:rim="{v.RIM}" status="{v.STATUS_SUCCESS}">'
        f"<rim:RegistryObjectList>{objects}</rim:RegistryObjectList></q:AdhocQueryResponse>",
        v.STORED_QUERY,
    )


def test_a_lot_of_somebody_else_stops_the_answer() -> None:
    lots = found(models.SET, replace(models.SET, patient_id=models.OTHER_INS))
    since = Timestamp("20260101")
    failure = failure_of(query.find_submission_sets, CannedHost([lots]), models.INS, since)
    assert failure.code == "XDS_PATIENT_MISMATCH"


def test_a_reference_names_the_document_and_several_ask_for_the_entries() -> None:
    def asked(*answers: tuple[str, bytes]) -> str:
        host = CannedHost(list(answers))
        uuid = query.find_entry_uuid(host, models.INS, ENTRY.unique_id)  # type: ignore[arg-type]
        assert host.asked[0].find(f"{{{v.QUERY}}}ResponseOption").get("returnType") == "ObjectRef"  # type: ignore[union-attr]
        return uuid

    assert asked(references("urn:uuid:1")) == "urn:uuid:1"
    assert asked(references()) == ""
    assert asked(references("urn:uuid:1", "urn:uuid:2"), found(ENTRY)) == ENTRY.entry_uuid
    assert failure_of(asked, references("")).code == "XDS_METADATA_INVALID"


def test_news_are_asked_for_by_twenty() -> None:
    entries = [
        replace(ENTRY, entry_uuid=f"urn:uuid:{n}", unique_id=f"1.2.{n}", status=Availability.APPROVED)
        for n in range(45)
    ]
    links = [Association(AssociationKind.HAS_MEMBER, models.SET.entry_uuid, each.entry_uuid) for each in entries]
    batches = [found(*entries[start : start + 20]) for start in (0, 20, 40)]
    host = CannedHost([found(models.SET), found(*links), *batches])
    news_of = news.whats_new(host, models.INS, Timestamp("20260101"))  # type: ignore[arg-type]
    assert [each.unique_id for each in news_of] == [each.unique_id for each in entries]
    assert host.answers == []
    assert host.closed == 5


def test_a_partial_retrieval_tells_what_is_missing_and_a_foreign_document_is_refused() -> None:
    first = ENTRY
    second = replace(first, unique_id="1.2.3")

    def answer(unique_id: str, status: str = v.STATUS_PARTIAL) -> tuple[str, bytes]:
        body = (
            f'<x:RetrieveDocumentSetResponse xmlns:x="{v.XDS}">{response(status, "XDSDocumentUniqueIdError")}'
            f"<x:DocumentResponse><x:RepositoryUniqueId>{first.repository_id}</x:RepositoryUniqueId>"
            f"<x:DocumentUniqueId>{unique_id}</x:DocumentUniqueId><x:mimeType>text/xml</x:mimeType>"
            f'<x:Document><i:Include xmlns:i="{v.XOP}" href="cid:d@x"/></x:Document></x:DocumentResponse>'
            "</x:RetrieveDocumentSetResponse>"
        )
        return multipart(body, v.RETRIEVE, {"d@x": BYTES})

    def several(reply: tuple[str, bytes]) -> tuple[DocumentEntry, ...]:
        sink = io.BytesIO()
        return retrieve.retrieve_all(CannedHost([reply]), (first, second), lambda _: sink)  # type: ignore[arg-type]

    assert several(answer(first.unique_id)) == (second,)
    assert failure_of(several, answer("9.9.9")).code == "XDS_ANSWER_INVALID"
    assert failure_of(several, answer(first.unique_id, v.STATUS_SUCCESS)).code == "XDS_ANSWER_INVALID"
    assert failure_of(several, answer(first.unique_id, v.STATUS_FAILURE)).code == "XDS_DOCUMENT_UNKNOWN"
