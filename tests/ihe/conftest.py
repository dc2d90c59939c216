"""A running XDS.b registry and repository, and a client made of text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ihe_wire import Client

from host_sim.ihe.serving import IheHost


class Site:
    """One running profile."""

    def __init__(self, host: IheHost) -> None:
        self.host = host
        self.facts = host.start()
        self.client = Client(self.facts["endpoints"])
        self.repository = self.facts["repositoryUniqueId"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    host = IheHost(tmp_path / "data")
    yield Site(host)
    host.stop()


@pytest.fixture
def client(site: Site) -> Client:
    return site.client
