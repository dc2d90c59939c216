"""The four XDS transactions against the virtual host, through real TLS with a client key."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cps_bridge.documents import lot, lot_signature
from cps_bridge.documents.cda.level1 import Report, build_level1
from cps_bridge.documents.oid import new_oid
from dossier import codes
from dossier.access import NORMAL_ACCESS
from dossier.document import BytesContent, Content, Document, Lot
from dossier.document_filter import DocumentFilter
from dossier.failure import Failure
from dossier.metadata import MASKED, Availability, Code, DocumentEntry, N
from dossier.patient import PatientIdentity
from dossier.timestamp import Timestamp
from soap_clients.xds import query, retrieve, submit, update

SOFTWARE_OID = "1.2.250.1.999.1.1.7898"


def report(practice: Any, person: PatientIdentity, body: Content, title: str = "Consultation", **more: Any) -> Document:
    written = Report(
        patient=person,
        author=practice.professional,
        activity=practice.activity,
        type_code="11488-4",
        title=title,
        body=body,
        media_type="text/plain",
        created=Timestamp.of(datetime.now(UTC)),
        software_oid=SOFTWARE_OID,
        **more,
    )
    return build_level1(written, new_oid(SOFTWARE_OID))


def signed_lot(practice: Any, *documents: Document, replaces: str = "") -> Lot:
    now = datetime.now(UTC)
    patient_id = documents[0].entry.patient_id
    unsigned = lot.build_lot(documents, practice.professional, practice.activity, patient_id, "60", SOFTWARE_OID, now)
    signed = lot_signature.sign_lot(unsigned, practice.signature, now)
    return lot.add_replacement(signed, "Document01", replaces) if replaces else signed


def deposit(practice: Any, *documents: Document, replaces: str = "") -> submit.FrozenLot:
    frozen = submit.freeze(signed_lot(practice, *documents, replaces=replaces))
    submit.send(practice.host, frozen, NORMAL_ACCESS, patient=documents[0].entry.patient_id)
    return frozen


def find(practice: Any, document: Document) -> DocumentEntry:
    return query.find_by_unique_id(practice.host, document.entry.patient_id, (document.entry.unique_id,))[0]


def confidentiality(*wanted: str) -> tuple[Code, ...]:
    return tuple(codes.find(codes.CONFIDENTIALITY, each) for each in wanted)


def test_a_deposited_document_is_listed_and_comes_back_byte_for_byte(practice: Any, jean: PatientIdentity) -> None:
    document = report(practice, jean, BytesContent(os.urandom(300_000).hex().encode()), "Suivi d'été")
    deposit(practice, document)

    found = {each.unique_id: each for each in query.find_documents(practice.host, jean.qualified_ins())}
    entry = found[document.entry.unique_id]
    for field in ("patient_id", "title", "hash", "size", "type_code", "authors", "confidentiality", "creation_time"):
        assert getattr(entry, field) == getattr(document.entry, field), field
    assert entry.entry_uuid.startswith("urn:uuid:")
    assert entry.status is Availability.APPROVED

    sink = io.BytesIO()
    retrieve.retrieve(practice.host, entry, sink)
    with document.content.open() as stream:
        assert sink.getvalue() == stream.read()


def test_several_documents_leave_in_one_lot(practice: Any, jean: PatientIdentity) -> None:
    documents = [report(practice, jean, BytesContent(f"texte {n}".encode()), f"Document {n}") for n in range(3)]
    deposit(practice, *documents)
    wanted = [each.entry.unique_id for each in documents]
    found = query.find_by_unique_id(practice.host, jean.qualified_ins(), wanted)
    assert [each.unique_id for each in found] == wanted


def test_the_same_frozen_bytes_sent_again_are_recognised(practice: Any, jean: PatientIdentity) -> None:
    frozen = deposit(practice, report(practice, jean, BytesContent(b"une seule fois")))
    with pytest.raises(Failure) as caught:
        submit.send(practice.host, frozen, NORMAL_ACCESS, patient=jean.qualified_ins())
    assert caught.value.code == "XDS_DUPLICATE"


def test_other_bytes_under_a_known_identifier_are_refused(practice: Any, jean: PatientIdentity) -> None:
    first = report(practice, jean, BytesContent(b"premier texte"))
    deposit(practice, first)
    other = report(practice, jean, BytesContent(b"autre texte!!"))
    forged = Document(replace(other.entry, unique_id=first.entry.unique_id), other.content)
    with pytest.raises(Failure) as caught:
        deposit(practice, forged)
    assert caught.value.code != "OUTCOME_UNKNOWN"


def test_a_replacement_frozen_by_uniqueid_makes_the_old_document_obsolete(practice: Any, jean: PatientIdentity) -> None:
    old = report(practice, jean, BytesContent(b"avec une faute"), "Avant")
    deposit(practice, old)
    replaced = {"replaces": old.entry.unique_id, "set_id": old.entry.unique_id, "version": 2}
    new = report(practice, jean, BytesContent(b"sans faute"), "Apres", **replaced)
    deposit(practice, new, replaces=f"urn:oid:{old.entry.unique_id}")
    assert find(practice, old).status is Availability.DEPRECATED
    listed = {each.unique_id for each in query.find_documents(practice.host, jean.qualified_ins())}
    assert new.entry.unique_id in listed
    assert old.entry.unique_id not in listed


def test_masking_makes_a_new_version_and_unmasking_another(practice: Any, jean: PatientIdentity) -> None:
    document = report(practice, jean, BytesContent(b"a masquer"))
    deposit(practice, document)
    before = find(practice, document)
    author = before.authors

    update.change_confidentiality(practice.host, before, confidentiality(N, MASKED), author, SOFTWARE_OID)
    masked = find(practice, document)
    assert masked.is_masked
    assert masked.logical_id == before.logical_id
    assert int(masked.version) == int(before.version) + 1
    assert (masked.hash, masked.size, masked.title) == (before.hash, before.size, before.title)

    update.change_confidentiality(practice.host, masked, confidentiality(N), author, SOFTWARE_OID)
    assert not find(practice, document).is_masked


def test_a_change_from_a_version_that_is_no_more_current_is_refused(practice: Any, jean: PatientIdentity) -> None:
    document = report(practice, jean, BytesContent(b"change deux fois"))
    deposit(practice, document)
    before = find(practice, document)
    update.change_confidentiality(practice.host, before, confidentiality(N, MASKED), before.authors, SOFTWARE_OID)
    with pytest.raises(Failure) as caught:
        update.change_confidentiality(practice.host, before, confidentiality(N), before.authors, SOFTWARE_OID)
    assert caught.value.code == "XDS_VERSION_STALE"


def test_archiving_and_deleting_take_a_document_off_the_list(practice: Any, jean: PatientIdentity) -> None:
    document = report(practice, jean, BytesContent(b"a archiver"))
    deposit(practice, document)
    entry = find(practice, document)
    update.change_status(practice.host, entry, Availability.ARCHIVED, entry.authors, SOFTWARE_OID)
    archived = find(practice, document)
    assert archived.status is Availability.ARCHIVED
    update.change_status(practice.host, archived, Availability.DELETED, entry.authors, SOFTWARE_OID)
    readable = DocumentFilter((Availability.APPROVED, Availability.ARCHIVED))
    listed = query.find_documents(practice.host, jean.qualified_ins(), readable)
    assert document.entry.unique_id not in {each.unique_id for each in listed}


def test_an_unknown_document_is_an_empty_answer_and_its_retrieval_a_refusal(
    practice: Any, jean: PatientIdentity
) -> None:
    document = report(practice, jean, BytesContent(b"jamais depose"))
    assert query.find_by_unique_id(practice.host, jean.qualified_ins(), (document.entry.unique_id,)) == ()
    entry = replace(document.entry, repository_id="1.2.250.1.213.4.1.1.1.2")
    with pytest.raises(Failure) as caught:
        retrieve.retrieve(practice.host, entry, io.BytesIO())
    assert caught.value.code == "XDS_DOCUMENT_UNKNOWN"


def test_a_list_can_be_limited_by_type_and_time(practice: Any, jean: PatientIdentity) -> None:
    document = report(practice, jean, BytesContent(b"de quel type"))
    deposit(practice, document)

    def listed(**limits: Any) -> set[str]:
        return {
            each.unique_id
            for each in query.find_documents(practice.host, jean.qualified_ins(), DocumentFilter(**limits))
        }

    assert document.entry.unique_id in listed(type_codes=(document.entry.type_code,))
    assert document.entry.unique_id not in listed(type_codes=(codes.find(codes.TYPE, "11502-2"),))
    assert document.entry.unique_id in listed(created_from=Timestamp("20200101"))
    assert document.entry.unique_id not in listed(created_to=Timestamp("20200101"))


def test_a_colleague_without_authorisation_is_told_so(colleague: Any, jean: PatientIdentity) -> None:
    with pytest.raises(Failure) as caught:
        tuple(query.find_documents(colleague.host, jean.qualified_ins()))
    assert caught.value.code == "ACCESS_DENIED"
