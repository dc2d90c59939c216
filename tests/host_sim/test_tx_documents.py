"""TD2 and TD3: establishment cards, secret connections, the patient's own documents, every question of TD3.1."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tx_bodies as tx
from host_wire import PATIENTS
from lxml import etree
from registry_lots import (
    APPROVED,
    ARCHIVED,
    DELETED,
    DEPRECATED,
    FIND_DOCUMENTS,
    GET_DOCUMENTS,
    OID,
    RIM,
    Lot,
    Paper,
    Place,
    advance,
    caller_of,
    errors,
    ins_of,
    slot,
)

from card_sim.authority import Authority
from host_sim import registry, secret_calls
from host_sim.call import HostFault
from host_sim.transactions import registry as registry_transactions
from host_sim.transactions import repository as repository_transactions

JEAN = ins_of("jean")
PROVIDE = ("repository", repository_transactions.PROVIDE)
FIND_SETS = "f26abbcb-ac74-4422-8a30-edb644bbc1a9"
SET_AND_CONTENTS = "e8e3cb2c-e39c-46b9-99e4-c12f57260b83"
N, MASKED, HIDDEN, HIDDEN_RL = "N", "MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"


@pytest.fixture
def place(authority_dir: Path, tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path, Authority.open(authority_dir))
    yield place
    place.house.close()


def feed(place: Place, *papers: Paper, key: str = "generaliste", **facts: Any) -> list[Any]:
    papers = tuple(replace(each, entry_id=f"Document{n:02d}") for n, each in enumerate(papers, 1))
    assert place.deposit(Lot(JEAN, papers, key), **facts) == []
    with place.house.store.reading() as cursor:
        return [registry.find_entry(cursor, unique_id=each.unique_id) for each in papers]


def sent(place: Place, lot: Lot, key: str, **facts: Any) -> Any:
    """Send a lot through the whole dispatch, log included."""
    parts = {}
    for name, data in lot.parts(place.authority).items():
        parts[f"{name.lower()}@test"] = place.house.store.incoming / f"{id(lot)}-{name}"
        parts[f"{name.lower()}@test"].write_bytes(data)
    return tx.send(place, PROVIDE, tx.body_of(lot.request()), key, parts=parts, **facts)


def entry_of(place: Place, unique_id: str) -> Any:
    with place.house.store.reading() as cursor:
        return registry.find_entry(cursor, unique_id=unique_id)


def titles(answer: Any) -> list[str]:
    return [
        each.find(f"{{{RIM}}}Name/{{{RIM}}}LocalizedString").get("value")
        for each in answer.iter(f"{{{RIM}}}ExtrinsicObject")
    ]


def codes(answer: Any) -> list[str]:
    return [each.get("errorCode") for each in answer.iter("{*}RegistryError")]


def log(place: Place) -> list[str]:
    return [each["transaction"] for each in place.house.audit.rows(JEAN)]


# Establishment cards


def test_a_deposit_by_an_establishment_card_is_the_structures(place: Place) -> None:
    paper = Paper(JEAN, "radiologue", "18748-4", class_code="31")
    lot = Lot(JEAN, (paper,), "radiologue", signer="secretaire")
    assert tx.code_of(sent(place, lot, "secretaire")) == "ok"
    structure = caller_of("secretaire").structure_id
    kept = entry_of(place, paper.unique_id)
    assert (kept.depositor, kept.structure) == (structure, structure)
    with place.house.store.reading() as cursor:
        (depositor,) = cursor.execute("SELECT depositor FROM registry_sets").fetchone()
    assert depositor == structure
    assert log(place) == ["TD2.2"]
    assert place.house.audit.rows(JEAN)[0]["who"] == caller_of("secretaire").id_nat


@pytest.mark.parametrize("year", ["2007", "2010"])
@pytest.mark.parametrize(("key", "name"), [("secretaire", "TD2.2b"), ("radiologue", "TD2.1b")])
def test_a_replacement_in_both_years_and_by_both_cards(place: Place, year: str, key: str, name: str) -> None:
    paper = Paper(JEAN, "radiologue", "18748-4", class_code="31")
    (old,) = feed(place, paper, key="radiologue")
    new = replace(paper, unique_id=f"{paper.unique_id}.2", replaces=old.entry_uuid, replaced_id=old.unique_id)
    spoil = lambda text: text.replace(":2007:AssociationType:RPLC", f":{year}:AssociationType:RPLC")  # noqa: E731
    assert tx.code_of(sent(place, Lot(JEAN, (new,), "radiologue", spoil=spoil, signer=key), key)) == "ok"
    assert entry_of(place, old.unique_id).status == DEPRECATED
    assert entry_of(place, new.unique_id).status == APPROVED
    assert log(place)[-1] == name


def test_an_establishment_card_reads_nothing_and_deletes_what_is_the_structures(place: Place) -> None:
    paper = Paper(JEAN, "radiologue", "18748-4", class_code="31")
    (mine,) = feed(place, paper, key="radiologue")
    secretary = caller_of("secretaire")
    for action in (
        lambda: place.find("secretaire"),
        lambda: place.retrieve("secretaire", mine.unique_id),
        lambda: place.change_codes("radiologue", mine.element, (N, MASKED), caller=secretary),
        lambda: place.change_status("radiologue", mine.entry_uuid, APPROVED, ARCHIVED, caller=secretary),
    ):
        with pytest.raises(HostFault) as refused:
            action()
        assert refused.value.code == "DMPAccessDeniedByRightsService"
    assert place.change_status("radiologue", mine.entry_uuid, APPROVED, DELETED, caller=secretary) == []


# Secret connections


def test_a_secret_deposit_is_hidden_from_representatives_and_told_to_nobody(place: Place) -> None:
    paper, marked = Paper(JEAN), Paper(JEAN, confidentiality=(N, HIDDEN_RL))
    for each in (paper, marked):
        assert tx.code_of(sent(place, Lot(JEAN, (each,)), "generaliste", secret=True)) == "ok"
        assert entry_of(place, each.unique_id).confidentiality == {N, HIDDEN_RL}
    found = place.find("generaliste")
    listed = found[0].xpath(
        "r:Classification[@classificationScheme='urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f']",
        namespaces={"r": RIM},
    )
    assert [each.get("nodeRepresentation") for each in listed] == [N, HIDDEN_RL]
    assert listed[1].findtext(f"{{{RIM}}}Slot//{{{RIM}}}Value") == "1.2.250.1.213.1.1.4.13"
    assert place.house.audit.notifications(JEAN) == []


def test_calls_of_a_secret_connection_are_known_apart(place: Place) -> None:
    for secret in (False, True):
        assert tx.code_of(sent(place, Lot(JEAN, (Paper(JEAN),)), "generaliste", secret=secret)) == "ok"
    assert secret_calls.of_patient(place.house.store, JEAN) == {"urn:uuid:1"}
    assert secret_calls.of_patient(place.house.store, ins_of("paul")) == set()


# The vaccination history


def test_a_vaccination_history_is_in_its_own_repository(place: Place) -> None:
    paper = Paper(JEAN, type_code="11369-6", class_code="52")
    feed(place, paper)
    (found,) = place.find("generaliste")
    home = found.findtext(f"{{{RIM}}}Slot[@name='repositoryUniqueId']//{{{RIM}}}Value")
    assert home == "1.2.250.1.213.4.1.1.1.4"

    def retrieve(where: str) -> Any:
        request = f"<x:RepositoryUniqueId>{where}</x:RepositoryUniqueId>"
        request += f"<x:DocumentUniqueId>{paper.unique_id}</x:DocumentUniqueId>"
        body = f'<x:RetrieveDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"><x:DocumentRequest>{request}'
        body += "</x:DocumentRequest></x:RetrieveDocumentSetRequest>"
        return tx.send(place, ("repository", repository_transactions.RETRIEVE), tx.body_of(body))

    good = retrieve(home)
    assert errors(good) == []
    assert good.body.findtext(".//{*}RepositoryUniqueId") == home
    assert errors(retrieve("1.2.250.1.213.4.1.1.1.2")) == ["XDSDocumentUniqueIdError"]
    assert errors(retrieve("1.2.3")) == ["XDSUnknownRepositoryId"]


# The patient's own documents: the treating doctor archives and deletes them


def _patients_own(place: Place) -> Any:
    own = replace(
        feed(place, Paper(JEAN))[0], entry_uuid="urn:uuid:p", lid="urn:uuid:p", unique_id="1.2.9", depositor=JEAN,
        structure="",
    )  # fmt: skip
    item = replace(own.item, id=own.entry_uuid, lid=own.lid)
    with place.house.store.transaction() as cursor:
        registry.insert_entry(cursor, replace(own, item=item))
    return own


@pytest.mark.parametrize("new", [ARCHIVED, DELETED])
def test_the_patients_documents_are_for_the_treating_doctor(place: Place, new: str) -> None:
    own = _patients_own(place)
    place.authorise("generaliste-port")
    for key, facts in (
        ("generaliste-port", {}),
        ("generaliste-port", {"purpose": "bris_de_glace", "reason": "x"}),
    ):
        with pytest.raises(HostFault) as refused:
            place.change_status(key, own.entry_uuid, APPROVED, new, **facts)
        assert refused.value.code == "DMPAccessDeniedByRightsService"
    assert place.change_status("generaliste", own.entry_uuid, APPROVED, new) == []


def test_what_is_archived_may_be_deleted_and_what_is_deleted_stays(place: Place) -> None:
    (entry,) = feed(place, Paper(JEAN))
    assert place.change_status("generaliste", entry.entry_uuid, APPROVED, ARCHIVED) == []
    assert place.change_status("generaliste", entry.entry_uuid, ARCHIVED, DELETED) == []
    for old, new in ((DELETED, APPROVED), (DELETED, ARCHIVED), (APPROVED, DELETED)):
        assert place.change_status("generaliste", entry.entry_uuid, old, new) == ["XDSMetadataUpdateError"]
    assert entry_of(place, entry.unique_id).status == DELETED


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ((N,), (N, MASKED), "TD3.3a"),
        ((N, MASKED), (N,), "TD3.3a"),
        ((N, HIDDEN), (N,), "TD3.3b"),
        ((N, HIDDEN_RL), (N,), "TD3.3b"),
    ],
)
def test_each_change_of_codes_has_its_name_in_the_log(place: Place, before: Any, after: Any, name: str) -> None:
    feed(place, Paper(JEAN, confidentiality=before))
    entry = place.find("generaliste")[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "registry_lots.registry.update",
            lambda call, house: tx.send(place, ("registry", registry_transactions.UPDATE), call.body),
        )
        assert place.change_codes("generaliste", entry, after) == []
    assert log(place)[-1] == name


# TD0.4 by documents


def followed(place: Place, since: str, key: str = "generaliste", **facts: Any) -> list[list[str]]:
    body = tx.small_body(PATIENTS, "patientList", startDate=since, dateType="LASTDOC")
    to = ("patientsSpecific", f"{PATIENTS}:PatientSpecificEndPoint:patientList")
    answer = tx.send(place, to, body, key, "", **facts)
    return [
        [each.findtext("{*}patientIdentifier/{*}nationalId"), each.findtext("{*}lastUpdateDate"),
         each.findtext("{*}lastAddDate")]
        for each in answer.body.iter("{*}patientlistData")
    ]  # fmt: skip


def test_a_dossier_with_new_documents_is_listed_and_a_change_counts_as_one(place: Place) -> None:
    start = f"{place.house.clock.now():%Y%m%d%H%M%S}"
    assert followed(place, start) == []
    (entry,) = feed(place, Paper(JEAN))
    ((ins, updated, added),) = followed(place, start)
    assert (ins, updated) == (JEAN, added)
    advance(place, 2)
    later = f"{place.house.clock.now():%Y%m%d%H%M%S}"
    assert followed(place, later) == []
    assert place.change_status("generaliste", entry.entry_uuid, APPROVED, ARCHIVED) == []
    ((_, updated, again),) = followed(place, later)
    assert again == added < updated


def test_a_masked_document_is_no_news_for_others(place: Place) -> None:
    start = f"{place.house.clock.now():%Y%m%d%H%M%S}"
    place.authorise("generaliste-port")
    feed(place, Paper(JEAN, confidentiality=(N, MASKED)))
    assert followed(place, start, "generaliste-port") == []
    assert len(followed(place, start)) == 1


def test_a_structure_certificate_lists_new_authorisations_only(place: Place) -> None:
    place.authorise("radiologue")
    facts = {"caller": replace(caller_of("radiologue"), mode="INDIRECTE")}
    to = ("patientsSpecific", f"{PATIENTS}:PatientSpecificEndPoint:patientList")
    for basis, code in (("LASTAUTORIZATION", "ok"), ("LASTDOC", "DMPAccessDeniedByRightsService")):
        body = tx.small_body(PATIENTS, "patientList", startDate="20200101000000", dateType=basis)
        assert tx.code_of(tx.send(place, to, body, patient="", **facts)) == code


# What an update may not be


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda text: text.replace(slot("PreviousVersion", "1"), ""), "XDSMetadataAnnotationError"),
        (
            lambda text: text.replace(slot("PreviousVersion", "1"), slot("PreviousVersion", "7")),
            "XDSMetadataVersionError",
        ),
        (
            lambda text: text.replace("AssociationType:HasMember", "AssociationType:XFRM"),
            "XDSMetadataUpdateOperationError",
        ),
    ],
)
def test_an_update_that_asks_for_nothing_known_has_its_code(place: Place, spoil: Any, code: str) -> None:
    feed(place, Paper(JEAN))
    entry = place.find("generaliste")[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, "update", lambda key, objects, **facts: Place.update(place, key, spoil(objects), **facts))
        assert place.change_codes("generaliste", entry, (N, MASKED)) == [code]


# Every question of TD3.1


def patient_slots(**more: Any) -> dict[str, Any]:
    return {"$XDSDocumentEntryPatientId": f"'{JEAN}^^^&{OID}&ISO^NH'", **more}


def test_statuses_are_several_values_or_one_list(place: Place) -> None:
    first, second = feed(place, Paper(JEAN, title="actif"), Paper(JEAN, title="archivé"))
    assert place.change_status("generaliste", second.entry_uuid, APPROVED, ARCHIVED) == []
    forms: list[Any] = [
        f"('{APPROVED}','{ARCHIVED}')",
        [f"('{APPROVED}')", f"('{ARCHIVED}')"],
        f"( '{APPROVED}' , '{ARCHIVED}' )",
    ]
    for form in forms:
        found = place.query("generaliste", FIND_DOCUMENTS, slots=patient_slots(**{"$XDSDocumentEntryStatus": form}))
        assert titles(found) == ["actif", "archivé"]
    only = place.query("generaliste", FIND_DOCUMENTS, slots=patient_slots(**{"$XDSDocumentEntryStatus": forms[1][1]}))
    assert titles(only) == ["archivé"]
    assert [each.get("status") for each in only.iter(f"{{{RIM}}}ExtrinsicObject")] == [ARCHIVED]
    assert first.entry_uuid != second.entry_uuid


@pytest.mark.parametrize("name", ["CreationTime", "ServiceStartTime"])
@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        ("2026", "", True), ("202611", "", True), ("20261120", "", True), ("2026112009", "", True),
        ("20261120093000", "", True), ("20261120093001", "", False), ("2027", "", False),
        ("", "2027", True), ("", "202612", True), ("", "20261121", True), ("", "20261120093001", True),
        ("", "20261120093000", False), ("", "20261120", False), ("2026", "2027", True), ("2027", "2026", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("quoted", [True, False])
def test_times_may_be_prefixes_quoted_or_not(
    place_once: Place, name: str, low: str, high: str, found: bool, quoted: bool
) -> None:
    bounds = {"From": low, "To": high}
    more = {
        f"$XDSDocumentEntry{name}{end}": f"'{value}'" if quoted else value for end, value in bounds.items() if value
    }
    assert bool(place_once.find("generaliste", more=more)) == found


@pytest.fixture(scope="module")
def place_once(authority_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One document, that no test of this fixture changes."""
    place = Place(tmp_path_factory.mktemp("once"), Authority.open(authority_dir))
    paper = Paper(JEAN, slots={"urn:ihe:iti:xds:2013:referenceIdList": "1.2.840.1^^^^urn:ihe:iti:xds:2013:uniqueId"})
    feed(place, paper)
    yield place
    place.house.close()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("%MARTIN%", True),
        ("%martin^claire%", True),
        ("8997%", True),
        ("%MART_N%", True),
        ("MARTIN", False),
        ("%MARTIN", False),
        ("%[A-Z]%", False),
    ],
)
def test_authors_are_looked_for_by_patterns(place_once: Place, pattern: str, found: bool) -> None:
    assert bool(place_once.find("generaliste", more={"$XDSDocumentEntryAuthorPerson": f"('{pattern}')"})) == found
    slots = {
        "$XDSSubmissionSetPatientId": f"'{JEAN}^^^&{OID}&ISO^NH'",
        "$XDSSubmissionSetStatus": f"('{APPROVED}')",
        "$XDSSubmissionSetAuthorPerson": f"'{pattern}'",
    }
    sets = place_once.query("generaliste", FIND_SETS, slots=slots)
    assert bool(list(sets.iter(f"{{{RIM}}}RegistryPackage"))) == found


def test_a_reference_finds_its_document(place_once: Place) -> None:
    query = "12941a89-e02e-4be5-967c-ce4bfc8fe492"
    for value, count in (("1.2.840.1^^^^urn:ihe:iti:xds:2013:uniqueId", "1"), ("1.2.840.2", "0")):
        more = {"$XDSDocumentEntryReferenceIdList": f"('{value}')"}
        assert place_once.query("generaliste", query, more=more).get("totalResultCount") == count


@pytest.mark.parametrize("end", ["EntryUUID", "UniqueId"])
@pytest.mark.parametrize("whole", [True, False])
def test_a_document_and_a_set_are_found_by_both_identifiers(place_once: Place, end: str, whole: bool) -> None:
    (entry,) = place_once.find("generaliste")
    unique = entry.xpath(
        "string(r:ExternalIdentifier[@identificationScheme='urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab']/@value)",
        namespaces={"r": RIM},
    )
    value = entry.get("id") if end == "EntryUUID" else unique
    slots = {f"$XDSDocumentEntry{end}": f"('{value}')"}
    found = place_once.query("generaliste", GET_DOCUMENTS, whole, slots=slots)
    tag = "ExtrinsicObject" if whole else "ObjectRef"
    assert [each.get("id") for each in found.iter(f"{{{RIM}}}{tag}")] == [entry.get("id")]
    with place_once.house.store.reading() as cursor:
        (row,) = cursor.execute("SELECT entry_uuid, unique_id FROM registry_sets").fetchall()
    slots = {f"$XDSSubmissionSet{end}": f"'{row[0] if end == 'EntryUUID' else row[1]}'"}
    contents = place_once.query("generaliste", SET_AND_CONTENTS, whole, slots=slots)
    assert contents.get("totalResultCount") == "3"
    if whole:
        kinds = [each.tag.rpartition("}")[2] for each in contents[0]]
        assert kinds == ["RegistryPackage", "ExtrinsicObject", "Association"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"$XDSDocumentEntryTypeCode": "('11488-4')"}, "XDSRegistryError"),
        ({"$XDSDocumentEntryClassCode": "('10^^')"}, "XDSRegistryError"),
        ({"$XDSDocumentEntryTypeCode": "11488-4"}, "XDSRegistryError"),
        ({"$XDSDocumentEntryCreationTimeFrom": "'20261399'"}, "XDSRegistryError"),
        ({"$XDSDocumentEntryCreationTimeFrom": "('2026','2027')"}, "XDSStoredQueryParamNumber"),
        ({"$XDSDocumentEntryPatientId": "'x'"}, "XDSPatientIdDoesNotMatch"),
    ],
)
def test_a_question_that_is_badly_put_is_told_so(place_once: Place, more: dict[str, str], code: str) -> None:
    answer = place_once.query("generaliste", FIND_DOCUMENTS, more=more)
    assert (answer.get("status").rpartition(":")[2], codes(answer)) == ("Failure", [code])


def test_too_many_objects_are_an_error_and_their_references_are_not(place: Place) -> None:
    feed(place, Paper(JEAN), Paper(JEAN))
    place.house.parameters.set("max_query_results", 1)
    assert codes(place.query("generaliste", FIND_DOCUMENTS)) == ["XDSTooManyResults"]
    assert place.query("generaliste", FIND_DOCUMENTS, whole=False).get("totalResultCount") == "2"


@pytest.mark.parametrize("kind", ["", "Leaf", "RegistryObject"])
def test_another_kind_of_answer_is_refused(place_once: Place, kind: str) -> None:
    inner = "".join(slot(*each) for each in patient_slots(**{"$XDSDocumentEntryStatus": f"('{APPROVED}')"}).items())
    body = etree.fromstring(
        f'<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns:rim="{RIM}">'
        f'<q:ResponseOption returnComposedObjects="true" returnType="{kind}"/>'
        f'<rim:AdhocQuery id="urn:uuid:{FIND_DOCUMENTS}">{inner}</rim:AdhocQuery></q:AdhocQueryRequest>'
    )
    answer = tx.send(place_once, ("registry", registry_transactions.STORED_QUERY), body)
    assert codes(answer.body) == ["XDSRegistryError"]


# Calls beside each other


def test_the_same_lot_twice_at_once_is_taken_once(place: Place) -> None:
    lots = [Lot(JEAN, (Paper(JEAN),)) for _ in range(3)]
    twins = [replace(each) for each in lots for _ in range(2)]
    with ThreadPoolExecutor(6) as pool:
        found = sorted(tx.code_of(each) for each in pool.map(lambda lot: sent(place, lot, "generaliste"), twins))
    assert found == ["XDSDuplicateUniqueIdInRegistry"] * 3 + ["ok"] * 3
    assert len(place.find("generaliste")) == 3


def test_readings_do_not_wait_for_a_deposit(place: Place) -> None:
    feed(place, Paper(JEAN))
    with place.house.store.transaction(), ThreadPoolExecutor(1) as pool:
        place.house.store.lock(f"dossier {JEAN}")
        assert len(pool.submit(lambda: place.find("generaliste")).result(timeout=30)) == 1
