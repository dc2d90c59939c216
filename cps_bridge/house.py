"""The assembly: settings, readers, host, storage and workers, and the one door to every use case.

Doors (window, command line) call ``House.run`` and get a future; the window subscribes to ``Event``.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cps_bridge.cards.port import ReaderPort
from cps_bridge.cards.service import CardService, ProfessionalCard, Slot
from cps_bridge.cards.signer import KeyUse
from cps_bridge.storage.cipher import Vault
from cps_bridge.storage.consents import Consents
from cps_bridge.storage.journal import Journal
from cps_bridge.storage.outbox import Outbox
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import catalogue
from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.interruption import InterruptibleUser
from cps_bridge.workflows.user import User
from dossier.access import Access, Dossier
from dossier.clock import Clock, system_clock
from dossier.context import CardEpoch, PatientContext
from dossier.failure import Cancelled, Failure
from dossier.professional import Activity

if TYPE_CHECKING:
    from soap_clients.host import Host

log = logging.getLogger("cps_bridge")
_WORKERS = 4


@dataclass(frozen=True)
class Event:
    """Something changed: "slots", "session", "patient", "access", "outbox" or "host"; told from any thread."""

    what: str


@dataclass(frozen=True)
class HostAddress:
    """Where the host is: base URL or exact addresses by service, and the authorities trusted for it."""

    base_url: str
    ca_file: Path
    services: Mapping[str, str] | None = None
    insi_url: str = ""


class Simulator(Protocol):
    """The virtual cards of a simulated house, as its doors show them."""

    @property
    def real_pcsc(self) -> bool:
        """Whether they are behind the real PC/SC service."""
        ...

    def names(self) -> tuple[str, ...]:
        """Give the names of the cards that can be put in a reader."""
        ...

    @property
    def inserted(self) -> tuple[str, ...]:
        """The name of the card in each slot, "" for an empty one."""
        ...

    def insert(self, slot: int, name: str) -> None:
        """Put a card in a slot, in the place of the one that is there."""
        ...

    def remove(self, slot: int) -> None:
        """Take the card of a slot away."""
        ...


class House:
    """Everything a practice's desk needs, put together once per process."""

    def __init__(
        self,
        settings: Settings,
        port: ReaderPort,
        directory: Path,
        key: bytes,
        address: HostAddress | None = None,
        *,
        trace: Path | None = None,
        clock: Clock = system_clock,
    ) -> None:
        """Open the vault of a data directory and start the readers.

        Raises Failure TRACE_REFUSED, TRACE_NOT_WRITTEN, and as Vault does.
        """
        if trace:
            _try_trace(trace, settings)
        self.settings, self.directory, self.address = settings, directory, address
        self.simulation: Simulator | None = None
        self._trace_directory = trace
        self._vault = Vault(directory / "vault.db", key)
        self.cards = CardService(port, test_allowed=not settings.production)
        self.outbox = Outbox(self._vault, directory, clock)
        self.journal = Journal(self._vault, clock)
        self.desk = Desk(
            settings,
            self.cards,
            self.outbox,
            self.journal,
            Consents(self._vault),
            self._make_host,
            clock,
            lambda what: self._tell(Event(what)),
        )
        self._clock = clock
        self._listeners: list[Callable[[Event], None]] = []
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="use-case")
        self._asking: set[InterruptibleUser] = set()
        self._lock = threading.Lock()
        self.outbox.on_change(lambda item: self._tell(Event("outbox")))
        self._forget_cards = self.cards.subscribe(self._slots_changed)
        self.cards.start()

    @property
    def session(self) -> Session | None:
        """The open session, or None."""
        return self.desk.session

    @property
    def patient(self) -> PatientContext | None:
        """The patient on screen, or None."""
        return self.desk.patient

    @property
    def dossier(self) -> Dossier | None:
        """What the host last said of the patient's dossier, or None."""
        return self.desk.dossier

    @property
    def access(self) -> Access:
        """The mode of the access to the patient on screen."""
        return self.desk.access

    def run(self, use_case: str, user: User, /, **request: object) -> Future[Any]:
        """Start a use case of the catalogue on a worker; its result, Failure or Cancelled comes by the future."""
        function = catalogue.find(use_case)
        asking = InterruptibleUser(user, use_case, self.desk)
        return self._pool.submit(self._run, function, asking, request)

    def _run(self, use_case: catalogue.UseCase, user: InterruptibleUser, request: dict[str, object]) -> object:
        with self._lock:
            self._asking.add(user)
        try:
            return use_case.load()(self.desk, user, **request)
        except (Failure, Cancelled):
            raise
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            # Neither the message nor the values: they may hold a name or a number.
            log.error("use case %s: %s in %s line %s", use_case.name, type(error).__name__, place.name, place.lineno)
            raise Failure("UNFORESEEN") from error
        finally:
            with self._lock:
                self._asking.discard(user)

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Tell a listener of each change, from any thread; gives the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def lock(self) -> None:
        """End the session at once: pending questions are given up, connection and card login dropped."""
        self._interrupt(Cancelled())
        self.desk.end_session()

    def close(self) -> None:
        """Stop everything that this house started."""
        self._interrupt(Cancelled())
        self._forget_cards()
        self.desk.end_session()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.cards.close()
        self._vault.close()

    def _slots_changed(self, slots: tuple[Slot, ...]) -> None:
        self.desk.cards_changed(slots)
        with self._lock:
            asking = tuple(self._asking)
        for user in asking:
            user.cards_changed(slots)
        self._tell(Event("slots"))

    def _interrupt(self, reason: Exception) -> None:
        with self._lock:
            asking = tuple(self._asking)
        for user in asking:
            user.interrupt(reason)

    def _tell(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def _make_host(self, card: ProfessionalCard, activity: Activity, epoch: CardEpoch) -> Host:
        """Connect the holder of a card to the host, with the keys that stay in the card."""
        from soap_clients.host import Endpoints, Host, Software
        from soap_clients.trace import Trace
        from soap_clients.transport import Transport

        if self.address is None:
            raise Failure("HOST_NOT_SET")
        settings, address = self.settings, self.address
        endpoints = Endpoints.from_json(address.services) if address.services else Endpoints.from_base(address.base_url)
        if address.insi_url:
            endpoints = replace(endpoints, insi=address.insi_url)
        transport = Transport(
            self.cards.signer(epoch, KeyUse.AUTHENTICATION),
            address.ca_file,
            connect_timeout=settings.connect_seconds,
            read_timeout=settings.read_seconds,
            trace=Trace(self._trace_directory) if self._trace_directory else None,
        )
        software = Software(
            name=settings.software_name,
            version=software_version(),
            oid=settings.software_oid,
            instance=settings.software_instance,
            homologation=settings.homologation,
        )
        signature = self.cards.signer(epoch, KeyUse.SIGNATURE) if settings.vihf_signed and card.signature else None
        return Host(
            endpoints,
            transport,
            card.professional,
            activity,
            software,
            signature=signature,
            hash_name=settings.hash_name,
            clock=self._clock,
        )


def _try_trace(directory: Path, settings: Settings) -> None:
    if settings.production:
        raise Failure("TRACE_REFUSED")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise Failure("TRACE_NOT_WRITTEN") from error


def software_version() -> str:
    """Give the version of the installed package, the one the VIHF announces."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("cps-bridge")
    except PackageNotFoundError:
        return "0.1.0"
