"""The assembly: settings, readers, host, storage and workers, and the one door to every use case.

Doors (window, command line) call ``House.run`` and get a future; the window subscribes to ``Event``.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cps_bridge.cards.port import ReaderPort
from cps_bridge.cards.service import Backend, CardService, ProfessionalCard, Slot
from cps_bridge.host_link import CardKeys, HostAddress, connect, connect_structure, software_version
from cps_bridge.idle import IdleWatch, Tick, boot_seconds
from cps_bridge.simulator import Simulator
from cps_bridge.storage.choices import Choices
from cps_bridge.storage.cipher import Vault
from cps_bridge.storage.consents import Consents
from cps_bridge.storage.journal import Journal
from cps_bridge.storage.looks import Looks
from cps_bridge.storage.outbox import Outbox
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import catalogue
from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.interruption import InterruptibleUser
from cps_bridge.workflows.structure_keys import StructureKeys
from cps_bridge.workflows.user import User
from cps_bridge.workflows.vitale_application import VitaleApplication
from dossier.access import Access, Dossier
from dossier.clock import Clock, system_clock
from dossier.context import CardEpoch, PatientContext
from dossier.failure import Cancelled, Failure
from dossier.professional import Activity

if TYPE_CHECKING:
    from soap_clients.host import Host

__all__ = ["Event", "HostAddress", "House", "Simulator", "software_version"]

log = logging.getLogger("cps_bridge")
_WORKERS = 4


@dataclass(frozen=True)
class Event:
    """Something changed: "slots", "session", "patient", "access", "outbox" or "host"; told from any thread."""

    what: str


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
        application: VitaleApplication | None = None,
        tick: Tick = boot_seconds,
    ) -> None:
        """Open the vault of a data directory and start the readers.

        application: who can read the carte Vitale application; tick: seconds that pass, for the idle time.
        Raises Failure TRACE_REFUSED, TRACE_NOT_WRITTEN, PKCS11_MODULE_MISSING, PKCS11_MODULE_BROKEN, and as Vault does.
        """
        if trace:
            _try_trace(trace, settings)
        self.settings, self.directory, self.address = settings, directory, address
        self.simulation: Simulator | None = None
        self._trace_directory, self._clock = trace, clock
        backend = _backend(settings)
        self._vault = Vault(directory / "vault.db", key)
        self.cards = CardService(
            port, test_allowed=not settings.production, limit=settings.card_seconds, backend=backend
        )
        self.outbox = Outbox(self._vault, directory, clock)
        self.journal = Journal(self._vault, clock)
        self.desk = self._make_desk(application)
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="use-case")
        self._idle = IdleWatch(settings.idle_minutes * 60, self._idle_is_over, tick)
        self._begin()

    def _make_desk(self, application: VitaleApplication | None) -> Desk:
        return Desk(
            self.settings,
            self.cards,
            self.outbox,
            self.journal,
            Consents(self._vault),
            Choices(self._vault),
            Looks(self._vault),
            self._make_host,
            self._clock,
            self._desk_changed,
            application=application,
            make_structure_host=self._make_structure_host,
        )

    def _begin(self) -> None:
        """Listen to what changes, then start the readers: nothing that they tell is missed."""
        self._listeners: list[Callable[[Event], None]] = []
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

    @property
    def ended_because(self) -> str:
        """Why the last session ended: "card", "lock", "idle", "user", or "" when none has."""
        return self.desk.ended_because

    def run(self, use_case: str, user: User, /, **request: object) -> Future[Any]:
        """Start a use case of the catalogue on a worker; its result, Failure or Cancelled comes by the future."""
        function = catalogue.find(use_case)
        asking = InterruptibleUser(user, use_case, self.desk)
        return self._pool.submit(self._run, function, asking, request)

    def _run(self, use_case: catalogue.UseCase, user: InterruptibleUser, request: dict[str, object]) -> object:
        if self._idle.is_over():
            self._end("idle")  # the computer slept: whoever comes back is not who left
        self._idle.touch()
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
            self._idle.touch()

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Tell a listener of each change, from any thread; gives the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def touch(self) -> None:
        """Note that somebody is there: the idle time starts anew. Any thread, at once."""
        self._idle.touch()

    def lock(self) -> None:
        """End the session at once: pending questions are given up, connection and card login dropped."""
        self._end("lock")

    def user_changed(self) -> None:
        """End the session as lock does: the user of the computer changed, or locked the desktop."""
        self._end("user")

    def close(self) -> None:
        """Stop everything that this house started."""
        self._idle.close()
        self._forget_cards()
        self._end("lock")
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.cards.close()
        self._vault.close()

    def _end(self, because: str) -> None:
        self._interrupt(Cancelled())
        self.desk.give_up_waiting()
        self.desk.end_session(because=because)

    def _idle_is_over(self) -> None:
        """End the session, unless a use case is at work: a long upload is no absence."""
        with self._lock:
            at_work = any(not user.waits_for_person for user in self._asking)
        if at_work:
            self._idle.arm(True)
        else:
            self._end("idle")

    def _desk_changed(self, what: str) -> None:
        if what == "session":
            self._idle.arm(self.desk.session is not None)
        self._tell(Event(what))

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
        if self.address is None:
            raise Failure("HOST_NOT_SET")
        keys = CardKeys(self.cards, epoch)
        return connect(
            self.settings, self.address, keys, card, activity, trace=self._trace_directory, clock=self._clock
        )

    def _make_structure_host(self, card: ProfessionalCard, activity: Activity, keys: StructureKeys) -> Host:
        if self.address is None:
            raise Failure("HOST_NOT_SET")
        return connect_structure(
            self.settings, self.address, keys, card, activity, trace=self._trace_directory, clock=self._clock
        )


def _backend(settings: Settings) -> Backend | None:
    """Load the module of the settings, None for our own APDUs; raises PKCS11_MODULE_MISSING, PKCS11_MODULE_BROKEN."""
    if settings.card_backend != "pkcs11":
        return None
    from cps_bridge.cards.pkcs11 import Pkcs11Module

    return Pkcs11Module.load(settings.pkcs11_module)


def _try_trace(directory: Path, settings: Settings) -> None:
    if settings.production:
        raise Failure("TRACE_REFUSED")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise Failure("TRACE_NOT_WRITTEN") from error
