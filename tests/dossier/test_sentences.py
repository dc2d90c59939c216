"""Every code that the program can raise has its sentence and remedy, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dossier.failure import Kind, catalogue

ROOT = Path(__file__).parents[2]
ROOMS = ("dossier", "soap_clients", "cps_bridge", "connectors", "gui")
RAISED = {
    code: path.relative_to(ROOT)
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    for code in re.findall(r'Failure\(\s*"([A-Z_0-9]+)"', path.read_text("utf-8"))
}
FRENCH, ENGLISH = catalogue("fr"), catalogue("en")


@pytest.mark.parametrize("code", sorted(RAISED))
def test_a_code_has_a_french_and_an_english_sentence_and_remedy(code: str) -> None:
    for language in (FRENCH, ENGLISH):
        assert language[code]["sentence"].strip(), RAISED[code]
        assert language[code]["remedy"].strip()


@pytest.mark.parametrize("code", sorted(FRENCH.keys() | ENGLISH.keys()))
def test_both_languages_agree_on_kind_and_facts(code: str) -> None:
    french, english = FRENCH[code], ENGLISH[code]
    assert french["kind"] == english["kind"]
    assert Kind[french["kind"].upper()]
    facts = [sorted(set(re.findall(r"\{(\w+)\}", each["sentence"] + each["remedy"]))) for each in (french, english)]
    assert facts[0] == facts[1]


@pytest.mark.parametrize("code", sorted(FRENCH))
def test_french_punctuation_has_its_non_breaking_spaces(code: str) -> None:
    text = FRENCH[code]["sentence"] + " " + FRENCH[code]["remedy"]
    assert not re.search(r"[^\u00a0][;!?»]", text), text
    assert not re.search(r"«[^\u00a0]", text), text
    assert not re.search(r" :", text), text
