from __future__ import annotations

import json
from pathlib import Path

import pytest

from cps_bridge.storage.cipher import Vault
from cps_bridge.storage.journal import Journal
from dossier.failure import Failure
from dossier.patient import Ins

SOPHIE = Ins("287052901990159", "1.2.250.1.213.1.4.10")


@pytest.fixture
def journal(vault: Vault) -> Journal:
    kept = Journal(vault)
    for number in range(4):
        kept.record("deposit", outcome="done", professional="899900000001", patient=SOPHIE, subject=str(number))
    return kept


def test_entries_come_back_in_order_and_verified(journal: Journal) -> None:
    journal.verify()
    assert [(entry.seq, entry.subject, entry.patient) for entry in journal.entries()] == [
        (number + 1, str(number), SOPHIE) for number in range(4)
    ]


@pytest.mark.parametrize(
    ("sql", "first_bad"),
    [
        ("UPDATE journal SET outcome = 'refused' WHERE seq = 2", 2),
        ("UPDATE journal SET reason = 'x' WHERE seq = 4", 4),
        ("DELETE FROM journal WHERE seq = 1", 1),
        ("DELETE FROM journal WHERE seq = 3", 3),
        ("DELETE FROM journal WHERE seq = 4", 4),
        ("DELETE FROM journal", 1),
    ],
)
def test_a_changed_or_missing_line_is_named(journal: Journal, vault: Vault, sql: str, first_bad: int) -> None:
    vault.execute(sql)
    with pytest.raises(Failure) as caught:
        journal.verify()
    assert (caught.value.code, caught.value.facts["number"]) == ("JOURNAL_BROKEN", first_bad)


def test_a_journal_begun_before_its_end_was_kept_apart_is_taken_over(journal: Journal, vault: Vault) -> None:
    vault.execute("DROP TABLE journal_end")
    again = Journal(vault)
    again.verify()
    again.record("list", outcome="done")
    again.verify()


def test_the_export_names_no_patient(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    assert journal.export(path) == 4
    text = path.read_text("utf-8")
    assert SOPHIE.matricule not in text
    assert json.loads(text.splitlines()[0])["patient"] == "...159"
