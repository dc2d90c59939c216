"""A running virtual host, and requests written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from host_wire import Stage
from postgres_cluster import Cluster, UnavailableError

from card_sim.authority import Authority
from host_sim.serving import Host


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="what the hosts of these tests keep their tables in; tests that name a database use that one",
    )


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A private PostgreSQL, started when first asked for."""
    try:
        made = Cluster()
    except UnavailableError as reason:
        pytest.skip(str(reason))
    yield made
    made.stop()


@pytest.fixture(scope="session", autouse=True)
def wanted_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """With --database postgresql, every host of these tests that names no database keeps its tables there."""
    if request.config.getoption("--database", default="sqlite") == "sqlite":
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOST_SIM_DATABASE", request.getfixturevalue("cluster").url)
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def either_database(request: pytest.FixtureRequest) -> str:
    """One run of the test on each database."""
    if request.param == "sqlite":
        return "sqlite"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.url


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


@pytest.fixture
def either_stage(authority: Authority, tmp_path: Path, either_database: str) -> Iterator[Stage]:
    """A host of one test, which runs on each database."""
    yield from _stage(authority, tmp_path, either_database)


def _stage(authority: Authority, directory: Path, database: str = "") -> Iterator[Stage]:
    host = Host(directory / "data", authority, database=database)
    stage = Stage(authority, host.start(), host.house, directory / "pem")
    yield stage
    stage.close()
    host.stop()
