"""Cards of the simulator behind the real PC/SC service, and the programs of others that judge them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from witness_stage import PATIENCE, Tools, needs, wait_for_card, wait_until_empty

from card_sim.authority import Authority
from card_sim.deck import card_named
from card_sim.faults import BreakableCard
from card_sim.vpcd import insert


@pytest.fixture(scope="session")
def authority(authority_dir: Path) -> Authority:
    return Authority.open(authority_dir)


@pytest.fixture
def card(authority: Authority) -> Callable[[str], BreakableCard]:
    """Makes a new card of the cast, by name."""
    return lambda name: card_named(name, authority)


@pytest.fixture(scope="module")
def tool_environment(opensc_conf: Path) -> dict[str, str]:
    """The environment of a tool of OpenSC that must be blind to the readers of other workers."""
    return {**os.environ, "OPENSC_CONF": str(opensc_conf), "LC_ALL": "C.UTF-8"}


@pytest.fixture(scope="module")
def tools(tool_environment) -> Tools:
    """Runs a tool and gives the finished process."""
    needs("opensc-tool", "openssl")

    def run(*command: str, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, env=tool_environment, check=False, **options
        )

    return run


@pytest.fixture
def put(vpcd_pair, card) -> Iterator[Callable[[int, str], tuple]]:
    """Inserts a card in slot 0 or 1 and waits until PC/SC shows it; cards leave at the end, in sight of PC/SC."""
    inserted = []

    def place(slot: int, name: str):
        one = card(name)
        wait_until_empty(vpcd_pair[2][slot])
        inserted.append((insert(one, vpcd_pair[slot]), slot))
        wait_for_card(vpcd_pair[2][slot])
        return one, inserted[-1][0]

    yield place
    for each, _ in inserted:
        each.remove()
    for _, slot in inserted:
        wait_until_empty(vpcd_pair[2][slot])


@pytest.fixture
def cps(put) -> BreakableCard:
    """The general practitioner's card in the first slot."""
    return put(0, "generaliste")[0]


@pytest.fixture
def reader(vpcd_pair) -> str:
    """The PC/SC name of the first slot."""
    return vpcd_pair[2][0]


@pytest.fixture(scope="session")
def module() -> str:
    """The PKCS#11 module of OpenSC."""
    found = next(iter(Path("/usr/lib").glob("*/opensc-pkcs11.so")), None)
    if found is None:
        pytest.skip("the PKCS#11 module of OpenSC is not installed")
    return str(found)


@pytest.fixture
def pkcs11(tools, reader, module) -> Tools:
    """Runs pkcs11-tool on the card of the first slot."""
    needs("pkcs11-tool")
    return lambda *options: tools("pkcs11-tool", "--module", module, "--slot-description", reader, *options)
