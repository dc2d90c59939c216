"""The practice of the tour: both simulators and a house, in a private directory that goes with them."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cps_bridge.house import House
from cps_bridge.simulated import Simulation
from cps_bridge.storage.settings import Settings

_PREFIX = "cps-bridge-visite-"


@contextmanager
def open_practice(
    *, cps: str = "", vitale: str = "", trace: Path | None = None, authority: Path | None = None
) -> Iterator[House]:
    """Open a house on both simulators; everything it wrote, but for the trace, is deleted at the end.

    authority: a directory of test keys to use again instead of making new ones. Raises Failure SIMULATOR_DOWN.
    """
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as place:
        directory = Path(place)
        if authority is not None:
            (directory / "authority").symlink_to(authority.resolve(), target_is_directory=True)
        with Simulation.start(directory, cps=cps, vitale=vitale) as simulation:
            key = secrets.token_bytes(32)
            port, application = simulation.port, simulation.application
            house = House(Settings(), port, directory, key, simulation.address, trace=trace, application=application)
            house.simulation = simulation
            try:
                yield house
            finally:
                house.close()


@contextmanager
def open_production_desk(simulation: Simulation) -> Iterator[House]:
    """Open a house set for production on the same readers, without trace: it refuses test cards."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as place:
        port = simulation.another_port()
        key = secrets.token_bytes(32)
        house = House(Settings(production=True), port, Path(place), key, simulation.address)
        try:
            yield house
        finally:
            house.close()
