"""A running virtual host, and requests written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from host_wire import Stage

from card_sim.authority import Authority
from host_sim.serving import Host


@pytest.fixture(scope="session")
def authority(authority_dir: Path) -> Authority:
    return Authority.open(authority_dir)


@pytest.fixture(scope="module")
def quiet_stage(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One host for a whole module, whose tests leave it as they found it."""
    yield from _stage(authority, tmp_path_factory.mktemp("host"))


@pytest.fixture
def stage(authority: Authority, tmp_path: Path) -> Iterator[Stage]:
    """A host of one test."""
    yield from _stage(authority, tmp_path)


def _stage(authority: Authority, directory: Path) -> Iterator[Stage]:
    host = Host(directory / "data", authority)
    stage = Stage(authority, host.start(), host.house, directory / "pem")
    yield stage
    stage.close()
    host.stop()
