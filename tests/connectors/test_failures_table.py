from __future__ import annotations

from pathlib import Path

from connectors.failures import markdown


def test_the_documented_failures_are_those_of_the_program() -> None:
    documented = Path(__file__).parents[2] / "docs" / "failures.md"
    assert documented.read_text("utf-8") == markdown(), "python -m connectors.failures > docs/failures.md"
