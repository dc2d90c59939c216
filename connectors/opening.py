"""Open the house that the options describe: real readers and host, or both simulators."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from platformdirs import user_data_path

from connectors.hardening import harden
from connectors.terminal import read_secret
from cps_bridge.cards.recorder import recording
from cps_bridge.house import HostAddress, House
from cps_bridge.storage.keys import key_from_keyring, key_from_passphrase
from cps_bridge.storage.place import is_new
from cps_bridge.storage.settings import Settings
from dossier.address import https_address
from dossier.failure import Failure

# What is simulated is fictional: its vault is encrypted like any other, with a passphrase that everybody knows.
_SIMULATION_PASSPHRASE = b"simulation"


class AskPassphrase(Protocol):
    """How to ask a person for the passphrase of the vault."""

    def __call__(self, *, first: bool = False) -> bytearray:
        """Give what was typed; first: it is chosen now, and must be typed twice."""
        ...


@contextmanager
def open_house(options: argparse.Namespace, ask_passphrase: AskPassphrase | None = None) -> Iterator[House]:
    """Open a house and close it, with its simulators when there are some.

    ask_passphrase: how to ask a person, where no keyring keeps the vault's key and no option gives a passphrase.

    Raises Failure of kind input (settings), storage (vault), card (readers).
    """
    directory = options.data or user_data_path("cps-bridge", ensure_exists=False)
    settings = Settings.load(directory)
    harden(production=settings.production)
    if options.simulated:
        yield from _simulated(options, directory, settings)
    else:
        yield from _real(options, directory, settings, ask_passphrase)


def _real(
    options: argparse.Namespace, directory: Path, settings: Settings, ask_passphrase: AskPassphrase | None
) -> Iterator[House]:
    from cps_bridge.cards.pcsc import PcscReaders

    address = host_address(options, settings)
    with recording(PcscReaders(only=frozenset(settings.readers) or None), options.record) as port:
        house = House(
            settings,
            port,
            directory,
            _key(options, directory, ask_passphrase),
            address,
            trace=options.trace,
        )
        house.desk.card_seconds = _patience(options)
        try:
            yield house
        finally:
            house.close()
            port.close()


def _simulated(options: argparse.Namespace, directory: Path, settings: Settings) -> Iterator[House]:
    from cps_bridge.simulated import Simulation

    if settings.production:
        raise Failure("SIMULATION_IN_PRODUCTION")
    key = key_from_passphrase(directory, bytearray(_SIMULATION_PASSPHRASE))
    with Simulation.start(directory, cps=options.cps, vitale=options.vitale) as simulation:
        address = host_address(options, settings) or simulation.address
        if not settings.card_ca:
            settings = settings.changed(card_ca=str(simulation.address.ca_file))
        if not settings.web_url:
            settings = settings.changed(web_url=simulation.host.web)
        application = simulation.application
        with recording(simulation.port, options.record) as port:
            house = House(settings, port, directory, key, address, trace=options.trace, application=application)
            house.simulation = simulation
            house.desk.card_seconds = _patience(options)
            try:
                yield house
            finally:
                house.close()


def _patience(options: argparse.Namespace) -> float | None:
    """A window waits for a card as long as it takes; a command does not."""
    return None if options.command == "window" else float(options.wait)


def _key(options: argparse.Namespace, directory: Path, ask_passphrase: AskPassphrase | None) -> bytes:
    if options.passphrase_fd is not None:
        return key_from_passphrase(directory, read_secret(options.passphrase_fd))
    try:
        return key_from_keyring(directory)
    except Failure as failure:
        if ask_passphrase is None or failure.code != "KEYRING_MISSING":
            raise
        return key_from_passphrase(directory, ask_passphrase(first=is_new(directory)))


def host_address(options: argparse.Namespace, settings: Settings) -> HostAddress | None:
    """Give the host of the options, else of the settings, None without one.

    Raises Failure HOST_ADDRESS_INVALID, HOST_CA_MISSING.
    """
    base, insi = options.host or settings.host_url, options.insi or settings.insi_url
    if insi:
        https_address(insi)
    if not base:
        return None
    https_address(base)
    authorities = options.host_ca or Path(settings.host_ca)
    if not authorities.is_file():
        raise Failure("HOST_CA_MISSING", path=authorities.name)
    return HostAddress(base, authorities, insi_url=insi)
