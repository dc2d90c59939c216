from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from doctor_stage import Issuer, make_issuer

from card_sim.authority import Authority
from card_sim.deck import Deck
from card_sim.reader import InProcessReaders
from cps_bridge.house import House
from cps_bridge.simulated import Simulation
from cps_bridge.storage.settings import Settings
from dossier.certificate import Certificate


@pytest.fixture(scope="session")
def authority(authority_dir: Path) -> Authority:
    return Authority.open(authority_dir)


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return make_issuer()


@pytest.fixture(scope="session")
def authority_of_property(authority: Authority) -> tuple[Certificate, bytes]:
    """An authority and a certificate under it, for properties."""
    return Certificate.parse(authority.card_chain[0]), authority.card_material("generaliste")[3]


@pytest.fixture
def deck(authority: Authority) -> Deck:
    return Deck(authority)


@pytest.fixture
def readers() -> InProcessReaders:
    return InProcessReaders()


@pytest.fixture
def simulation(tmp_path: Path, authority_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulation]:
    """Both simulators, readers in the process."""
    for name in ("CPS_BRIDGE_VPCD", "CPS_BRIDGE_VPCD_READERS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "authority").symlink_to(authority_dir)
    with Simulation.start(tmp_path) as started:
        yield started


@pytest.fixture
def house(simulation: Simulation, tmp_path: Path) -> Iterator[House]:
    """A house over the simulators."""
    settings = Settings(card_ca=str(simulation.address.ca_file))
    opened = House(settings, simulation.port, tmp_path, bytes(32), simulation.address)
    opened.simulation = simulation
    yield opened
    opened.close()
