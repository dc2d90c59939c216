"""Which virtual readers a worker of the test run may use."""

from __future__ import annotations

import os

import pytest


def own_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep, of the virtual readers of the run, the pair of this worker; none left means readers in the process."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for name in ("CPS_BRIDGE_VPCD", "CPS_BRIDGE_VPCD_READERS"):
        pairs = [pair for pair in os.environ.get(name, "").split(";") if pair]
        if number < len(pairs):
            monkeypatch.setenv(name, pairs[number])
        else:
            monkeypatch.delenv(name, raising=False)
