"""The link to the host that a house makes for one card: its address, and the keys that stay in the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cps_bridge.cards.service import CardService, ProfessionalCard
from cps_bridge.cards.signer import KeyUse
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows.structure_keys import StructureKeys
from dossier.clock import Clock
from dossier.context import CardEpoch
from dossier.professional import Activity
from dossier.signer import Signer

if TYPE_CHECKING:
    from soap_clients.host import Host


@dataclass(frozen=True)
class HostAddress:
    """Where the host is: base URL or exact addresses by service, and the authorities trusted for it."""

    base_url: str
    ca_file: Path
    services: Mapping[str, str] | None = None
    insi_url: str = ""


@dataclass(frozen=True)
class CardKeys:
    """The keys of one stay of one card."""

    cards: CardService
    epoch: CardEpoch

    def signer(self, use: KeyUse) -> Signer:
        """Give one of them; raises Failure CARD_KEY_MISSING, CARD_REMOVED."""
        return self.cards.signer(self.epoch, use)


def connect(
    settings: Settings,
    address: HostAddress,
    keys: CardKeys,
    card: ProfessionalCard,
    activity: Activity,
    *,
    trace: Path | None,
    clock: Clock,
) -> Host:
    """Connect the holder of a card to the host; nothing leaves yet."""
    signature = keys.signer(KeyUse.SIGNATURE) if settings.vihf_signed and card.signature else None
    return _connect(
        settings,
        address,
        keys.signer(KeyUse.AUTHENTICATION),
        card,
        activity,
        trace=trace,
        signature=signature,
        clock=clock,
    )


def connect_structure(
    settings: Settings,
    address: HostAddress,
    keys: StructureKeys,
    card: ProfessionalCard,
    activity: Activity,
    *,
    trace: Path | None,
    clock: Clock,
) -> Host:
    """Connect a professional by the certificates of the establishment (indirect modes); nothing leaves yet."""
    return _connect(
        *(settings, address, keys.connection, card, activity),
        trace=trace,
        signature=keys.signature,
        clock=clock,
        mode=keys.mode,
        person=keys.person,
    )


def _connect(
    settings: Settings,
    address: HostAddress,
    connection: Signer,
    card: ProfessionalCard,
    activity: Activity,
    *,
    trace: Path | None,
    **how: Any,
) -> Host:
    from soap_clients.host import Endpoints, Host, Software
    from soap_clients.trace import Trace
    from soap_clients.transport import Transport

    endpoints = Endpoints.from_json(address.services) if address.services else Endpoints.from_base(address.base_url)
    if address.insi_url:
        endpoints = replace(endpoints, insi=address.insi_url)
    transport = Transport(
        connection,
        address.ca_file,
        connect_timeout=settings.connect_seconds,
        read_timeout=settings.read_seconds,
        trace=Trace(trace) if trace else None,
    )
    software = Software(
        name=settings.software_name,
        version=software_version(),
        oid=settings.software_oid,
        instance=settings.software_instance,
        homologation=settings.homologation,
    )
    return Host(endpoints, transport, card.professional, activity, software, hash_name=settings.hash_name, **how)


def software_version() -> str:
    """Give the version of the installed package, the one the VIHF announces."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("cps-bridge")
    except PackageNotFoundError:
        return "0.1.0"
