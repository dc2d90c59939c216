"""ITI-57: versions, statuses and associations changed alone, all or none (ITI TF-2 3.57)."""

from __future__ import annotations

from typing import Any

import pytest
from ihe_wire import (
    APND,
    APPROVED,
    DEPRECATED,
    HAS_MEMBER,
    OTHER,
    SUBMIT_ASSOCIATION,
    UPDATE_STATUS,
    Client,
    Reply,
    entry,
    folder,
    link,
    oid,
    original,
    package,
    slot,
    submit,
)  # fmt: skip


def by(name: str, *values: str) -> str:
    return slot(name, "(" + ",".join(f"'{value}'" for value in values) + ")")


class Deposited:
    """One document in the registry, and requests that would change it."""

    def __init__(self, client: Client, **changes: Any) -> None:
        self.client, self.unique = client, oid()
        self.uuid = client.deposit_one(b"bonjour", unique=self.unique, title="avant", **changes)

    def update(
        self, *, previous: str = "1", lid: str = "", slots: dict[str, str] | None = None, **changes: Any
    ) -> Reply:
        usual = {"unique": self.unique, "title": "après", "repositoryUniqueId": None, "lid": lid or self.uuid}
        member = original("doc1", **({"PreviousVersion": previous} if previous else {}), **(slots or {}))
        return self.client.send("iti57", submit(package(), entry(**{**usual, **changes}), member))

    def status(self, before: str, after: str, target: str = "", patient: dict[str, str] | None = None) -> Reply:
        move = link(UPDATE_STATUS, "set1", target or self.uuid, OriginalStatus=before, NewStatus=after)
        return self.client.send("iti57", submit(package(**(patient or {})), move))

    def versions(self) -> list[tuple[str, str, str]]:
        """(version, status, title) of every version, oldest first."""
        reply = self.client.query(
            "GetDocuments", by("$XDSDocumentEntryLogicalID", self.uuid), slot("$MetadataLevel", "2")
        )
        found = []
        for each in reply.objects("ExtrinsicObject"):
            version = each.find("{*}VersionInfo").get("versionName")
            found.append((version, each.get("status"), each.find("{*}Name/{*}LocalizedString").get("value")))
        return sorted(found)


@pytest.fixture
def document(client: Client) -> Deposited:
    return Deposited(client)


def test_an_update_makes_a_new_version_and_deprecates_the_old_one(document: Deposited) -> None:
    reply = document.update()
    assert (reply.outcome, reply.errors, reply.action) == ("Success", [], "urn:ihe:iti:2010:UpdateDocumentSetResponse")
    assert document.versions() == [("1", DEPRECATED, "avant"), ("2", APPROVED, "après")]
    assert document.update(previous="2", title="encore").outcome == "Success"
    assert document.versions()[-1] == ("3", APPROVED, "encore")


def test_the_new_version_keeps_hash_size_and_repository(site, document: Deposited) -> None:
    document.update()
    reply = document.client.query("GetDocuments", by("$XDSDocumentEntryUniqueId", document.unique))
    (found,) = reply.objects("ExtrinsicObject")
    assert reply.slot(found, "repositoryUniqueId") == site.repository
    assert (found.get("lid"), reply.slot(found, "size")) == (document.uuid, "7")


def test_queries_of_the_first_metadata_level_see_the_newest_version_alone(document: Deposited) -> None:
    document.update()
    reply = document.client.query("GetDocuments", by("$XDSDocumentEntryUniqueId", document.unique))
    assert reply.titles == ["après"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"previous": "2"}, "XDSMetadataVersionError"),
        ({"previous": ""}, "XDSMetadataUpdateOperationError"),
        ({"lid": "doc9"}, "XDSMetadataUpdateError"),
        ({"lid": "urn:uuid:00000000-0000-4000-8000-000000000000"}, "XDSMetadataUpdateError"),
        ({"unique": "1.2.3"}, "XDSMetadataUpdateError"),
        ({"hash": "0" * 40}, "XDSMetadataUpdateError"),
        ({"size": "8"}, "XDSMetadataUpdateError"),
        ({"object_type": "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248"}, "XDSMetadataUpdateError"),
        ({"patient": OTHER}, "XDSPatientIDReconciliationError"),
        ({"class": None}, "XDSRegistryMetadataError"),
    ],
    ids=str,
)
def test_an_update_that_may_not_be_is_refused_and_changes_nothing(
    document: Deposited, changes: dict[str, Any], error: str
) -> None:
    reply = document.update(**changes)
    assert (reply.outcome, reply.errors) == ("Failure", [error])
    assert document.versions() == [("1", APPROVED, "avant")]


def test_associations_follow_to_the_new_version_unless_told_not_to(client: Client) -> None:
    document = Deposited(client)
    client.deposit_one(b"complement", link(APND, "doc1", document.uuid))
    document.update()
    newest = client.uuid_of(document.unique)
    related = by("$XDSDocumentEntryEntryUUID", newest), by("$AssociationTypes", APND)
    assert client.query("GetRelatedDocuments", *related).kinds() == {"ExtrinsicObject": 2, "Association": 1}
    document.update(previous="2", slots={"AssociationPropagation": "no"})
    newest = client.uuid_of(document.unique)
    assert client.query("GetAssociations", by("$uuid", newest)).kinds() == {"Association": 1}


def test_the_status_of_a_document_goes_there_and_back(document: Deposited) -> None:
    assert document.status(APPROVED, DEPRECATED).outcome == "Success"
    assert document.versions() == [("1", DEPRECATED, "avant")]
    assert document.status(DEPRECATED, APPROVED).outcome == "Success"
    assert document.versions() == [("1", APPROVED, "avant")]


@pytest.mark.parametrize(
    ("before", "after", "target", "error"),
    [
        (DEPRECATED, APPROVED, "", "XDSMetadataUpdateError"),
        (APPROVED, "urn:autre", "", "XDSMetadataUpdateError"),
        (APPROVED, APPROVED, "", "XDSMetadataUpdateError"),
        (APPROVED, DEPRECATED, "urn:uuid:00000000-0000-4000-8000-000000000000", "XDSMetadataUpdateError"),
    ],
)
def test_a_status_that_may_not_be_is_refused(
    document: Deposited, before: str, after: str, target: str, error: str
) -> None:
    assert document.status(before, after, target).errors == [error]


def test_the_object_of_another_patient_is_out_of_reach(document: Deposited) -> None:
    reply = document.status(APPROVED, DEPRECATED, patient={"patient": OTHER})
    assert reply.errors == ["XDSPatientIDReconciliationError"]


def test_a_former_version_has_no_status_to_change(document: Deposited) -> None:
    document.update()
    assert document.status(DEPRECATED, APPROVED).errors == ["XDSMetadataUpdateError"]


def _boxed(client: Client) -> tuple[str, str]:
    """An empty folder: its uniqueId and its entryUUID."""
    box = oid()
    client.send("iti42", submit(package(), folder(unique=box), link(HAS_MEMBER, "set1", "folder1")))
    (found,) = client.query("GetFolders", by("$XDSFolderUniqueId", box)).objects("RegistryPackage")
    return box, found.get("id")


def test_a_folder_gets_another_title(client: Client) -> None:
    box, uuid = _boxed(client)
    member = link(HAS_MEMBER, "set1", "folder1", PreviousVersion="1")
    reply = client.send("iti57", submit(package(), folder(unique=box, lid=uuid, title="Autre titre"), member))
    assert (reply.outcome, reply.errors) == ("Success", [])
    (found,) = client.query("GetFolders", by("$XDSFolderUniqueId", box)).objects("RegistryPackage")
    assert found.find("{*}Name/{*}LocalizedString").get("value") == "Autre titre"


def test_a_document_enters_a_folder_and_leaves_it(document: Deposited) -> None:
    client = document.client
    box, uuid = _boxed(client)
    new = link(HAS_MEMBER, uuid, document.uuid, "nouveau")
    reply = client.send("iti57", submit(package(), new, link(SUBMIT_ASSOCIATION, "set1", "nouveau")))
    assert (reply.outcome, reply.errors) == ("Success", [])
    reply = client.query("GetFolderAndContents", by("$XDSFolderUniqueId", box))
    assert reply.titles == ["avant"]
    (member,) = [each.get("id") for each in reply.objects("Association")]
    assert document.status(APPROVED, DEPRECATED, member).outcome == "Success"
    assert client.query("GetFolderAndContents", by("$XDSFolderUniqueId", box)).titles == []
    seen = client.query("GetAssociations", by("$uuid", uuid), by("$XDSAssociationStatus", DEPRECATED))
    assert seen.kinds() == {"Association": 1}


@pytest.mark.parametrize(
    ("kind", "ends"), [(HAS_MEMBER, ("document", "box")), (APND, ("box", "document")), ("urn:x", ("box", "document"))]
)
def test_an_association_that_may_not_be_is_refused(document: Deposited, kind: str, ends: tuple[str, str]) -> None:
    ids = {"document": document.uuid, "box": _boxed(document.client)[1]}
    new = link(kind, ids[ends[0]], ids[ends[1]], "nouveau")
    reply = document.client.send("iti57", submit(package(), new, link(SUBMIT_ASSOCIATION, "set1", "nouveau")))
    assert reply.errors == ["XDSMetadataUpdateError"]


@pytest.mark.parametrize(
    "objects",
    [
        [package()],
        [package(), entry(), original()],
        [package(), entry(), link(HAS_MEMBER, "set1", "doc1")],
        [package(), link("urn:x", "set1", "set1")],
        [package(), entry()],
        [package(), link(HAS_MEMBER, "set1", "urn:uuid:00000000-0000-4000-8000-000000000000")],
    ],
    ids=["nothing", "no lid", "a deposit", "unknown trigger", "no trigger", "nothing known"],
)
def test_a_request_that_is_no_operation_is_refused(client: Client, objects: list[str]) -> None:
    reply = client.send("iti57", submit(*objects))
    assert reply.outcome == "Failure"
    assert set(reply.errors) <= {"XDSMetadataUpdateOperationError", "XDSMetadataUpdateError"}


def test_one_wrong_operation_undoes_the_right_ones(document: Deposited) -> None:
    other = Deposited(document.client)
    moves = [
        link(UPDATE_STATUS, "set1", document.uuid, OriginalStatus=APPROVED, NewStatus=DEPRECATED),
        link(UPDATE_STATUS, "set1", other.uuid, OriginalStatus=DEPRECATED, NewStatus=APPROVED),
    ]
    assert document.client.send("iti57", submit(package(), *moves)).outcome == "Failure"
    assert document.versions() == [("1", APPROVED, "avant")]


def test_the_same_object_changes_once_in_a_request(document: Deposited) -> None:
    move = link(UPDATE_STATUS, "set1", document.uuid, OriginalStatus=APPROVED, NewStatus=DEPRECATED)
    again = link(UPDATE_STATUS, "set1", document.uuid, OriginalStatus=APPROVED, NewStatus=DEPRECATED)
    assert document.client.send("iti57", submit(package(), move, again)).errors == ["XDSMetadataUpdateError"]
