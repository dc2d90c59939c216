"""What the doctor examines: the parts of a house, or of a computer where none is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cps_bridge.cards.service import Backend, CardService, KeyUse
from cps_bridge.house import HostAddress, House
from cps_bridge.storage.keys import find_key
from cps_bridge.storage.outbox import Outbox
from cps_bridge.storage.place import is_new
from cps_bridge.storage.settings import Settings
from dossier.clock import Clock, system_clock
from dossier.failure import Failure
from dossier.finding import Health
from dossier.signer import Signer

_OF_THE_VAULT = ("VAULT_", "STORAGE_", "DATA_UNWRITABLE", "PASSPHRASE_")
"""How the codes of failures begin that say why a vault does not open."""

FindKey = Callable[[], bytes]
"""Gives the key of the vault; may raise Failure."""


@dataclass(frozen=True)
class Place:
    """The parts, each reached when it is examined, by the thread that examines it.

    settings, address: as read, or why they could not be; cards, outbox: open the part for the time of a block, and
    raise Failure; reader_names: every reader of the computer, whatever the settings keep; signer: the authentication
    key of the open session, None without one; is_inside: readers are simulated inside the process; vault_is_open: the
    key of the vault was given.
    """

    directory: Path
    settings: Settings | Failure
    address: HostAddress | Failure | None
    cards: Callable[[], AbstractContextManager[CardService]]
    outbox: Callable[[], AbstractContextManager[Outbox | None]]
    reader_names: Callable[[], tuple[str, ...]]
    signer: Callable[[], Signer | None] = lambda: None
    is_inside: bool = False
    vault_is_open: bool = False
    clock: Clock = system_clock

    @property
    def known_settings(self) -> Settings:
        """The settings, or the ones of the beginning where they cannot be read."""
        return self.settings if isinstance(self.settings, Settings) else Settings()

    def now(self) -> datetime:
        """The time of this computer, with its zone."""
        return self.clock().astimezone(UTC)


def place_of(house: House) -> Place:
    """Give the parts of an open house."""
    is_inside = house.simulation is not None and not house.simulation.real_pcsc

    def signer() -> Signer | None:
        session = house.session
        return house.cards.signer(session.epoch, KeyUse.AUTHENTICATION) if session else None

    def names() -> tuple[str, ...]:
        return tuple(slot.reader for slot in house.cards.slots()) if is_inside else _every_reader()

    return Place(
        house.directory,
        house.settings,
        house.address,
        cards=lambda: nullcontext(house.cards),
        outbox=lambda: nullcontext(house.outbox),
        reader_names=names,
        signer=signer,
        is_inside=is_inside,
        vault_is_open=True,
        clock=house.desk.clock,
    )


def place_without_house(
    directory: Path,
    settings: Settings | Failure,
    address: HostAddress | Failure | None,
    failure: Failure | None,
    key: FindKey | None,
) -> Place:
    """Give the parts of a computer without a house."""
    known = settings if isinstance(settings, Settings) else Settings()
    return Place(
        directory,
        settings,
        address,
        cards=lambda: _cards(known),
        outbox=lambda: _outbox(directory, failure, key),
        reader_names=_every_reader,
    )


@contextmanager
def _cards(settings: Settings) -> Iterator[CardService]:
    """Watch the readers for the time of an examination."""
    from cps_bridge.cards.pcsc import PcscReaders

    port = PcscReaders(only=frozenset(settings.readers) or None)
    service = CardService(
        port, test_allowed=not settings.production, limit=settings.card_seconds, backend=_backend(settings)
    )
    service.start()
    try:
        yield service
    finally:
        service.close()


def _backend(settings: Settings) -> Backend | None:
    """Give the module of the settings once another process was none the worse for it."""
    from cps_bridge.doctor.module import examine_module

    if settings.card_backend != "pkcs11" or examine_module(settings).state is Health.BAD:
        return None
    from cps_bridge.cards.pkcs11 import Pkcs11Module

    return Pkcs11Module.load(settings.pkcs11_module)


def _every_reader() -> tuple[str, ...]:
    from cps_bridge.cards.pcsc import PcscReaders

    port = PcscReaders()
    try:
        return tuple(name for name, _, _ in port.readers())
    finally:
        port.close()


@contextmanager
def _outbox(directory: Path, failure: Failure | None, key: FindKey | None) -> Iterator[Outbox | None]:
    """Open the outbox of a vault that exists; None where there is no vault yet.

    Raises the failure that kept the house from opening when it was the vault's; Failure KEYRING_MISSING when no key is
    kept, and as Vault does.
    """
    from cps_bridge.storage.cipher import Vault

    if failure is not None and failure.code.startswith(_OF_THE_VAULT):
        raise failure
    if is_new(directory):
        yield None
        return
    vault = Vault(directory / "vault.db", key() if key else _kept_key(directory))
    try:
        yield Outbox(vault, directory)
    finally:
        vault.close()


def _kept_key(directory: Path) -> bytes:
    key = find_key(directory)
    if key is None:
        raise Failure("KEYRING_MISSING")
    return key
