"""The access log shows every change that somebody made to it: chain, head and seal."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from host_sim import audit_check
from host_sim.__main__ import main
from host_sim.audit import Audit
from host_sim.audit_seal import Head, Seal, chained
from host_sim.store import Store

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path)
    yield opened
    opened.close()


def _filled(store: Store, count: int = 5) -> Audit:
    audit = Audit(store)
    for number in range(count):
        audit.record(NOW, "TD0.2", "ok", patient=f"{number}", reason="parce que")
    audit.close()
    return audit


def _spoil(store: Store, statement: str, *values: object) -> None:
    with store.transaction() as cursor:
        cursor.execute(statement, values)


def test_a_log_that_nobody_touched_is_intact_and_sealed_to_its_last_row(store: Store) -> None:
    audit = _filled(store)
    assert audit_check.verify(audit) == audit_check.Verdict(rows=5, sealed=5)


def test_an_empty_log_is_intact(store: Store) -> None:
    assert audit_check.verify(Audit(store)) == audit_check.Verdict(rows=0, sealed=0)


@pytest.mark.parametrize("column", ["at", "who", "name", "structure", "tx", "patient", "reason", "outcome", "objects"])
def test_a_changed_value_is_found_at_its_row(store: Store, column: str) -> None:
    audit = _filled(store)
    _spoil(store, f"UPDATE access_chain SET {column} = 'x' WHERE number = 3")
    verdict = audit_check.verify(audit)
    assert (verdict.broken, verdict.problem) == (3, "la ligne a été changée")


def test_a_name_or_a_reason_whose_encryption_was_changed_is_found_at_its_row(store: Store) -> None:
    audit = _filled(store)
    _spoil(store, "UPDATE access_chain SET reason = substr(reason, 1, length(reason) - 8) WHERE number = 4")
    verdict = audit_check.verify(audit)
    assert (verdict.broken, verdict.problem) == (4, "la ligne a été changée")


def test_a_row_taken_out_is_found(store: Store) -> None:
    audit = _filled(store)
    _spoil(store, "DELETE FROM access_chain WHERE number = 2")
    assert (audit_check.verify(audit).broken, audit_check.verify(audit).problem) == (2, "la ligne manque")


def test_rows_cut_off_at_the_end_are_found_even_when_the_head_was_set_back(store: Store) -> None:
    audit = _filled(store)
    _spoil(store, "DELETE FROM access_chain WHERE number > 3")
    _spoil(store, "UPDATE access_head SET number = 3, hash = ?", audit.hash_of(3))
    verdict = audit_check.verify(audit)
    assert (verdict.broken, verdict.problem) == (4, "des lignes scellées manquent à la fin")


def test_a_log_cut_then_continued_keeps_telling(store: Store) -> None:
    audit = _filled(store)
    _spoil(store, "DELETE FROM access_chain WHERE number > 3")
    _spoil(store, "UPDATE access_head SET number = 3, hash = ?", audit.hash_of(3))
    _filled(store, 4)
    verdict = audit_check.verify(audit)
    assert (verdict.broken, verdict.problem) == (5, "la ligne n'est pas celle qui a été scellée")


def test_a_log_rewritten_with_a_right_chain_is_not_the_sealed_one(store: Store) -> None:
    audit = _filled(store)
    last = ""
    for number, values, _ in list(audit.stored()):
        last = chained(last, (number, *values[:8], "autre raison", *values[9:]))
        _spoil(store, "UPDATE access_chain SET reason = 'autre raison', hash = ? WHERE number = ?", last, number)
    _spoil(store, "UPDATE access_head SET hash = ?", last)
    assert audit_check.verify(audit).problem == "la ligne n'est pas celle qui a été scellée"


def test_a_seal_that_another_key_made_is_no_seal(store: Store, tmp_path: Path) -> None:
    audit = _filled(store)
    (tmp_path / "audit" / "key").write_bytes(b"x" * 32)
    assert audit_check.verify(audit).problem == "le sceau manque ou n'est pas le nôtre"


def test_a_seal_taken_away_is_not_made_again(store: Store, tmp_path: Path) -> None:
    audit = _filled(store)
    (tmp_path / "audit" / "head.json").unlink()
    _filled(store, 1)
    assert audit_check.verify(audit).problem == "le sceau manque ou n'est pas le nôtre"


def test_rows_that_a_sudden_death_left_unsealed_are_no_alteration(store: Store, tmp_path: Path) -> None:
    audit = _filled(store)
    Seal(tmp_path).write(Head(3, audit.hash_of(3)))
    assert audit_check.verify(audit) == audit_check.Verdict(rows=5, sealed=3)


def test_a_call_rolled_back_leaves_no_row_and_no_seal(store: Store) -> None:
    audit = Audit(store)
    with pytest.raises(RuntimeError), store.transaction():
        audit.record(NOW, "TD0.2", "ok")
        raise RuntimeError
    audit.record(NOW, "TD1.1", "ok")
    audit.close()
    assert [row["transaction"] for row in audit.rows()] == ["TD1.1"]
    assert audit_check.verify(audit) == audit_check.Verdict(rows=1, sealed=1)


def _write(directory: Path, count: int) -> None:
    store = Store.open(directory)
    _filled(store, count)
    store.close()


def test_several_processes_write_one_chain(tmp_path: Path) -> None:
    Audit(Store.open(tmp_path)).close()
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(tmp_path, 20)) for _ in range(3)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    store = Store.open(tmp_path)
    verdict = audit_check.verify(Audit(store))
    store.close()
    assert (verdict.rows, verdict.problem) == (60, "")


def test_the_key_is_for_its_owner_alone(store: Store, tmp_path: Path) -> None:
    _filled(store)
    assert (tmp_path / "audit" / "key").stat().st_mode & 0o077 == 0


def test_the_command_says_intact_then_altered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store.open(tmp_path)
    _filled(store)
    assert main(["verify", "--data", str(tmp_path)]) == 0
    assert "intact\u00a0: 5 lignes" in capsys.readouterr().out
    _spoil(store, "UPDATE access_chain SET outcome = 'refus' WHERE number = 4")
    store.close()
    assert main(["verify", "--data", str(tmp_path)]) == 1
    assert "altéré à la ligne 4" in capsys.readouterr().out


def test_the_help_is_in_french(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["serve", "--help"], ["show", "--help"], ["verify", "--help"], ["atna", "--help"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        shown = capsys.readouterr().out
        assert ended.value.code == 0
        assert shown.startswith("utilisation\u00a0: ")
        assert not {"usage", "show this", "exit", "required", "optional"} & {shown[:6], *shown.split("\n")}
    with pytest.raises(SystemExit) as ended:
        main(["verify"])
    assert (ended.value.code, "il manque --data" in capsys.readouterr().err) == (2, True)


def test_the_export_as_json_lines_still_holds_every_row(store: Store) -> None:
    lines = _filled(store).export().splitlines()
    assert [json.loads(line)["patient"] for line in lines] == ["0", "1", "2", "3", "4"]
