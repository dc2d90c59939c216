"""All rows, always and in their order, whatever hangs or breaks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from doctor_stage import BAD, GOOD, WARNING, by_id, make_place

from cps_bridge.doctor.examination import _LATE, _UNSEEN, PARTS, Part, examine_place
from cps_bridge.doctor.place import Place
from cps_bridge.doctor.words import ORDER, say
from dossier.failure import Failure
from dossier.finding import Finding


def test_every_row_belongs_to_one_part_and_can_be_late() -> None:
    rows = [row for part in PARTS for row in part.rows]
    assert sorted(rows) == sorted(ORDER) == sorted(_LATE)
    assert all(_LATE[row]().state is BAD for row in ORDER)
    assert {row for part in PARTS for row in part.rows[1:]} <= _UNSEEN.keys()


@pytest.mark.parametrize("hung", range(len(PARTS)))
def test_a_part_that_hangs_is_a_bad_row_of_its_own_and_costs_nobody_else(hung: int) -> None:
    release = threading.Event()

    def hang(place: Place) -> Iterator[Finding]:
        release.wait(30)
        yield say("pcsc.good")

    parts = tuple(
        Part(part.rows, hang if number == hung else lambda place, part=part: _good(part))
        for number, part in enumerate(PARTS)
    )
    found = examine_place(make_place(), parts=parts, limit=0.3)
    release.set()
    assert [each.id for each in found] == list(ORDER)
    first, *others = PARTS[hung].rows
    states = {each.id: each.state for each in found}
    assert states.pop(first) is BAD
    assert all(states.pop(row) is WARNING for row in others)
    assert set(states.values()) == {GOOD}


def _good(part: Part) -> Iterator[Finding]:
    return (Finding(row, GOOD, "bon") for row in part.rows)


def test_a_part_that_hangs_in_its_middle_keeps_what_it_found() -> None:
    release = threading.Event()

    def hang(place: Place) -> Iterator[Finding]:
        yield say("pcsc.good")
        yield say("readers.none")
        release.wait(30)

    rows = PARTS[0].rows
    found = by_id(examine_place(make_place(), parts=(Part(rows, hang),), limit=0.3))
    release.set()
    assert [found[row].state for row in rows] == [GOOD, BAD, BAD, WARNING, WARNING]
    assert found["card"] == say("card.late")


@pytest.mark.parametrize("error", [RuntimeError("CANARI"), Failure("PCSC_DOWN", cause="x"), KeyError("CANARI")])
def test_a_part_that_breaks_is_a_bad_row_that_says_nothing_of_what_broke(error: Exception) -> None:
    def break_down(place: Place) -> Iterator[Finding]:
        raise error
        yield

    found = examine_place(make_place(), parts=(Part(("pcsc", "readers"), break_down),), limit=5)
    assert [each.state for each in found] == [BAD, WARNING]
    assert "CANARI" not in found[0].cause + found[0].remedy


def test_a_computer_with_nothing_has_all_its_rows(tmp_path: Path) -> None:
    found = examine_place(make_place(directory=tmp_path))
    assert [each.id for each in found] == list(ORDER)
    assert by_id(found)["pcsc"].state is BAD


def test_a_vault_held_by_another_program_is_told_in_time(tmp_path: Path) -> None:
    from sqlcipher3 import dbapi2

    from cps_bridge.doctor.place import place_without_house
    from cps_bridge.storage.cipher import Vault
    from cps_bridge.storage.settings import Settings

    key = bytes(range(32))
    Vault(tmp_path / "vault.db", key).close()
    holder = dbapi2.connect(str(tmp_path / "vault.db"), isolation_level=None)
    holder.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        place = place_without_house(tmp_path, Settings(), None, None, lambda: key)
        parts = tuple(part for part in PARTS if part.rows == ("outbox",))
        (found,) = examine_place(place, parts=parts, limit=0.5)
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert found == say("outbox.late") and found.state is BAD
