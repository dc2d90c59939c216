"""ITI-18: every stored query of the standard, its parameters and its error codes (ITI TF-2 3.18.4.1.2.3.7)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ihe_wire import (
    APND,
    APPROVED,
    DEPRECATED,
    HAS_MEMBER,
    ON_DEMAND,
    OTHER,
    PATIENT,
    QUERIES,
    RPLC,
    XFRM,
    Client,
    entry,
    folder,
    link,
    oid,
    original,
    package,
    slot,
    submit,
)  # fmt: skip

from host_sim.ihe.asked import split_values
from host_sim.registry_errors import RegistryRefusal

E, S, F = "$XDSDocumentEntry", "$XDSSubmissionSet", "$XDSFolder"
FIRST = {
    "title": "premier", "class": "10", "type": "T1", "format": "urn:f1", "practice": "AMB", "facility": "SA01",
    "conf": ("N", "R"), "events": ("EV1", "EV2"), "author": "899^DUPONT^Jean", "creationTime": "20260110",
    "serviceStartTime": "202601090800", "serviceStopTime": "202601091000",
    "references": ("ACC1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:accession",),
}  # fmt: skip
SECOND = {
    "title": "second", "class": "11", "type": "T2", "format": "urn:f2", "practice": "HOSP", "facility": "SA07",
    "conf": ("N",), "events": ("EV2",), "author": "877^D'ARC^Jeanne", "creationTime": "20260201120000",
}  # fmt: skip


def by(name: str, *values: str) -> str:
    """A parameter with alternatives."""
    return slot(name, "(" + ",".join(f"'{value}'" for value in values) + ")")


def code(value: str) -> str:
    return f"{value}^^1.2.3.4"


@dataclass
class Stage:
    """Two documents of a patient, one of another."""

    client: Client
    first: str
    second: str

    def find(self, *slots: str, status: str = APPROVED) -> list[str]:
        patient = slot(f"{E}PatientId", f"'{PATIENT}'")
        reply = self.client.query("FindDocuments", patient, by(f"{E}Status", status), *slots)
        assert (reply.outcome, reply.errors) == ("Success", [])
        return reply.titles


@pytest.fixture
def stage(client: Client) -> Stage:
    client.deposit_one(b"3", patient=OTHER, sourcePatientId=OTHER, title="d'une autre personne")
    return Stage(client, client.deposit_one(b"1", **FIRST), client.deposit_one(b"2", **SECOND))


@pytest.mark.parametrize(
    ("slots", "titles"),
    [
        ([], ["premier", "second"]),
        ([by(f"{E}ClassCode", code("10"))], ["premier"]),
        ([by(f"{E}ClassCode", code("10"), code("11"))], ["premier", "second"]),
        ([by(f"{E}ClassCode", "10^^9.9")], []),
        ([by(f"{E}TypeCode", code("T2"))], ["second"]),
        ([by(f"{E}FormatCode", code("urn:f1"))], ["premier"]),
        ([by(f"{E}PracticeSettingCode", code("HOSP"))], ["second"]),
        ([by(f"{E}HealthcareFacilityTypeCode", code("SA01"))], ["premier"]),
        ([by(f"{E}ClassCode", code("10")), by(f"{E}TypeCode", code("T2"))], []),
        ([by(f"{E}EventCodeList", code("EV1"), code("EV2"))], ["premier", "second"]),
        ([by(f"{E}EventCodeList", code("EV1")), by(f"{E}EventCodeList", code("EV2"))], ["premier"]),
        ([by(f"{E}ConfidentialityCode", code("N"), code("R"))], ["premier", "second"]),
        ([by(f"{E}ConfidentialityCode", code("N")), by(f"{E}ConfidentialityCode", code("R"))], ["premier"]),
        ([slot(f"{E}EventCodeList", f"('{code('EV1')}')", f"('{code('EV2')}')")], ["premier", "second"]),
        ([slot(f"{E}CreationTimeFrom", "'20260110000000'")], ["premier", "second"]),
        ([slot(f"{E}CreationTimeFrom", "20260111")], ["second"]),
        ([slot(f"{E}CreationTimeTo", "'20260110'")], []),
        ([slot(f"{E}CreationTimeTo", "'20260110000001'")], ["premier"]),
        ([slot(f"{E}CreationTimeFrom", "'202601'"), slot(f"{E}CreationTimeTo", "'202602'")], ["premier"]),
        ([slot(f"{E}ServiceStartTimeFrom", "'2026'")], ["premier"]),
        ([slot(f"{E}ServiceStopTimeTo", "'2027'")], ["premier"]),
        ([by(f"{E}AuthorPerson", "%DUPONT%")], ["premier"]),
        ([by(f"{E}AuthorPerson", "%D''ARC%")], ["second"]),
        ([by(f"{E}AuthorPerson", "8_9^DUPONT^J%", "nobody")], ["premier"]),
        ([by(f"{E}AuthorPerson", "DUPONT")], []),
        ([by(f"{E}DocumentAvailability", "urn:ihe:iti:2010:DocumentAvailability:Offline")], []),
        ([slot("$urn:une:extension", "'x'")], ["premier", "second"]),
    ],
)
def test_find_documents_keeps_what_its_parameters_say(stage: Stage, slots: list[str], titles: list[str]) -> None:
    assert stage.find(*slots) == titles


def test_find_documents_gives_references_when_asked(stage: Stage) -> None:
    slots = slot(f"{E}PatientId", f"'{PATIENT}'"), by(f"{E}Status", APPROVED)
    reply = stage.client.query("FindDocuments", *slots, kind="ObjectRef")
    assert {each.get("id") for each in reply.objects("ObjectRef")} == {stage.first, stage.second}


def test_the_type_of_an_identifier_does_not_change_the_patient(stage: Stage) -> None:
    slots = slot(f"{E}PatientId", f"'{PATIENT}^PI'"), by(f"{E}Status", APPROVED)
    assert len(stage.client.query("FindDocuments", *slots).titles) == 2


def test_status_tells_replaced_documents_from_current_ones(stage: Stage) -> None:
    stage.client.deposit_one(b"4", link(RPLC, "doc1", stage.first), title="troisième")
    assert stage.find() == ["second", "troisième"]
    assert stage.find(status=DEPRECATED) == ["premier"]


def test_on_demand_documents_come_when_their_type_is_asked(stage: Stage) -> None:
    demand = entry(object_type=ON_DEMAND, repositoryUniqueId="1.2.3", title="à la demande")
    assert stage.client.send("iti42", submit(package(), demand, original())).outcome == "Success"
    assert "à la demande" not in stage.find()
    assert stage.find(by(f"{E}Type", ON_DEMAND)) == ["à la demande"]


def test_find_by_reference_wants_one_value_of_each_group(stage: Stage) -> None:
    base = slot(f"{E}PatientId", f"'{PATIENT}'"), by(f"{E}Status", APPROVED)
    wanted = "ACC1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:accession"
    found = stage.client.query("FindDocumentsByReferenceId", *base, by(f"{E}ReferenceIdList", wanted, "x"))
    assert found.titles == ["premier"]
    both = by(f"{E}ReferenceIdList", wanted), by(f"{E}ReferenceIdList", "x")
    assert stage.client.query("FindDocumentsByReferenceId", *base, *both).titles == []


@pytest.mark.parametrize(
    ("slots", "count"),
    [
        ([], 1),
        ([by(f"{S}SourceId", "1.3.6.1.4.1.21367.2009.1.2.1")], 1),
        ([by(f"{S}SourceId", "1.2")], 0),
        ([by(f"{S}ContentType", code("C1"))], 1),
        ([by(f"{S}ContentType", code("C2"))], 0),
        ([slot(f"{S}SubmissionTimeFrom", "'2026'"), slot(f"{S}SubmissionTimeTo", "'2027'")], 1),
        ([slot(f"{S}SubmissionTimeTo", "'2026'")], 0),
        ([slot(f"{S}AuthorPerson", "'%DUPONT%'")], 1),
        ([slot(f"{S}AuthorPerson", "'DUPOND%'")], 0),
    ],
)
def test_find_submission_sets(client: Client, slots: list[str], count: int) -> None:
    client.deposit_one()
    base = slot(f"{S}PatientId", f"'{PATIENT}'"), by(f"{S}Status", APPROVED)
    assert client.query("FindSubmissionSets", *base, *slots).kinds() == ({"RegistryPackage": count} if count else {})


@pytest.mark.parametrize(
    ("slots", "count"),
    [
        ([], 1),
        ([by(f"{F}CodeList", code("F1"), code("F9"))], 1),
        ([by(f"{F}CodeList", code("F1")), by(f"{F}CodeList", code("F2"))], 1),
        ([by(f"{F}CodeList", code("F1")), by(f"{F}CodeList", code("F9"))], 0),
        ([slot(f"{F}LastUpdateTimeFrom", "'2020'")], 1),
        ([slot(f"{F}LastUpdateTimeTo", "'2020'")], 0),
    ],
)
def test_find_folders(client: Client, slots: list[str], count: int) -> None:
    box = folder(codes=("F1", "F2"))
    client.send("iti42", submit(package(), box, link(HAS_MEMBER, "set1", "folder1")))
    base = slot(f"{F}PatientId", f"'{PATIENT}'"), by(f"{F}Status", APPROVED)
    assert client.query("FindFolders", *base, *slots).kinds() == ({"RegistryPackage": count} if count else {})


@dataclass
class Whole:
    """A set with a folder that holds one of its two documents, and a third document appended to the first."""

    client: Client
    set: str
    box: str
    first: str
    second: str
    third: str


@pytest.fixture
def whole(client: Client) -> Whole:
    names = {name: oid() for name in ("set", "box", "first", "second", "third")}
    reply = client.deposit(
        package(unique=names["set"]), folder(unique=names["box"]),
        entry("doc1", unique=names["first"], title="premier", format="urn:f1", conf=("N", "R")),
        entry("doc2", unique=names["second"], title="second"),
        original("doc1"), original("doc2"), link(HAS_MEMBER, "set1", "folder1"),
        link(HAS_MEMBER, "folder1", "doc1", "inside"), link(HAS_MEMBER, "set1", "inside"), doc1=b"1", doc2=b"2",
    )  # fmt: skip
    assert (reply.outcome, reply.errors) == ("Success", [])
    client.deposit_one(b"3", link(APND, "doc1", client.uuid_of(names["first"])), unique=names["third"], title="tiers")
    return Whole(client, **names)


ALL = [by(f"{kind}Status", APPROVED) for kind in (E, S, F)]


def test_get_all_gives_a_patient_whole(whole: Whole) -> None:
    patient = slot("$patientId", f"'{PATIENT}'")
    kinds = whole.client.query("GetAll", patient, *ALL).kinds()
    assert kinds == {"ExtrinsicObject": 3, "RegistryPackage": 3, "Association": 7}
    reply = whole.client.query("GetAll", patient, *ALL, by(f"{E}FormatCode", code("urn:f1")))
    assert (reply.titles, reply.kinds()["RegistryPackage"]) == (["premier"], 3)


def test_get_documents_by_either_name(whole: Whole) -> None:
    uuid = whole.client.uuid_of(whole.first)
    assert whole.client.query("GetDocuments", by(f"{E}EntryUUID", uuid)).titles == ["premier"]
    names = by(f"{E}UniqueId", whole.first, whole.second, "1.2.3")
    assert whole.client.query("GetDocuments", names).titles == ["premier", "second"]
    level = slot("$MetadataLevel", "2")
    assert whole.client.query("GetDocuments", by(f"{E}LogicalID", uuid), level).titles == ["premier"]


def test_get_folders_and_their_contents(whole: Whole) -> None:
    name = by(f"{F}UniqueId", whole.box)
    assert whole.client.query("GetFolders", name).kinds() == {"RegistryPackage": 1}
    reply = whole.client.query("GetFolderAndContents", name)
    assert (reply.titles, reply.kinds()["Association"]) == (["premier"], 1)
    reply = whole.client.query("GetFolderAndContents", name, by(f"{E}FormatCode", code("urn:autre")))
    assert reply.kinds() == {"RegistryPackage": 1}


def test_get_associations_and_documents_with_them(whole: Whole) -> None:
    uuid = whole.client.uuid_of(whole.first)
    assert whole.client.query("GetAssociations", by("$uuid", uuid)).kinds() == {"Association": 3}
    reply = whole.client.query("GetDocumentsAndAssociations", by(f"{E}UniqueId", whole.first))
    assert reply.kinds() == {"ExtrinsicObject": 1, "Association": 3}


def test_get_submission_sets_of_documents_and_folders(whole: Whole) -> None:
    uuids = whole.client.uuid_of(whole.first), whole.client.uuid_of(whole.third)
    reply = whole.client.query("GetSubmissionSets", by("$uuid", *uuids))
    assert reply.kinds() == {"RegistryPackage": 2, "Association": 2}


def test_get_submission_set_and_contents(whole: Whole) -> None:
    name = by(f"{S}UniqueId", whole.set)
    reply = whole.client.query("GetSubmissionSetAndContents", name)
    assert (reply.titles, reply.kinds()) == (
        ["premier", "second"], {"RegistryPackage": 2, "ExtrinsicObject": 2, "Association": 5}
    )  # fmt: skip
    reply = whole.client.query("GetSubmissionSetAndContents", name, by(f"{E}ConfidentialityCode", code("R")))
    assert reply.titles == ["premier"]


def test_get_folders_for_document(whole: Whole) -> None:
    assert (
        len(whole.client.query("GetFoldersForDocument", by(f"{E}UniqueId", whole.first)).objects("RegistryPackage"))
        == 1
    )
    assert whole.client.query("GetFoldersForDocument", by(f"{E}UniqueId", whole.second)).kinds() == {}


def test_get_related_documents_both_ways_and_of_the_types_asked(whole: Whole) -> None:
    for name in (whole.first, whole.third):
        reply = whole.client.query("GetRelatedDocuments", by(f"{E}UniqueId", name), by("$AssociationTypes", APND, RPLC))
        assert (reply.titles, reply.kinds()["Association"]) == (["premier", "tiers"], 1)
    reply = whole.client.query("GetRelatedDocuments", by(f"{E}UniqueId", whole.first), by("$AssociationTypes", XFRM))
    assert reply.kinds() == {}


STATUS = by(f"{E}Status", APPROVED)
ID = slot(f"{E}PatientId", f"'{PATIENT}'")


@pytest.mark.parametrize(
    ("name", "slots", "error"),
    [
        ("00000000-0000-0000-0000-000000000000", [], "XDSUnknownStoredQuery"),
        ("FindDocuments", [STATUS], "XDSStoredQueryMissingParam"),
        ("FindDocuments", [ID], "XDSStoredQueryMissingParam"),
        ("FindDocumentsByReferenceId", [ID, STATUS], "XDSStoredQueryMissingParam"),
        ("FindSubmissionSets", [], "XDSStoredQueryMissingParam"),
        ("FindFolders", [], "XDSStoredQueryMissingParam"),
        ("GetAll", [slot("$patientId", f"'{PATIENT}'"), STATUS], "XDSStoredQueryMissingParam"),
        ("GetDocuments", [], "XDSStoredQueryMissingParam"),
        ("GetFolders", [], "XDSStoredQueryMissingParam"),
        ("GetAssociations", [], "XDSStoredQueryMissingParam"),
        ("GetDocumentsAndAssociations", [], "XDSStoredQueryMissingParam"),
        ("GetSubmissionSets", [], "XDSStoredQueryMissingParam"),
        ("GetSubmissionSetAndContents", [], "XDSStoredQueryMissingParam"),
        ("GetFolderAndContents", [], "XDSStoredQueryMissingParam"),
        ("GetFoldersForDocument", [], "XDSStoredQueryMissingParam"),
        ("GetRelatedDocuments", [by(f"{E}UniqueId", "1.2")], None),
        ("FindDocuments", [slot(f"{E}PatientId", f"('{PATIENT}','{OTHER}')"), STATUS], "XDSStoredQueryParamNumber"),
        ("FindDocuments", [ID, STATUS, by(f"{E}CreationTimeFrom", "2020", "2021")], "XDSStoredQueryParamNumber"),
        (
            "FindDocuments",
            [ID, STATUS, by(f"{E}ClassCode", "a"), by(f"{E}ClassCode", "b")],
            "XDSStoredQueryParamNumber",
        ),
        ("GetDocuments", [by(f"{E}UniqueId", "1.2"), by(f"{E}EntryUUID", "x")], "XDSStoredQueryParamNumber"),
        ("GetFoldersForDocument", [by(f"{E}UniqueId", "1.2", "1.3")], "XDSStoredQueryParamNumber"),
        ("FindDocuments", [slot(f"{E}PatientId", "'PAT-1'"), STATUS], "XDSRegistryError"),
        ("FindDocuments", [ID, STATUS, by(f"{E}CreationTimeFrom", "hier")], "XDSRegistryError"),
        ("FindDocuments", [ID, slot(f"{E}Status", "('a")], "XDSRegistryError"),
        ("GetDocuments", [by(f"{E}UniqueId", "1.2"), slot("$MetadataLevel", "3")], "XDSRegistryError"),
    ],
)
def test_a_query_that_is_not_well_asked_gets_its_code(
    client: Client, name: str, slots: list[str], error: str | None
) -> None:
    reply = client.query(name, *slots)
    expected = ("Failure", [error]) if error else ("Failure", ["XDSStoredQueryMissingParam"])
    assert (reply.outcome, reply.errors, reply.status) == (*expected, 200)


def test_an_unknown_return_type_is_an_error(client: Client) -> None:
    assert client.query("FindDocuments", ID, STATUS, kind="Everything").errors == ["XDSRegistryError"]


def test_objects_of_two_patients_are_not_given_whole(client: Client) -> None:
    uuids = client.deposit_one(), client.deposit_one(patient=OTHER, sourcePatientId=OTHER)
    names = by(f"{E}EntryUUID", *uuids)
    assert client.query("GetDocuments", names).errors == ["XDSResultNotSinglePatient"]
    assert client.query("GetDocuments", names, kind="ObjectRef").kinds() == {"ObjectRef": 2}


def test_too_many_objects_are_given_as_references_only(site, client: Client) -> None:
    site.host.house.parameters.set("max_query_results", 1)
    client.deposit_one()
    client.deposit_one()
    assert client.query("FindDocuments", ID, STATUS).errors == ["XDSTooManyResults"]
    assert client.query("FindDocuments", ID, STATUS, kind="ObjectRef").kinds() == {"ObjectRef": 2}


def test_all_fourteen_queries_are_told_apart(client: Client) -> None:
    assert all(client.query(name).errors == ["XDSStoredQueryMissingParam"] for name in QUERIES)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(max_size=60))
def test_any_text_as_a_value_is_read_or_refused(text: str) -> None:
    try:
        assert split_values(text)
    except RegistryRefusal as refusal:
        assert [each.code for each in refusal.problems] == ["XDSRegistryError"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_values_written_with_doubled_quotes_are_read_back(values: list[str]) -> None:
    text = "(" + ",".join("'" + value.replace("'", "''") + "'" for value in values) + ")"
    assert split_values(text) == values
