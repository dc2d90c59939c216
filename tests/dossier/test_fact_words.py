"""French sentences say their facts in French."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dossier.fact_words import in_french
from dossier.failure import Failure

ROOT = Path(__file__).parents[2]
KEPT = {"doctype", "base64", "content-id", "href", "uniqueId", "documents", "include"}
"""Names of the standards, and words that both languages write alike."""


def literal_facts() -> set[str]:
    """Every text that the program gives as the reason or the expectation of a failure."""
    found: set[str] = set()
    for room in ("cps_bridge", "soap_clients", "connectors", "gui"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Failure":
                    for each in node.keywords:
                        if each.arg in ("reason", "expected") and isinstance(each.value, ast.Constant):
                            found.add(each.value.value)
    return found


@pytest.mark.parametrize("value", sorted(literal_facts() - KEPT))
def test_a_reason_that_the_program_gives_has_its_french_words(value: str) -> None:
    assert in_french({"reason": value}) != {"reason": value}


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Failure("DOCUMENT_UNREADABLE", reason="FileNotFoundError"), "introuvable"),
        (Failure("STUDY_UNREADABLE", reason="not a folder"), "ce n'est pas un dossier"),
        (Failure("SETTING_INVALID", name="production", expected="bool"), "oui (true) ou non (false)"),
        (Failure("DICOM_UNREADABLE", reason="SomeLibraryError"), "contenu inattendu"),
        (Failure("SETTINGS_UNREADABLE", reason="l. 1, col. 12"), "l. 1, col. 12"),
    ],
)
def test_a_french_sentence_says_its_facts_in_french(failure: Failure, words: str) -> None:
    assert words in failure.sentence("fr")
    assert not any(foreign in failure.sentence("fr") for foreign in ("Error", "bool", "not a"))


def test_facts_stay_as_they_are_for_programs() -> None:
    failure = Failure("DOCUMENT_UNREADABLE", reason="FileNotFoundError")
    assert failure.facts == {"reason": "FileNotFoundError"}
    assert "FileNotFoundError" in failure.sentence("en")
