"""Queries, news, several documents in a call, and each change of a document, against the host simulator."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from test_xds_against_host import SOFTWARE_OID, deposit, find, report

from dossier import codes
from dossier.access import NORMAL_ACCESS
from dossier.document import BytesContent
from dossier.document_filter import DocumentFilter
from dossier.failure import Failure
from dossier.metadata import Association, AssociationKind, Availability, Code, DocumentEntry, SubmissionSet
from dossier.patient import PatientIdentity
from dossier.timestamp import Timestamp
from soap_clients.xds import news, query, retrieve, update

OTHER_TYPE = codes.find(codes.TYPE, "11502-2")


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(Failure) as caught:
        found = call()
        list(found or ())
    return caught.value.code


def seen(practice: Any, person: PatientIdentity, **limits: Any) -> set[str]:
    found = query.find_documents(practice.host, person.qualified_ins(), DocumentFilter(**limits))
    return {each.unique_id for each in found}


def other(code: Code) -> Code:
    return replace(code, code="AUTRE")


def test_every_filter_keeps_and_leaves_out(practice: Any, jean: PatientIdentity) -> None:
    document = report(practice, jean, BytesContent(b"a filtrer"), "Filtre")
    deposit(practice, document)
    entry = find(practice, document)
    name = entry.authors[0].person.family_name
    past, future = Timestamp("2001"), Timestamp("2050")
    for kept, left in (
        ({"class_codes": (entry.class_code,)}, {"class_codes": (other(entry.class_code),)}),
        ({"type_codes": (OTHER_TYPE, entry.type_code)}, {"type_codes": (OTHER_TYPE,)}),
        ({"format_codes": (entry.format_code,)}, {"format_codes": (other(entry.format_code),)}),
        ({"practice_settings": (entry.practice_setting,)}, {"practice_settings": (other(entry.practice_setting),)}),
        ({"facility_types": (entry.facility,)}, {"facility_types": (other(entry.facility),)}),
        ({"confidentiality": entry.confidentiality[:1]}, {"confidentiality": (other(entry.confidentiality[0]),)}),
        ({"author": name}, {"author": "D'ARTAGNAN"}),
        ({"created_from": past, "created_to": future}, {"created_to": past}),
        ({"service_from": past, "service_to": future}, {"service_from": future}),
        ({"statuses": (Availability.APPROVED,)}, {"statuses": (Availability.ARCHIVED,)}),
    ):
        assert entry.unique_id in seen(practice, jean, **kept), kept
        assert entry.unique_id not in seen(practice, jean, **left), left
    assert entry.unique_id not in seen(practice, jean, event_codes=(Code("ZBQH001", "1.2.250.1.213.2.5"),))


def test_what_is_new_since_the_last_look_is_told_once_and_in_its_current_state(
    practice: Any, jean: PatientIdentity
) -> None:
    ins = jean.qualified_ins()
    before = Timestamp.of(datetime.now(UTC) - timedelta(hours=1))
    first, second = (report(practice, jean, BytesContent(f"nouveau {n}".encode())) for n in (1, 2))
    deposit(practice, first)
    deposit(practice, second)
    entry = find(practice, first)
    update.mask(practice.host, entry, entry.authors, SOFTWARE_OID, NORMAL_ACCESS)
    found = {each.unique_id: each for each in news.whats_new(practice.host, ins, before)}
    assert {first.entry.unique_id, second.entry.unique_id} <= found.keys()
    assert found[first.entry.unique_id].is_masked
    assert all(each.type_code.code != "E1762" for each in found.values())
    tomorrow = Timestamp.of(datetime.now(UTC) + timedelta(days=1))
    assert news.whats_new(practice.host, ins, tomorrow) == ()


def test_a_lot_is_found_with_its_links_and_contents(practice: Any, jean: PatientIdentity) -> None:
    ins = jean.qualified_ins()
    document = report(practice, jean, BytesContent(b"dans un lot"))
    since = Timestamp.of(datetime.now(UTC) - timedelta(hours=1))
    deposit(practice, document)
    entry = find(practice, document)
    links = query.get_associations(practice.host, ins, (entry.entry_uuid,))
    (member,) = (each for each in links if each.kind is AssociationKind.HAS_MEMBER)
    lots = {each.entry_uuid: each for each in query.find_submission_sets(practice.host, ins, since)}
    lot = lots[member.source]
    assert lot.patient_id == ins
    entries, more = query.get_documents_and_associations(practice.host, ins, (entry.entry_uuid,))
    assert [each.unique_id for each in entries] == [entry.unique_id]
    assert member in more
    contents = query.get_submission_set(practice.host, ins, lot.unique_id)
    kinds = [type(each) for each in contents]
    assert kinds.count(SubmissionSet) == 1
    assert DocumentEntry in kinds
    assert Association in kinds


def test_the_entryuuid_of_a_document_is_asked_for_by_reference(practice: Any, jean: PatientIdentity) -> None:
    document = report(practice, jean, BytesContent(b"par reference"))
    deposit(practice, document)
    ins, unique_id = jean.qualified_ins(), document.entry.unique_id
    assert query.find_entry_uuid(practice.host, ins, unique_id) == find(practice, document).entry_uuid
    entry = find(practice, document)
    update.mask(practice.host, entry, entry.authors, SOFTWARE_OID, NORMAL_ACCESS)
    assert query.find_entry_uuid(practice.host, ins, unique_id) == find(practice, document).entry_uuid
    assert query.find_entry_uuid(practice.host, ins, "1.2.250.1.999.1.1.7898.404") == ""


def test_several_documents_come_in_one_call_each_into_its_sink(practice: Any, jean: PatientIdentity) -> None:
    documents = [report(practice, jean, BytesContent(f"piece {n}".encode() * n * 100)) for n in (1, 2, 3)]
    for each in documents:
        deposit(practice, each)
    entries = [find(practice, each) for each in documents]
    sinks: dict[str, io.BytesIO] = {}

    def sink_of(entry: DocumentEntry) -> io.BytesIO:
        return sinks.setdefault(entry.unique_id, io.BytesIO())

    assert retrieve.retrieve_all(practice.host, entries, sink_of) == ()
    for each in documents:
        expected = each.content.open().read()
        assert sinks[each.entry.unique_id].getvalue() == expected
    missing = replace(entries[0], unique_id="1.2.250.1.999.1.1.7898.404")
    sinks.clear()
    absent = retrieve.retrieve_all(practice.host, [entries[1], missing], sink_of)
    assert absent == (missing,)
    assert list(sinks) == [entries[1].unique_id]


def test_documents_of_two_patients_are_never_asked_for_together(
    practice: Any, jean: PatientIdentity, amelie: PatientIdentity
) -> None:
    document = report(practice, jean, BytesContent(b"a chacun"))
    deposit(practice, document)
    entry = find(practice, document)
    entries = (entry, replace(entry, patient_id=amelie.qualified_ins()))
    assert code_of(lambda: retrieve.retrieve_all(practice.host, entries, lambda _: io.BytesIO())) == "PATIENT_MISMATCH"


def test_each_change_of_a_document_and_what_cannot_be_changed(practice: Any, jean: PatientIdentity) -> None:
    document = report(practice, jean, BytesContent(b"cache au patient"), confidentiality=("INVISIBLE_PATIENT",))
    deposit(practice, document)
    entry = find(practice, document)
    host, who = practice.host, entry.authors
    assert entry.is_hidden_from_patient
    update.show_to_patient(host, entry, who, SOFTWARE_OID, NORMAL_ACCESS)
    entry = find(practice, document)
    assert not entry.is_hidden_from_patient
    hidden = (*entry.confidentiality, codes.find(codes.CONFIDENTIALITY, "INVISIBLE_PATIENT"))
    again = code_of(lambda: update.change_confidentiality(host, entry, hidden, who, SOFTWARE_OID))
    assert again == "CONFIDENTIALITY_IRREVERSIBLE"
    update.mask(host, entry, who, SOFTWARE_OID, NORMAL_ACCESS)
    update.unmask(host, find(practice, document), who, SOFTWARE_OID, NORMAL_ACCESS)
    entry = find(practice, document)
    assert not entry.is_masked
    refused = code_of(lambda: update.change_status(host, entry, Availability.APPROVED, who, SOFTWARE_OID))
    assert refused == "STATUS_CHANGE_INVALID"
    update.change_status(host, entry, Availability.ARCHIVED, who, SOFTWARE_OID)
    update.change_status(host, find(practice, document), Availability.APPROVED, who, SOFTWARE_OID)
    assert find(practice, document).status is Availability.APPROVED
    denied = code_of(lambda: update.hide_from_representatives(host, entry, who, SOFTWARE_OID, NORMAL_ACCESS))
    assert denied == "XDS_UPDATE_REFUSED"


def test_a_secretary_deposits_replaces_and_deletes_without_reading(
    secretary: Any, radiologist: Any, jean: PatientIdentity
) -> None:
    ins = jean.qualified_ins()
    old = report(radiologist, jean, BytesContent(b"dactylographie"), "Avant")
    deposit(secretary, old)
    assert code_of(lambda: query.find_documents(secretary.host, ins)) == "ACCESS_DENIED"
    replaced = {"replaces": old.entry.unique_id, "set_id": old.entry.unique_id, "version": 2}
    new = report(radiologist, jean, BytesContent(b"corrige"), "Apres", **replaced)
    deposit(secretary, new, replaces=f"urn:oid:{old.entry.unique_id}")
    authors = new.entry.authors
    update.delete_by_reference(secretary.host, ins, new.entry.unique_id, authors, SOFTWARE_OID)
    absent = "1.2.250.1.999.1.1.7898.404"
    unknown = code_of(lambda: update.delete_by_reference(secretary.host, ins, absent, authors, SOFTWARE_OID))
    assert unknown == "XDS_DOCUMENT_UNKNOWN"
