"""ITI-41 and ITI-42: what a registry takes, and the code of each refusal (ITI TF-2 3.41, 3.42; ITI TF-3 4.2.4)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from ihe_wire import (
    APND,
    APPROVED,
    DEPRECATED,
    HAS_MEMBER,
    ON_DEMAND,
    OTHER,
    PATIENT,
    RPLC,
    SIGNS,
    SNAPSHOT,
    XFRM,
    XFRM_RPLC,
    Client,
    entry,
    folder,
    include,
    inline,
    link,
    oid,
    original,
    package,
    provide,
    slot,
    submit,
)  # fmt: skip

from host_sim.ihe.serving import IheHost

DATA = b"bonjour"
SHA1 = hashlib.sha1(DATA).hexdigest()
KNOWN_BYTES = {"hash": SHA1, "size": str(len(DATA)), "repositoryUniqueId": "1.2.3"}


def test_a_document_gets_an_id_a_version_a_hash_and_a_size(client: Client) -> None:
    found = client.entry_of(client.deposit_one(DATA))
    assert found.get("id").startswith("urn:uuid:")
    assert (found.get("lid"), found.get("status")) == (found.get("id"), APPROVED)
    slots = {each.get("name"): each[0][0].text for each in found if each.tag.endswith("}Slot")}
    assert (slots["hash"], slots["size"]) == (SHA1, "7")


def test_inline_base64_is_taken_as_well_as_mtom(client: Client) -> None:
    unique = oid()
    objects = submit(package(), entry(unique=unique), original())
    reply = client.send("iti41", provide(objects, inline("doc1", DATA * 5000)))
    assert (reply.outcome, reply.content_type.partition(";")[0]) == ("Success", "application/soap+xml")
    found = client.entry_of(client.uuid_of(unique))
    assert reply.slot(found, "hash") == hashlib.sha1(DATA * 5000).hexdigest()


def test_the_answer_to_mtom_is_mtom(client: Client) -> None:
    reply = client.deposit(package(), entry(), original(), doc1=DATA)
    assert reply.content_type.startswith("multipart/related")
    assert reply.action == "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse"


def test_an_entry_of_another_repository_is_registered(client: Client) -> None:
    unique = oid()
    reply = client.send("iti42", submit(package(), entry(unique=unique, **KNOWN_BYTES), original()))
    assert (reply.outcome, reply.action) == ("Success", "urn:ihe:iti:2007:RegisterDocumentSet-bResponse")
    assert reply.slot(client.entry_of(client.uuid_of(unique)), "repositoryUniqueId") == "1.2.3"


@pytest.mark.parametrize(
    "changes",
    [
        {"patient": None}, {"patient": "PAT-1"}, {"unique": None}, {"unique": "pas un OID"}, {"creationTime": None},
        {"creationTime": "20261301"}, {"creationTime": "hier"}, {"languageCode": None}, {"sourcePatientId": None},
        {"class": None}, {"conf": ()}, {"format": None}, {"facility": None}, {"practice": None}, {"type": None},
        {"type": ""}, {"mime": "texte"}, {"object_type": "urn:uuid:00000000-0000-0000-0000-000000000000"},
        {"hash": None}, {"hash": "12"}, {"size": None}, {"size": "-1"}, {"repositoryUniqueId": None},
        {"serviceStartTime": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_a_missing_or_ill_formed_attribute_of_an_entry_is_a_metadata_error(
    client: Client, changes: dict[str, object]
) -> None:
    reply = client.send("iti42", submit(package(), entry(**{**KNOWN_BYTES, **changes}), original()))
    assert reply.outcome == "Failure"
    assert set(reply.errors) == {"XDSRegistryMetadataError"}


@pytest.mark.parametrize(
    "changes",
    [{"source": None}, {"source": "x"}, {"unique": None}, {"unique": "1.2^x"}, {"content": None},
     {"submissionTime": None}, {"patient": None}],
    ids=str,
)  # fmt: skip
def test_a_missing_or_ill_formed_attribute_of_a_set_is_a_metadata_error(
    client: Client, changes: dict[str, object]
) -> None:
    reply = client.send("iti42", submit(package(**changes), entry(**KNOWN_BYTES), original()))
    assert (reply.outcome, set(reply.errors)) == ("Failure", {"XDSRegistryMetadataError"})


@pytest.mark.parametrize("changes", [{"title": ""}, {"codes": ()}, {"unique": "x"}], ids=str)
def test_a_missing_attribute_of_a_folder_is_a_metadata_error(client: Client, changes: dict[str, object]) -> None:
    reply = client.send("iti42", submit(package(), folder(**changes), link(HAS_MEMBER, "set1", "folder1")))
    assert (reply.outcome, set(reply.errors)) == ("Failure", {"XDSRegistryMetadataError"})


@pytest.mark.parametrize(
    ("objects", "errors"),
    [
        ([entry(**KNOWN_BYTES), original()], ["XDSRegistryMetadataError"]),
        ([package(), package("set2"), entry(**KNOWN_BYTES), original()], ["XDSRegistryMetadataError"]),
        ([package(), entry(**KNOWN_BYTES)], ["XDSRegistryMetadataError"]),
        ([package(), entry(**KNOWN_BYTES), link(HAS_MEMBER, "set1", "doc1")], ["XDSRegistryMetadataError"]),
        (
            [package(), entry(**KNOWN_BYTES), link(HAS_MEMBER, "set1", "doc1", SubmissionSetStatus="Reference")],
            ["XDSRegistryMetadataError"],
        ),
        ([package(), entry(**KNOWN_BYTES), original(), link("urn:x", "doc1", "doc1")], ["XDSRegistryMetadataError"]),
        (
            [package(), entry(**KNOWN_BYTES), original(), link(HAS_MEMBER, "doc1", "set1")],
            ["XDSRegistryMetadataError"],
        ),
        ([package(), package()], ["XDSRegistryMetadataError"]),
        ([package(), entry(**KNOWN_BYTES, patient=OTHER), original()], ["XDSPatientIdDoesNotMatch"]),
        (
            [package(), entry(**KNOWN_BYTES, unique="1.2.3"), entry("doc2", **KNOWN_BYTES, unique="1.2.3"), original(),
             original("doc2")],
            ["XDSRegistryDuplicateUniqueIdInMessage"],
        ),
    ],
    ids=["no set", "two sets", "no membership", "no status", "wrong status", "unknown association", "wrong way",
         "same id twice", "another patient", "same uniqueId twice"],
)  # fmt: skip
def test_a_submission_of_another_shape_is_refused(client: Client, objects: list[str], errors: list[str]) -> None:
    reply = client.send("iti42", submit(*objects))
    assert (reply.outcome, reply.errors) == ("Failure", errors)


def test_the_same_unique_id_twice_in_a_deposit_is_an_error_of_the_repository(client: Client) -> None:
    objects = [package(), entry(unique="1.2.3"), entry("doc2", unique="1.2.3"), original(), original("doc2")]
    reply = client.deposit(*objects, doc1=DATA, doc2=DATA)
    assert reply.errors == ["XDSRepositoryDuplicateUniqueIdInMessage"]


def test_an_entry_without_document_and_a_document_without_entry_are_both_told(client: Client) -> None:
    objects = submit(package(), entry(), original())
    reply = client.send_mtom("iti41", provide(objects, include("autre", "a@b")), {"a@b": DATA})
    assert (reply.outcome, reply.errors) == ("Failure", ["XDSMissingDocument", "XDSMissingDocumentMetadata"])


def test_a_document_whose_part_is_missing_is_a_missing_document(client: Client) -> None:
    reply = client.send_mtom("iti41", provide(submit(package(), entry(), original()), include("doc1", "a@b")), {})
    assert reply.errors == ["XDSMissingDocument"]


@pytest.mark.parametrize("changes", [{"hash": "0" * 40}, {"size": "8"}, {"repositoryUniqueId": "1.2.3"}], ids=str)
def test_what_the_source_tells_of_the_bytes_must_be_true(client: Client, changes: dict[str, str]) -> None:
    reply = client.deposit(package(), entry(**changes), original(), doc1=DATA)
    assert reply.errors == ["XDSRepositoryMetadataError"]


def test_the_same_document_may_come_again_but_not_with_other_bytes(client: Client) -> None:
    unique = oid()
    client.deposit_one(DATA, unique=unique)
    assert client.deposit(package(), entry(unique=unique), original(), doc1=DATA).outcome == "Success"
    reply = client.deposit(package(), entry(unique=unique), original(), doc1=b"autre")
    assert reply.errors == ["XDSNonIdenticalHash"]
    other = {**KNOWN_BYTES, "hash": "0" * 40}
    reply = client.send("iti42", submit(package(), entry(unique=unique, **other), original()))
    assert set(reply.errors) == {"XDSNonIdenticalHash"}


def test_a_set_or_a_folder_registered_already_is_refused(client: Client) -> None:
    unique, box = oid(), oid()
    members = link(HAS_MEMBER, "set1", "folder1")
    assert client.send("iti42", submit(package(unique=unique), folder(unique=box), members)).outcome == "Success"
    reply = client.send("iti42", submit(package(unique=unique), folder(), members))
    assert reply.errors == ["XDSDuplicateUniqueIdInRegistry"]
    reply = client.send("iti42", submit(package(), folder(unique=box), members))
    assert reply.errors == ["XDSDuplicateUniqueIdInRegistry"]


def test_a_refused_deposit_leaves_no_file_and_no_entry(tmp_path: Path, client: Client) -> None:
    unique = oid()
    reply = client.deposit(package(content=None), entry(unique=unique), original(), doc1=DATA)
    assert reply.outcome == "Failure"
    reply = client.query("GetDocuments", slot("$XDSDocumentEntryUniqueId", f"('{unique}')"))
    assert reply.kinds() == {}
    assert list((tmp_path / "data" / "ihe-documents").iterdir()) == []
    assert list((tmp_path / "data" / "incoming").iterdir()) == []


@pytest.mark.parametrize("kind", [RPLC, XFRM_RPLC])
def test_a_replacement_deprecates_the_old_document_and_what_hangs_on_it(client: Client, kind: str) -> None:
    old = client.deposit_one(b"ancien")
    addendum = client.deposit_one(b"complement", link(APND, "doc1", old))
    of_addendum = client.deposit_one(b"autre forme", link(XFRM, "doc1", addendum))
    new = client.deposit_one(b"nouveau", link(kind, "doc1", old))
    states = [client.entry_of(each).get("status") for each in (old, addendum, of_addendum, new)]
    assert states == [DEPRECATED, DEPRECATED, DEPRECATED, APPROVED]


@pytest.mark.parametrize("kind", [APND, XFRM, SIGNS])
def test_an_addition_leaves_the_old_document_approved(client: Client, kind: str) -> None:
    old = client.deposit_one(b"ancien")
    client.deposit_one(b"ajout", link(kind, "doc1", old))
    assert client.entry_of(old).get("status") == APPROVED


@pytest.mark.parametrize("kind", [RPLC, XFRM_RPLC, APND, XFRM])
def test_a_deprecated_document_takes_no_relation(client: Client, kind: str) -> None:
    old = client.deposit_one(b"ancien")
    client.deposit_one(b"nouveau", link(RPLC, "doc1", old))
    reply = client.deposit(package(), entry(), original(), link(kind, "doc1", old), doc1=DATA)
    assert reply.errors == ["XDSRegistryDeprecatedDocumentError"]


def test_the_target_of_a_relation_must_be_in_the_registry_and_of_the_patient(client: Client) -> None:
    nowhere = "urn:uuid:00000000-0000-4000-8000-000000000000"
    reply = client.deposit(package(), entry(), original(), link(RPLC, "doc1", nowhere), doc1=DATA)
    assert reply.errors == ["XDSReplaceFailed"]
    reply = client.deposit(package(), entry(), original(), link(APND, "doc1", nowhere), doc1=DATA)
    assert reply.errors == ["XDSRegistryMetadataError"]
    old = client.deposit_one(b"ancien")
    theirs = {"patient": OTHER}
    reply = client.deposit(package(**theirs), entry(**theirs), original(), link(RPLC, "doc1", old), doc1=DATA)
    assert "XDSPatientIdDoesNotMatch" in reply.errors


def test_a_snapshot_is_of_an_on_demand_document(client: Client) -> None:
    unique = oid()
    demand = entry(unique=unique, object_type=ON_DEMAND, creationTime=None, repositoryUniqueId="1.2.3")
    assert client.send("iti42", submit(package(), demand, original())).outcome == "Success"
    client.deposit_one(b"instantane", link(SNAPSHOT, "doc1", client.uuid_of(unique)))
    stable = client.deposit_one(b"stable")
    reply = client.deposit(package(), entry(), original(), link(SNAPSHOT, "doc1", stable), doc1=DATA)
    assert reply.errors == ["XDSRegistryMetadataError"]


def _folder_of(client: Client, box: str) -> object:
    (found,) = client.query("GetFolders", slot("$XDSFolderUniqueId", f"('{box}')")).objects("RegistryPackage")
    return found


def test_a_folder_takes_documents_of_its_submission_and_of_the_registry(client: Client) -> None:
    box, old = oid(), client.deposit_one(b"ancien", title="ancien")
    reply = client.deposit(
        package(), folder(unique=box), entry(title="nouveau"), original(), link(HAS_MEMBER, "set1", "folder1"),
        link(HAS_MEMBER, "folder1", "doc1", "a1"), link(HAS_MEMBER, "set1", "a1"),
        link(HAS_MEMBER, "folder1", old, "a2"), link(HAS_MEMBER, "set1", "a2"), doc1=DATA,
    )  # fmt: skip
    assert (reply.outcome, reply.errors) == ("Success", [])
    reply = client.query("GetFolderAndContents", slot("$XDSFolderUniqueId", f"'{box}'"))
    assert (reply.titles, reply.kinds()) == (
        ["ancien", "nouveau"], {"RegistryPackage": 1, "ExtrinsicObject": 2, "Association": 2}
    )  # fmt: skip


def test_a_replacing_document_enters_the_folders_of_the_old_one(client: Client) -> None:
    box = oid()
    old = client.deposit_one(
        b"ancien", folder(unique=box), link(HAS_MEMBER, "set1", "folder1"), link(HAS_MEMBER, "folder1", "doc1"),
        title="ancien",
    )  # fmt: skip
    client.deposit_one(b"nouveau", link(RPLC, "doc1", old), title="nouveau")
    reply = client.query("GetFolderAndContents", slot("$XDSFolderUniqueId", f"'{box}'"))
    assert reply.titles == ["ancien", "nouveau"]


def test_the_time_of_a_folder_moves_when_it_gains_a_document(site, client: Client) -> None:
    box = oid()
    client.send("iti42", submit(package(), folder(unique=box), link(HAS_MEMBER, "set1", "folder1")))
    found = _folder_of(client, box)
    reply = client.query("GetFolders", slot("$XDSFolderUniqueId", f"('{box}')"))
    before = reply.slot(found, "lastUpdateTime")
    site.host.house.clock.advance(timedelta(hours=1))
    client.deposit_one(DATA, link(HAS_MEMBER, found.get("id"), "doc1"))
    assert reply.slot(_folder_of(client, box), "lastUpdateTime") > before


def test_any_patient_is_accepted_unless_a_file_names_those_that_are(tmp_path: Path) -> None:
    file = tmp_path / "patients.txt"
    file.write_text(f"# connus\n\n{PATIENT}\n", "utf-8")
    host = IheHost(tmp_path / "data", known_patients=file)
    client = Client(host.start()["endpoints"])
    try:
        client.deposit_one(DATA)
        reply = client.deposit(package(patient=OTHER), entry(patient=OTHER), original(), doc1=DATA)
        assert reply.errors == ["XDSUnknownPatientId"]
        assert OTHER in next(reply.root.iter("{*}RegistryError")).get("codeContext")
        status = slot("$XDSDocumentEntryStatus", f"('{APPROVED}')")
        reply = client.query("FindDocuments", slot("$XDSDocumentEntryPatientId", f"'{OTHER}'"), status)
        assert reply.errors == ["XDSUnknownPatientId"]
    finally:
        host.stop()
