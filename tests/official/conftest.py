"""Where the official rules are: beside the checkout, never inside it."""

from __future__ import annotations

from pathlib import Path

import pytest

RULES = Path(__file__).resolve().parents[3] / "shared" / "official"


@pytest.fixture(scope="session")
def rules() -> Path:
    """Give the folder of the official rules; skips, saying so, when it is not there."""
    if not (RULES / "check_cda.py").is_file():
        pytest.skip("the official rules are not beside the checkout (../shared/official)")
    return RULES
