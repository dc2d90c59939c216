"""The card cases of the bench run; what they count is judged here, what they time is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import __main__ as bench

pytestmark = pytest.mark.pcsc


@pytest.fixture
def measured(vpcd_pair: object, authority_dir: Path, capsys: pytest.CaptureFixture[str]):
    """Runs a case once, where virtual readers can be had, and gives its line."""

    def measure(name: str) -> dict:
        assert bench.main([name, "--json", "--quick"]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        return json.loads(line)

    return measure


def test_a_session_and_a_vitale_cost_no_more_commands_than_were_written_down(measured):
    found = measured("card-commands")
    assert found["value"] <= found["reference"]


@pytest.mark.parametrize("what", ["calls", "connections"])
def test_the_card_signs_once_for_ten(measured, what):
    assert measured(f"card-signatures-{what}")["value"] == 1


@pytest.mark.parametrize("name", ["card-session", "card-session-10ms", "card-heartbeat"])
def test_a_timed_case_gives_its_fields(measured, name):
    found = measured(name)
    assert found["case"] == name
    assert found["value"] > 0
