"""ITI-41: what a host takes, what it refuses and with which words, and that a refusal leaves nothing behind."""

from __future__ import annotations

import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from registry_lots import (
    APPROVED,
    DEPRECATED,
    RPLC,
    Lot,
    Paper,
    Place,
    caller_of,
    contexts,
    errors,
    ins_of,
    new_oid,
)

from card_sim.authority import Authority
from host_sim import registry
from host_sim.call import HostFault

JEAN = ins_of("jean")
METADATA = "XDSRegistryMetadataError"


@pytest.fixture
def place(tmp_path: Path, authority_dir: Path) -> Place:
    return Place(tmp_path, Authority.open(authority_dir))


def _one(**facts: object) -> Lot:
    return Lot(JEAN, (Paper(JEAN, **facts),))


def _entries(place: Place, patient: str = JEAN) -> list[registry.Entry]:
    with place.house.store.transaction() as cursor:
        return registry.entries_of(cursor, patient)


def _refusal(place: Place, lot: Lot) -> str:
    reply = place.deposit_raw(lot, etree.fromstring(lot.request()), lot.sender)
    assert errors(reply)
    assert _entries(place) == []
    assert list(place.house.store.blobs.iterdir()) == []
    return f"{' '.join(errors(reply))}: {contexts(reply)}"


@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
def test_a_whole_lot_is_taken_with_hash_and_size_computed_by_the_host(place: Place, hash_name: str) -> None:
    lot = Lot(JEAN, (Paper(JEAN), Paper(JEAN, entry_id="Document02", title="Autre")), hash_name=hash_name)
    assert place.deposit(lot) == []
    entries = _entries(place)
    assert [each.item.title for each in entries] == ["Compte rendu de consultation", "Autre", "Source"]
    assert entries[0].size == len(lot.papers[0].content())
    assert place.house.store.blob(entries[0].blob).read_bytes() == lot.papers[0].content()
    assert {each.status for each in entries} == {APPROVED}
    assert [each["kind"] for each in place.house.audit.notifications(JEAN)] == ["document"]


def test_an_authorisation_is_not_needed_to_feed(place: Place) -> None:
    paper = Paper(JEAN, "pharmacien", "56445-0", class_code="11")
    assert place.deposit(Lot(JEAN, (paper,), "pharmacien")) == []


def test_a_secretary_deposits_for_a_doctor_of_the_same_structure(place: Place) -> None:
    paper = Paper(JEAN, "radiologue", "18748-4", class_code="31")
    signed_by_the_doctor = Lot(JEAN, (paper,), "radiologue")
    assert place.deposit(signed_by_the_doctor, "secretaire") == [METADATA]
    assert place.deposit(replace(signed_by_the_doctor, signer="secretaire", _signature=b""), "secretaire") == []


def test_reinforced_indirect_authentication_may_not_feed(place: Place) -> None:
    with pytest.raises(HostFault):
        place.deposit(_one(), caller=replace(caller_of("generaliste"), mode="INDIRECTE_RENFORCEE"))


@pytest.mark.parametrize("patient", ["odette", "sophie"])
def test_a_closed_or_missing_dossier_takes_nothing(place: Place, patient: str) -> None:
    lot = Lot(ins_of(patient), (Paper(ins_of(patient)),))
    assert place.deposit(lot, patient=patient) == ["XDSUnknownPatientId"]


SPOILT = {
    "creationTime is not": {"created": "2026112"},
    "title is missing": {"title": ""},
    "legalAuthenticator": {"slots": {"legalAuthenticator": "MARTIN"}},
    "sourcePatientId": {"slots": {"sourcePatientId": ""}},
    "serviceStartTime is not": {"slots": {"serviceStartTime": ""}},
    "serviceStopTime is before": {"slots": {"serviceStopTime": "20251231"}},
    "languageCode": {"slots": {"languageCode": "français"}},
    "classCode of this typeCode is 10": {"class_code": "11"},
    "classCode 51 is not in its value set": {"class_code": "51"},
    "typeCode 00000-0 is not": {"type_code": "00000-0"},
    "typeCode has not the coding scheme": {"type_system": "1.2.3"},
    "formatCode urn:x is not": {"format_code": ("urn:x", "1.3.6.1.4.1.19376.1.2.3")},
    "formatCode does not match": {"format_code": ("urn:ihe:iti:xds-sd:text:2008", "1.3.6.1.4.1.19376.1.2.3")},
    "healthcareFacilityTypeCode SA99": {"facility": "SA99"},
    "N is always there": {"confidentiality": ("MASQUE_PS",)},
    "exclude each other": {"confidentiality": ("N", "MASQUE_PS", "INVISIBLE_PATIENT")},
    "1 to 4 values": {"confidentiality": ("N", "N")},
    "confidentialityCode SECRET": {"confidentiality": ("N", "SECRET")},
    "uniqueId is not an OID": {"unique_id": "01.2.3"},
    "mimeType": {"mime_type": "application/pdf"},
    "not well-formed XML": {"data": b"<ClinicalDocument>"},
    "DOCTYPE": {"data": b"<!DOCTYPE a><a/>"},
    "not a CDA": {"data": b"<a/>"},
    "hash is not the one": {"slots": {"hash": "0" * 40}},
    "size is not the one": {"slots": {"size": "1"}},
}


@pytest.mark.parametrize("words", SPOILT)
def test_metadata_that_break_the_profile_are_refused(place: Place, words: str) -> None:
    assert words in _refusal(place, _one(**SPOILT[words]))


CDA = {
    "XDSPatientIdDoesNotMatch: recordTarget": (JEAN, ins_of("paul")),
    "id of the CDA is not uniqueId": (b'<id root="', b'<id root="9'),
    "code of the CDA is not typeCode": (b'<code code="11488-4"', b'<code code="11490-0"'),
    "title of the CDA": (b"<title>", b"<title>Faux "),
    "effectiveTime is not": (b'<effectiveTime value="2026', b'<effectiveTime value="2025'),
    "an author of the metadata is not": (b'<id extension="899700000021"', b'<id extension="899700000099"'),
    "relatedDocument": (
        b"<component>",
        b'<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2"/></parentDocument></relatedDocument>'
        b"<component>",
    ),
}


@pytest.mark.parametrize("words", CDA)
def test_a_cda_that_does_not_say_what_its_metadata_say_is_refused(place: Place, words: str) -> None:
    old, new = (each.encode() if isinstance(each, str) else each for each in CDA[words])
    assert words in _refusal(place, _one(cda=lambda data: data.replace(old, new, 1)))


def test_the_author_of_a_cda_is_the_user_of_the_vihf(place: Place) -> None:
    lot = Lot(JEAN, (Paper(JEAN, "generaliste"),), "generaliste-port")
    refused = _refusal(place, lot)
    assert "authorInstitution does not match Identifiant_Structure" in refused


def _without_the_document(text: str) -> str:
    return text[: text.index('<xds:Document id="Document01"')] + text[text.index('<xds:Document id="Signature01"') :]


def _swap(old: str, new: str, count: int = -1):
    return lambda text: text.replace(old, new, count)


LOTS = {
    "patientId is not the resource-id": _swap(JEAN, ins_of("paul"), 1),
    "one HasMember": _swap("AssociationType:HasMember", "AssociationType:Other", 1),
    "SubmissionSetStatus is Original": _swap(">Original<", ">Reference<", 1),
    "XDSMissingDocument XDSMissingDocumentMetadata": _swap('Document id="Document01"', 'Document id="document01"'),
    "XDSMissingDocument: ": _without_the_document,
    "not sent as MTOM/XOP part": _swap("cid:document01%40test", "cid:elsewhere"),
    "contentTypeCode is expected once": _swap("aa543740-bdda-424e-8c96", "aa543740-bdda-424e-8c97"),
    "authorInstitution does not match": _swap("IDNST^^^", "IDNST^^^1"),
    "not marked as one": _swap("a54d6aa5-d40d-43f9-88c5", "a54d6aa5-d40d-43f9-88c6"),
    "is not expected in RegistryPackage": _swap("<rim:Name>", "<rim:Nom/><rim:Name>", 1),
    "one submission set is expected": _swap("rim:RegistryPackage", "rim:ExtrinsicObject"),
    "the signature entry": _swap("AssociationType:signs", "AssociationType:HasMember"),
    "classification schemes not known": _swap("2c6b8cb7-8b2a-4051", "2c6b8cb7-8b2a-4052"),
}


@pytest.mark.parametrize("words", LOTS)
def test_a_lot_that_does_not_hold_together_is_refused(place: Place, words: str) -> None:
    assert words in _refusal(place, replace(_one(), spoil=LOTS[words]))


def test_one_answer_tells_every_problem(place: Place) -> None:
    lot = _one(slots={"legalAuthenticator": "", "sourcePatientId": ""}, class_code="11")
    assert place.deposit(lot) == [METADATA] * 3


def test_masked_and_hidden_together_is_a_choice_of_the_host(place: Place) -> None:
    place.house.parameters.set("masked_and_hidden_exclusive", False)
    assert place.deposit(_one(confidentiality=("N", "MASQUE_PS", "INVISIBLE_PATIENT"))) == []


def test_a_document_hidden_from_the_patient_is_not_announced(place: Place) -> None:
    assert place.deposit(_one(confidentiality=("N", "INVISIBLE_PATIENT"))) == []
    assert place.house.audit.notifications(JEAN) == []


def test_the_same_bytes_again_are_a_duplicate_and_nothing_changes(place: Place) -> None:
    lot = _one()
    assert place.deposit(lot) == []
    assert set(place.deposit(lot)) == {"XDSDuplicateUniqueIdInRegistry"}
    assert len(_entries(place)) == len(list(place.house.store.blobs.iterdir())) == 2


def test_another_content_under_a_known_unique_id_is_a_non_identical_hash(place: Place) -> None:
    paper = Paper(JEAN)
    assert place.deposit(Lot(JEAN, (paper,))) == []
    assert place.deposit(Lot(JEAN, (replace(paper, body="JVBERi0xLjUK"),)))[0] == "XDSNonIdenticalHash"


@pytest.mark.parametrize("year", ["2007", "2010"])
def test_a_replacement_makes_the_old_document_obsolete(place: Place, year: str) -> None:
    old = Paper(JEAN)
    assert place.deposit(Lot(JEAN, (old,))) == []
    uuid = _entries(place)[0].entry_uuid
    new = Paper(JEAN, title="Corrigé", replaces=uuid, replaced_id=old.unique_id)
    spoil = _swap("urn:ihe:iti:2007:AssociationType:RPLC", f"urn:ihe:iti:{year}:AssociationType:RPLC")
    lot = Lot(JEAN, (new,), spoil=spoil)
    assert place.deposit(lot) == []
    states = {each.item.title: each.status for each in _entries(place) if not each.is_signature}
    assert states == {"Compte rendu de consultation": DEPRECATED, "Corrigé": APPROVED}
    assert set(place.deposit(lot)) == {"XDSDuplicateUniqueIdInRegistry"}
    again = Paper(JEAN, replaces=uuid, replaced_id=old.unique_id)
    assert place.deposit(Lot(JEAN, (again,))) == ["XDSReplaceFailed"]


def test_a_replacement_of_an_unknown_document_or_of_another_structure_fails(place: Place) -> None:
    old = Paper(JEAN, "pharmacien", "56445-0", class_code="11")
    assert place.deposit(Lot(JEAN, (old,), "pharmacien")) == []
    uuid = _entries(place)[0].entry_uuid
    for target in (uuid, "urn:uuid:00000000-0000-4000-8000-000000000000"):
        new = Paper(JEAN, "infirmiere", "11506-3", replaces=target, replaced_id=old.unique_id)
        assert place.deposit(Lot(JEAN, (new,), "infirmiere")) == ["XDSReplaceFailed"]


def test_a_replacement_says_the_same_in_the_cda_and_in_the_metadata(place: Place) -> None:
    old = Paper(JEAN)
    assert place.deposit(Lot(JEAN, (old,))) == []
    new = Paper(JEAN, replaces=_entries(place)[0].entry_uuid, replaced_id=new_oid())
    assert place.deposit(Lot(JEAN, (new,))) == [METADATA]
    assert RPLC in Lot(JEAN, (new,)).request()


def _kos(unique_id: str, patient: str, *, sop_class: str = "1.2.840.10008.5.1.4.1.1.88.59") -> bytes:
    def element(group: int, number: int, kind: bytes, value: bytes) -> bytes:
        value += (b" " if kind == b"LO" else b"\0") * (len(value) % 2)
        return struct.pack("<HH2sH", group, number, kind, len(value)) + value

    sequence = struct.pack("<HH2sHI", 8, 0x1032, b"SQ", 0, 0xFFFFFFFF)
    sequence += struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + element(8, 0x100, b"SH", b"IMG")
    sequence += struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return (
        bytes(128) + b"DICM" + element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1")
        + element(8, 0x16, b"UI", sop_class.encode()) + element(8, 0x18, b"UI", unique_id.encode())
        + sequence + element(0x10, 0x20, b"LO", patient.encode()) + element(0x20, 0xD, b"UI", b"1.2.3")
    )  # fmt: skip


def _imaging(data: bytes, unique_id: str) -> Lot:
    report = Paper(JEAN, "radiologue", "18748-4", class_code="31")
    manifest = Paper(
        JEAN, "radiologue", "IMG-KOS", "1.2.250.1.213.1.1.4.12", "31",
        ("1.2.840.10008.5.1.4.1.1.88.59", "1.2.840.10008.2.6.1"), entry_id="Document02", unique_id=unique_id,
        mime_type="application/dicom", data=data,
    )  # fmt: skip
    return Lot(JEAN, (report, manifest), "radiologue")


def test_an_imaging_lot_is_a_report_and_a_manifest_signed_raw(place: Place) -> None:
    unique_id = new_oid()
    assert place.deposit(_imaging(_kos(unique_id, JEAN), unique_id)) == []


def test_a_manifest_of_another_patient_class_or_id_is_refused(place: Place) -> None:
    unique_id = new_oid()
    assert place.deposit(_imaging(_kos(unique_id, ins_of("paul")), unique_id)) == ["XDSPatientIdDoesNotMatch"]
    assert place.deposit(_imaging(_kos(new_oid(), JEAN), unique_id)) == [METADATA]
    assert place.deposit(_imaging(_kos(unique_id, JEAN, sop_class="1.2.3"), unique_id)) == [METADATA]
    for cut in (100, 140, 160):
        assert place.deposit(_imaging(_kos(unique_id, JEAN)[:cut], unique_id)) == [METADATA]


def test_a_large_document_is_judged_without_being_held_in_memory(place: Place) -> None:
    lot = _one(body="QUJD" * (6 * 1024 * 1024))
    parts = lot.parts(place.authority)
    body = etree.fromstring(lot.request())
    lot.parts = lambda _: parts  # type: ignore[method-assign]
    reading = place.deposit_raw
    tracemalloc.start()
    try:
        reply = reading(lot, body, "generaliste")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert errors(reply) == []
    assert peak < 8 * 1024 * 1024 < len(parts["Document01"])
    assert _entries(place)[0].size == len(parts["Document01"])
