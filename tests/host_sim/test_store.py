"""The store on each database: what is committed, what is undone, who waits for whom."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from card_sim import cast
from host_sim import dossiers
from host_sim.house import House
from host_sim.postgres import translated, translated_schema
from host_sim.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS things (
    seq INTEGER PRIMARY KEY, name TEXT NOT NULL, flag INTEGER NOT NULL DEFAULT 0, data BLOB NOT NULL DEFAULT '');
CREATE UNIQUE INDEX IF NOT EXISTS things_name ON things (name) WHERE flag = 1;
"""
ADD = "INSERT INTO things (name) VALUES (?)"


@pytest.fixture
def store(tmp_path: Path, either_database: str) -> Iterator[Store]:
    made = Store.open(tmp_path / "data", either_database)
    made.ensure(SCHEMA)
    yield made
    made.close()


def names(store: Store) -> list[str]:
    with store.reading() as cursor:
        return [row["name"] for row in cursor.execute("SELECT name FROM things ORDER BY seq")]


def test_what_is_committed_is_read_by_name_and_by_index(store: Store) -> None:
    with store.transaction() as cursor:
        cursor.execute("INSERT INTO things (name, flag, data) VALUES (?,?,?)", ("é ? '", True, b"\0\xff"))
        assert cursor.rowcount == 1
    with store.reading() as cursor:
        row = cursor.execute("SELECT seq, name, flag, data FROM things WHERE name <> '?'").fetchone()
    assert row is not None
    assert (row["name"], row[2], bytes(row["data"]), len(row)) == ("é ? '", 1, b"\0\xff", 4)
    assert list(row)[1] == row["name"]
    assert dict(row)["flag"] == 1
    assert list(row.keys()) == ["seq", "name", "flag", "data"]


def test_what_raises_is_undone(store: Store) -> None:
    with pytest.raises(KeyError), store.transaction() as cursor:
        cursor.execute(ADD, ("lost",))
        raise KeyError
    assert names(store) == []


@pytest.mark.parametrize("begun", [True, False])
def test_an_inner_block_joins_the_outer_one(store: Store, begun: bool) -> None:
    with pytest.raises(KeyError), store.transaction() as cursor:
        if begun:
            cursor.execute(ADD, ("outer",))
        with store.transaction() as inner:
            inner.execute(ADD, ("inner",))
        raise KeyError
    assert names(store) == []


@pytest.mark.parametrize("begun", [True, False])
def test_what_raises_out_of_an_inner_block_undoes_that_block_only(store: Store, begun: bool) -> None:
    with store.transaction() as cursor:
        if begun:
            cursor.execute(ADD, ("outer",))
        with pytest.raises(KeyError), store.transaction() as inner:
            inner.execute(ADD, ("inner",))
            raise KeyError
        cursor.execute(ADD, ("after",))
    assert names(store) == (["outer", "after"] if begun else ["after"])


def test_a_reading_inside_a_transaction_sees_what_this_one_wrote(store: Store) -> None:
    with store.transaction() as cursor:
        cursor.execute(ADD, ("mine",))
        assert names(store) == ["mine"]


def test_a_reading_is_not_held_up_by_who_writes(store: Store) -> None:
    with store.transaction() as cursor, ThreadPoolExecutor(1) as other:
        cursor.execute(ADD, ("not yet",))
        assert other.submit(names, store).result(20) == []
    assert names(store) == ["not yet"]


def test_before_its_first_statement_a_transaction_holds_up_nobody(store: Store) -> None:
    def add() -> None:
        with store.transaction() as cursor:
            cursor.execute(ADD, ("other",))

    with store.transaction() as cursor, ThreadPoolExecutor(1) as other:
        other.submit(add).result(20)
        cursor.execute(ADD, ("late",))
    assert names(store) == ["other", "late"]


def test_who_holds_a_name_is_waited_for(store: Store) -> None:
    held, asked = threading.Event(), threading.Event()

    def second() -> list[str]:
        held.wait(20)
        with store.transaction():
            asked.set()
            store.lock("dossier 1", "dossier 0")
            return names(store)

    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(second)
        with store.transaction() as cursor:
            store.lock("dossier 1")
            held.set()
            asked.wait(20)
            cursor.execute(ADD, ("first",))
        assert waiting.result(20) == ["first"]


def test_a_name_is_free_after_a_failure(store: Store) -> None:
    with pytest.raises(KeyError), store.transaction():
        store.lock("dossier 1")
        raise KeyError
    with ThreadPoolExecutor(1) as other:
        assert other.submit(_lock, store).result(20)


def _lock(store: Store) -> bool:
    with store.transaction():
        store.lock("dossier 1")
    return True


def test_writers_of_many_threads_lose_nothing(store: Store) -> None:
    def add(number: int) -> None:
        with store.transaction() as cursor:
            store.lock("counter")
            known = cursor.execute("SELECT count(*) FROM things").fetchone()
            assert known is not None
            cursor.execute(ADD, (str(known[0]),))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(80)))
    assert names(store) == [str(number) for number in range(80)]


def test_a_partial_index_binds_the_rows_it_names(store: Store) -> None:
    with store.transaction() as cursor:
        for flag in (0, 0, 1):
            cursor.execute("INSERT INTO things (name, flag) VALUES (?,?)", ("same", flag))
    with pytest.raises(Exception, match=r"(?i)unique"), store.transaction() as cursor:
        cursor.execute("INSERT INTO things (name, flag) VALUES (?,?)", ("same", 1))


def test_the_store_is_found_again(store: Store, tmp_path: Path, either_database: str) -> None:
    with store.transaction() as cursor:
        cursor.execute(ADD, ("kept",))
    store.close()
    again = Store.open(tmp_path / "data", either_database)
    again.ensure(SCHEMA)
    assert names(again) == ["kept"]
    again.close()


@pytest.mark.parametrize("begun", [True, False])
def test_tables_may_be_made_in_the_middle_of_a_transaction(store: Store, begun: bool) -> None:
    with store.transaction() as cursor:
        if begun:
            cursor.execute(ADD, ("one",))
        store.ensure("CREATE TABLE IF NOT EXISTS late (name TEXT PRIMARY KEY);\n")
        cursor.execute("INSERT INTO late (name) VALUES (?)", ("two",))
    with store.reading() as cursor:
        assert cursor.execute("SELECT name FROM late").fetchone() is not None


def test_two_directories_share_nothing(store: Store, tmp_path: Path, either_database: str) -> None:
    with store.transaction() as cursor:
        cursor.execute(ADD, ("mine",))
    other = Store.open(tmp_path / "other", either_database)
    other.ensure(SCHEMA)
    assert names(other) == []
    other.close()


def test_text_is_compared_byte_by_byte(store: Store) -> None:
    with store.transaction() as cursor:
        for name in ("b", "B", "é", "a", "_"):
            cursor.execute(ADD, (name,))
        rows = cursor.execute("SELECT name FROM things ORDER BY name").fetchall()
    assert [row["name"] for row in rows] == ["B", "_", "a", "b", "é"]


def test_placeholders_are_numbered_outside_literals() -> None:
    assert translated("SELECT '?', \"?\" FROM t WHERE a = ? AND b IN (?,?)") == (
        "SELECT '?', \"?\" FROM t WHERE a = $1 AND b IN ($2,$3)"
    )


def test_types_are_those_of_postgresql() -> None:
    assert translated_schema("CREATE TABLE t (seq INTEGER PRIMARY KEY, blob TEXT NOT NULL, b BLOB, n INTEGER);") == (
        "CREATE TABLE t (seq BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "
        'blob TEXT COLLATE "C" NOT NULL, b BYTEA, n BIGINT);'
    )


def test_data_of_an_earlier_form_are_put_aside(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "one").write_bytes(b"clear")
    with closing(sqlite3.connect(tmp_path / "host.sqlite")) as old:
        old.execute("CREATE TABLE dossiers (ins TEXT PRIMARY KEY)")
        old.commit()
    house = House.open(tmp_path, "sqlite")
    assert dossiers.dossier(house.store, cast.patients()["jean"].ins) is not None
    house.close()
    (aside,) = tmp_path.glob("former-*")
    assert (aside / "blobs" / "one").read_bytes() == b"clear"
    assert (aside / "host.sqlite").is_file()
    House.open(tmp_path, "sqlite").close()
    assert list(tmp_path.glob("former-*")) == [aside]
