"""The doctor's sentences: each is used, each is complete, and the handbook says them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cps_bridge.doctor.handbook import markdown
from cps_bridge.doctor.words import ORDER, rows, say, title
from dossier.finding import Health

ROOT = Path(__file__).parents[2]
SOURCE = "".join(path.read_text("utf-8") for path in (ROOT / "cps_bridge" / "doctor").glob("*.py"))
_ROWS = "|".join(ORDER)
SAID = set(re.findall(rf'"((?:{_ROWS})\.[a-z_0-9]+)"', SOURCE))
FINDINGS = {f"{row}.{name}": entry for row in ORDER for name, entry in rows()[row].items() if isinstance(entry, dict)}


def test_the_documented_rows_are_those_of_the_program() -> None:
    documented = (ROOT / "docs" / "doctor.md").read_text("utf-8")
    assert documented == markdown(), "python -m cps_bridge.doctor.handbook > docs/doctor.md"


def test_every_sentence_is_said_somewhere_and_every_word_said_has_its_sentence() -> None:
    assert FINDINGS.keys() == SAID


@pytest.mark.parametrize("name", sorted(FINDINGS))
def test_a_sentence_is_complete(name: str) -> None:
    entry = FINDINGS[name]
    state = Health(entry["state"])
    assert entry["cause"].strip() and entry["meaning"].strip()
    assert bool(entry.get("remedy", "").strip()) == (state is not Health.GOOD)


@pytest.mark.parametrize("name", sorted(FINDINGS))
def test_french_punctuation_has_its_non_breaking_spaces(name: str) -> None:
    text = f"{FINDINGS[name]['cause']} {FINDINGS[name].get('remedy', '')}"
    assert not re.search(r"[^\u00a0][;!?»]", text), text
    assert not re.search(r"«[^\u00a0]| :", text), text


@pytest.mark.parametrize("name", sorted(FINDINGS))
def test_a_sentence_takes_its_facts(name: str) -> None:
    entry = FINDINGS[name]
    facts = set(re.findall(r"\{(\w+)\}", entry["cause"] + entry.get("remedy", "")))
    finding = say(name, **dict.fromkeys(facts, "7"))
    assert finding.id == name.partition(".")[0]
    assert "{" not in finding.cause + finding.remedy


def test_every_row_has_a_title_that_fits_on_the_telephone() -> None:
    assert all(0 < len(title(row)) <= 20 for row in ORDER)
