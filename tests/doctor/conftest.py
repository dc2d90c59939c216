from __future__ import annotations

from pathlib import Path

import pytest
from doctor_stage import Issuer, make_issuer

from card_sim.authority import Authority
from card_sim.deck import Deck
from card_sim.reader import InProcessReaders
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
