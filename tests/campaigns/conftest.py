"""How much of a campaign is run: a little in every check, the whole with `pytest tests/campaigns --campaign N`."""

from __future__ import annotations

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--campaign", type=int, default=1, help="how many runs of each campaign; 1: a small number")


@pytest.fixture(scope="session")
def campaign(request: pytest.FixtureRequest) -> int:
    """The count that was asked for; 1 means the small one of a check."""
    return int(request.config.getoption("--campaign", default=1))


@pytest.fixture
def own_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep, of the virtual readers of the run, the pair of this worker."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for name in ("CPS_BRIDGE_VPCD", "CPS_BRIDGE_VPCD_READERS"):
        monkeypatch.setenv(name, os.environ[name].split(";")[number])
