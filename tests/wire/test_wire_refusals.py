"""Every code that the host may send has a sentence and a remedy of its own, in both languages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from dossier.failure import Failure, catalogue
from soap_clients.faults import KNOWN, refusal
from soap_clients.xds.answers import failure_of

HOST = Path(__file__).parents[2] / "host_sim"
SYNONYMS = {"DMPUnknownPatient", "DMPNotFound"}
"""Two codes of one meaning: no dossier."""


def codes_of(file: str) -> set[str]:
    return set(tomllib.loads((HOST / "data" / file).read_text("utf-8")))


FAULTS = codes_of("faults.toml") | codes_of("refusals.toml")
REGISTRY = {
    code
    for path in HOST.rglob("*.py")
    if "ihe" not in path.parts
    for code in re.findall(r'"(XDS[A-Za-z]{4,})"', path.read_text("utf-8"))
    if not code.startswith(("XDSDocumentEntry", "XDSSubmissionSet", "XDSFolder"))
}


def shown(failure: Failure) -> None:
    for language in ("fr", "en"):
        entry = catalogue(language)[failure.code]
        assert entry["sentence"].strip()
        assert entry["remedy"].strip()
        assert "{" not in failure.sentence(language) + failure.remedy(language)
        assert "?" not in failure.sentence(language)


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_a_refusal_of_the_host_has_its_own_sentence(code):
    failure = refusal(code, "texte du serveur")
    assert failure.code != "HOST_FAULT"
    shown(failure)


def test_no_two_refusals_share_a_sentence():
    said = [KNOWN[code]({"code": code, "detail": ""}).code for code in sorted(FAULTS - SYNONYMS)]
    assert len(said) == len(set(said))


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_an_error_of_the_registry_has_its_own_sentence(code):
    failure = failure_of(code, "texte du serveur")
    assert failure is not None
    shown(failure)


def test_an_unknown_code_is_shown_with_the_words_of_the_host():
    failure = refusal("DMPQuelqueChose", "Le service est en travaux")
    assert failure.code == "HOST_FAULT"
    assert "DMPQuelqueChose" in failure.sentence()
    assert "Le service est en travaux" in failure.sentence()
    assert failure_of("XDSQuelqueChose") is None
