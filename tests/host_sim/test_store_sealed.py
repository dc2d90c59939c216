"""What the host stores is unreadable without its keys, and gone with the key of the patient."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from gate_requests import BY_NAME, REQUESTS, fed, outcome
from host_wire import Stage
from postgres_cluster import Cluster
from registry_lots import Lot, Paper, Place, ins_of

from card_sim import cast
from card_sim.authority import Authority
from host_sim import dossiers, registry
from host_sim.database import Database
from host_sim.keys import MASTER_VARIABLE, BrokenSealError, WrongMasterKeyError
from host_sim.sealed_file import KeyDestroyedError, SealedFile, write
from host_sim.store import Sealed, Store, sealed

JEAN, PAUL = ins_of("jean"), ins_of("paul")
SCHEMA = "CREATE TABLE IF NOT EXISTS notes (seq INTEGER PRIMARY KEY, ins TEXT NOT NULL, text TEXT NOT NULL);"
ADD = "INSERT INTO notes (ins, text) VALUES (?,?)"


@pytest.fixture
def store(tmp_path: Path, either_database: str) -> Iterator[Store]:
    made = Store.open(tmp_path / "data", either_database)
    made.ensure(SCHEMA)
    yield made
    made.close()


def texts(store: Store, ins: str = JEAN) -> list[str]:
    with store.reading() as cursor:
        return [row["text"] for row in cursor.execute("SELECT ins, text FROM notes WHERE ins = ? ORDER BY seq", (ins,))]


def raw(store: Store) -> list[tuple[str, str]]:
    database: Database = store._database
    with database.reading() as cursor:
        return [(row["ins"], row["text"]) for row in cursor.execute("SELECT ins, text FROM notes ORDER BY seq")]


def test_a_sealed_text_is_opened_by_who_reads_it_and_hidden_from_who_does_not(store: Store) -> None:
    with store.transaction() as cursor:
        cursor.execute(ADD, (JEAN, Sealed("Douleur thoracique", JEAN)))
        cursor.execute(ADD, (JEAN, Sealed("Douleur thoracique", JEAN)))
    assert texts(store) == ["Douleur thoracique"] * 2
    (ins, one), (_, other) = raw(store)
    assert one != other
    assert JEAN not in ins
    assert "Douleur" not in one


def test_a_matricule_is_found_joined_and_given_back(store: Store) -> None:
    with store.transaction() as cursor:
        for ins in (JEAN, JEAN, PAUL):
            cursor.execute(ADD, (ins, Sealed("x", ins)))
        rows = cursor.execute("SELECT ins, count(*) AS n FROM notes GROUP BY ins").fetchall()
        joined = cursor.execute("SELECT count(*) FROM notes a JOIN notes b ON a.ins = b.ins").fetchone()
    assert {row["ins"]: row["n"] for row in rows} == {JEAN: 2, PAUL: 1}
    assert joined is not None
    assert joined[0] == 5


@pytest.mark.parametrize("text", ["~s1:0000000000000000:AAAA", "~i1:AAAA", "~e1:x", "~", "123456789012345"])
def test_what_looks_like_a_seal_comes_back_as_it_was(store: Store, text: str) -> None:
    with store.transaction() as cursor:
        cursor.execute(ADD, (JEAN, text))
    assert texts(store) == [text]


def test_the_key_of_a_patient_destroyed_the_data_are_gone_and_those_of_others_stay(store: Store) -> None:
    with store.transaction() as cursor:
        for ins in (JEAN, PAUL):
            cursor.execute(ADD, (ins, Sealed("lisible", ins)))
    store.keys.destroy(JEAN)
    assert (texts(store), texts(store, PAUL)) == ([""], ["lisible"])
    with store.transaction() as cursor:
        cursor.execute(ADD, (JEAN, Sealed("autre vie", JEAN)))
    assert texts(store) == ["", "autre vie"]


def test_in_one_transaction_what_follows_the_destruction_is_read_again(store: Store) -> None:
    with store.transaction() as cursor:
        cursor.execute(ADD, (JEAN, Sealed("avant", JEAN)))
    with store.transaction() as cursor:
        store.keys.destroy(JEAN)
        cursor.execute(ADD, (JEAN, Sealed("après", JEAN)))
    assert texts(store) == ["", "après"]


def test_a_destruction_undone_destroys_nothing(store: Store) -> None:
    with store.transaction() as cursor:
        cursor.execute(ADD, (JEAN, Sealed("toujours là", JEAN)))
    with pytest.raises(KeyError), store.transaction():
        store.keys.destroy(JEAN)
        raise KeyError
    assert texts(store) == ["toujours là"]


@pytest.mark.parametrize("inner", [True, False])
def test_a_key_that_was_undone_seals_nothing_afterwards(store: Store, inner: bool) -> None:
    with store.transaction() as cursor:
        with pytest.raises(KeyError), store.transaction():
            cursor.execute(ADD, (JEAN, Sealed("perdu", JEAN)))
            raise KeyError
        if inner:
            cursor.execute(ADD, (JEAN, Sealed("gardé", JEAN)))
    if not inner:
        with store.transaction() as cursor:
            cursor.execute(ADD, (JEAN, Sealed("gardé", JEAN)))
    store.keys._known.clear()
    assert texts(store) == ["gardé"]


def test_another_process_finds_the_same_keys(store: Store, tmp_path: Path, either_database: str) -> None:
    with store.transaction() as cursor:
        cursor.execute(ADD, (JEAN, Sealed("gardé", JEAN)))
    again = Store.open(tmp_path / "data", either_database)
    assert texts(again) == ["gardé"]
    again.close()


def test_another_master_key_opens_nothing(store: Store, tmp_path: Path, either_database: str) -> None:
    store.close()
    (tmp_path / "data" / "master.key").write_bytes(os.urandom(32))
    with pytest.raises(WrongMasterKeyError):
        Store.open(tmp_path / "data", either_database)


def test_the_master_key_is_for_its_owner_alone(store: Store, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "data" / "master.key").stat().st_mode) == 0o600


def test_the_master_key_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MASTER_VARIABLE, "ab" * 32)
    store = Store.open(tmp_path, "sqlite")
    assert not (tmp_path / "master.key").exists()
    assert store.keys.opened(store.keys.seal(JEAN, "x")) == "x"
    store.close()
    monkeypatch.setenv(MASTER_VARIABLE, "ab")
    with pytest.raises(WrongMasterKeyError):
        Store.open(tmp_path, "sqlite")


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 200_000])
def test_a_document_comes_back_whole_and_its_size_is_known(store: Store, tmp_path: Path, size: int) -> None:
    (tmp_path / "part").write_bytes(data := os.urandom(size))
    store.keep_blobs({"one": tmp_path / "part"}, JEAN)
    blob = store.blob("one")
    assert (blob.size, blob.read_bytes()) == (size, data)
    store.keys.destroy(JEAN)
    with pytest.raises(KeyDestroyedError):
        blob.read_bytes()


@pytest.mark.parametrize("change", ["bit", "cut", "swap", "name", "empty"])
def test_a_document_changed_on_disk_is_not_given(tmp_path: Path, change: str) -> None:
    store = Store.open(tmp_path / "data", "sqlite")
    (tmp_path / "part").write_bytes(os.urandom(150_000))
    path = store.blobs / "one"
    write(tmp_path / "part", path, store.keys.of(JEAN))
    data, block = path.read_bytes(), 65552
    changed = {
        "bit": data[:5000] + bytes([data[5000] ^ 1]) + data[5001:],
        "cut": data[: 38 + block],
        "swap": data[:38] + data[38 + block : 38 + 2 * block] + data[38 : 38 + block] + data[38 + 2 * block :],
        "name": data,
        "empty": b"",
    }[change]
    path = path.with_name("two") if change == "name" else path
    path.write_bytes(changed)
    with pytest.raises(BrokenSealError):
        SealedFile(path, store.keys).read_bytes()
    store.close()


def test_no_name_no_matricule_and_no_text_of_a_document_is_on_disk(
    tmp_path: Path, authority: Authority, either_database: str, request: pytest.FixtureRequest
) -> None:
    place = Place(tmp_path / "data", authority, either_database)
    paper = Paper(JEAN, title="Bilan cardiologique de contrôle", body="VGV4dGUgZHUgZG9jdW1lbnQ=")
    assert place.deposit(Lot(JEAN, (paper,), sender="generaliste")) == []
    assert len(place.find("generaliste")) == 1
    place.house.store.forget_incoming()
    people = [cast.patients()[key] for key in ("jean", "odette", "karim", "amelie", "leo")]
    words = {each.birth_name for each in people} | {each.ins for each in people} | {each.ins[:13] for each in people}
    words |= {each.address for each in people if each.address}
    words |= {"cardiologique", "VGV4dGUgZHUgZG9jdW1lbnQ", "ClinicalDocument", "Ne veux plus", paper.title}
    files = [each for each in (tmp_path / "data").rglob("*") if each.is_file()]
    if either_database != "sqlite":
        cluster: Cluster = request.getfixturevalue("cluster")
        files += cluster.files()
    found = {(word, file.name) for file in files for word in words if word.encode() in file.read_bytes()}
    place.house.close()
    assert found == set()
    assert any(b"registry_entries" in file.read_bytes() for file in files)


def test_what_a_destroyed_key_sealed_stays_unread_in_the_registry(
    tmp_path: Path, authority: Authority, either_database: str
) -> None:
    place = Place(tmp_path / "data", authority, either_database)
    assert place.deposit(Lot(JEAN, (Paper(JEAN),), sender="generaliste")) == []
    place.house.store.keys.destroy(JEAN)
    with place.house.store.reading() as cursor:
        assert registry.entries_of(cursor, JEAN) == []
        assert registry.sets_of(cursor, JEAN) == []
    row = dossiers.dossier(place.house.store, JEAN)
    assert row is not None
    assert (row.birth_name, row.ins) == ("", JEAN)
    person = dossiers.person(place.house.store, JEAN)
    assert person is not None
    assert person.birth_name == cast.patients()["jean"].birth_name
    place.house.close()


def test_a_wiped_key_leaves_nothing_in_the_files_of_sqlite(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "sqlite")
    store.ensure(SCHEMA)
    with store.transaction() as cursor:
        cursor.execute(ADD, (JEAN, *sealed(JEAN, "x")))
    with store._database.reading() as cursor:
        wrapped = [row["wrapped"] for row in cursor.execute("SELECT wrapped FROM data_keys")]

    def kept() -> int:
        files = [each for each in tmp_path.rglob("host.sqlite*") if each.is_file()]
        return sum(any(each.encode() in file.read_bytes() for file in files) for each in wrapped)

    assert kept() == 2
    store.keys.destroy(JEAN)
    assert kept() == 1
    store.close()


def _now(file: Path) -> bytes:
    """What a file holds while the host goes on: nothing, when it was for a moment only."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def test_after_every_transaction_nothing_personal_is_on_disk(
    either_stage: Stage, either_database: str, request: pytest.FixtureRequest
) -> None:
    fed(either_stage)
    last = BY_NAME["TD1.4"]  # closes the dossier that the others need
    for each in [*(one for one in REQUESTS if one is not last), last]:
        assert outcome(each.ask(either_stage, now=either_stage.house.clock.now())) == "ok"
    people = cast.patients().values()
    words = {word for each in people for word in (each.birth_name, each.usage_name, each.ins, each.ins[:13]) if word}
    words |= {each.address for each in people if each.address} | {"0612345678", "0698765432"}
    files = [each for each in either_stage.house.store.directory.rglob("*") if each.is_file()]
    if either_database != "sqlite":
        cluster: Cluster = request.getfixturevalue("cluster")
        files += cluster.files()
    found = {
        (word, file.name)
        for file in files
        for data in [_now(file)]
        for word in words
        if re.search(rb"(?<![0-9A-Za-z])" + re.escape(word.encode()) + rb"(?![0-9A-Za-z])", data)
    }
    assert found == set()
