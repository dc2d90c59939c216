"""What lies on the desk while people work: the session, the patient on screen, and the rooms a use case may ask.

A desk is shared by every use case of one person; it is changed only through its methods, from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cps_bridge.cards.service import CardService, ProfessionalCard, Slot
from cps_bridge.storage.choices import Choices
from cps_bridge.storage.consents import Consents
from cps_bridge.storage.journal import Journal
from cps_bridge.storage.looks import Looks
from cps_bridge.storage.outbox import Outbox
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows.structure_keys import StructureKeys
from cps_bridge.workflows.user import CardSeen, CardWanted, User
from cps_bridge.workflows.vitale_application import VitaleApplication
from dossier.access import NORMAL_ACCESS, Access, Dossier
from dossier.clock import Clock, system_clock
from dossier.context import CardEpoch, PatientContext
from dossier.failure import Cancelled, Failure
from dossier.patient import Ins
from dossier.professional import Activity, CardKind, Professional
from soap_clients.host import Host

HostMaker = Callable[[ProfessionalCard, Activity, CardEpoch], Host]
StructureHostMaker = Callable[[ProfessionalCard, Activity, StructureKeys], Host]


@dataclass(frozen=True)
class Session:
    """One professional at work: card, practice situation and connection; it ends with the stay of the card.

    structure: the keys of the establishment that speaks for a professional without a card; card then holds what is
    known of the person beside these certificates, and no stay ends the session.
    """

    card: ProfessionalCard
    activity: Activity
    epoch: CardEpoch
    host: Host
    opened_at: datetime
    structure: StructureKeys | None = None

    @property
    def professional(self) -> Professional:
        """The holder of the card."""
        return self.card.professional


@dataclass
class Desk:
    """The shared state of the use cases; on_change is told the name of what changed: session, patient, access.

    card_seconds: how long a use case waits for a card, None for as long as it takes; application: who can read the
    carte Vitale application, None for nobody; make_structure_host: how an establishment is connected, None for never.
    """

    settings: Settings
    cards: CardService
    outbox: Outbox
    journal: Journal
    consents: Consents
    choices: Choices
    looks: Looks
    make_host: HostMaker
    clock: Clock = system_clock
    on_change: Callable[[str], None] = field(default=lambda what: None)
    card_seconds: float | None = None
    application: VitaleApplication | None = None
    make_structure_host: StructureHostMaker | None = None

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._waits: set[threading.Event] = set()
        self._turn = 0
        self._ended_because = ""
        self._session: Session | None = None
        self._patient: PatientContext | None = None
        self._dossier: Dossier | None = None
        self._access = NORMAL_ACCESS

    @property
    def session(self) -> Session | None:
        """The open session, or None."""
        return self._session

    @property
    def patient(self) -> PatientContext | None:
        """The patient on screen, or None."""
        return self._patient

    @property
    def dossier(self) -> Dossier | None:
        """What the host last said of the patient's dossier, or None."""
        return self._dossier

    @property
    def access(self) -> Access:
        """The mode of the calls made for the patient on screen."""
        return self._access

    @property
    def ended_because(self) -> str:
        """Why the last session ended: "card", "lock", "idle", "user" (of the computer changed), or "" while one is."""
        return self._ended_because

    def wait_for_card(self, user: User, *kinds: CardKind) -> CardEpoch:
        """Ask for a card of the first kind, and wait for one of any of these; give its stay.

        Raises Cancelled when the desk gives up waiting, and what CardService.wait_for raises.
        """
        given_up = threading.Event()
        with self._lock:
            self._waits.add(given_up)
        try:
            user.tell(CardWanted(kinds[0]))
            slot = self.cards.wait_for(*kinds, cancelled=given_up, timeout=self.card_seconds)
        finally:
            with self._lock:
                self._waits.discard(given_up)
        if slot.epoch is None:
            raise Failure("CARD_REMOVED")
        user.tell(CardSeen(kinds[0], slot.epoch))
        return slot.epoch

    def give_up_waiting(self) -> None:
        """End every wait for a card: its use case raises Cancelled."""
        with self._lock:
            for each in self._waits:
                each.set()

    def require_session(self) -> Session:
        """Give the open session; raises Failure SESSION_NEEDED, or CARD_REMOVED when its card is gone."""
        session = self._session
        if session is None:
            raise Failure("SESSION_NEEDED")
        if not self.is_there(session):
            self.end_session(session, because="card")
            raise Failure("CARD_REMOVED")
        return session

    def is_there(self, session: Session) -> bool:
        """Tell whether the card of a session is still in its reader; an establishment needs none."""
        return session.structure is not None or self.cards.is_current(session.epoch)

    def require_patient(self) -> PatientContext:
        """Give the patient on screen, for whom something may be asked or sent.

        Raises Failure PATIENT_NEEDED, or IDENTITY_NOT_QUALIFIED for one that was typed by hand.
        """
        context = self._patient
        if context is None:
            raise Failure("PATIENT_NEEDED")
        context.identity.qualified_ins()
        return context

    def still(self, session: Session, context: PatientContext) -> None:
        """Check, just before something is committed, that person and patient are the ones it was prepared for.

        Raises Failure CARD_REMOVED, SESSION_CHANGED or PATIENT_CHANGED.
        """
        if not self.is_there(session):
            raise Failure("CARD_REMOVED")
        if self.require_session() is not session:
            raise Failure("SESSION_CHANGED")
        if self._patient is not context:
            raise Failure("PATIENT_CHANGED")

    def look_again(self, context: PatientContext) -> None:
        """Read the Vitale that is still there once more: a card changed too fast for the reader to tell is found out.

        Raises Failure PATIENT_CHANGED. A card that was taken away in sight changes nothing for the patient on screen.
        """
        if context.epoch is None:
            return
        if not self.cards.is_current(context.epoch):
            # The thread that tells of the readers may be late: whether another one is there is asked here.
            if any(slot.kind is CardKind.VITALE for slot in self.cards.settled_slots()):
                raise Failure("PATIENT_CHANGED")
            return
        try:
            self.cards.read_vitale(context.epoch)
        except Failure as failure:
            raise Failure("PATIENT_CHANGED") from failure

    @property
    def turn(self) -> int:
        """A number that grows each time the desk is locked: what began before does not open a session after."""
        return self._turn

    def begin_session(self, session: Session, turn: int) -> None:
        """Put a session on the desk; the one before, and its patient, leave. The same card stays logged in.

        turn: of the moment when the opening began. Raises Cancelled when the desk was locked since; Failure
        CARD_REMOVED when the card has gone.
        """
        before = self._session
        self._close(before, because="", log_out=before is not None and before.epoch != session.epoch)
        with self._lock:
            if turn != self._turn:
                raise Cancelled
            self._session, self._ended_because = session, ""
        self.on_change("session")
        self.require_session()

    def end_session(self, session: Session | None = None, *, because: str = "lock") -> None:
        """Close the connection, drop the card login and the patient; nothing happens without a session.

        session: end this one and no later one; None ends whichever is open; because: as ended_because tells it.
        """
        if session is None:
            with self._lock:
                self._turn += 1
        if self._close(session or self._session, because=because, log_out=True):
            self.on_change("session")

    def _close(self, session: Session | None, *, because: str, log_out: bool) -> bool:
        with self._lock:
            ended = self._session
            if ended is None or ended is not session:
                return False
            self._session, self._ended_because = None, because
            left = self._clear_patient()
        ended.host.close()
        if log_out and ended.structure is None:
            self.cards.log_out(ended.epoch)
        if left:
            self.on_change("patient")
        return True

    def show_patient(self, context: PatientContext) -> None:
        """Put a patient on screen; the access of the one before ends."""
        with self._lock:
            self._patient, self._dossier, self._access = context, None, NORMAL_ACCESS
        self.on_change("patient")

    def show_dossier(self, context: PatientContext, dossier: Dossier, access: Access) -> None:
        """Keep what the host said and the mode of the access; raises Failure PATIENT_CHANGED when too late."""
        with self._lock:
            if self._patient is not context:
                raise Failure("PATIENT_CHANGED")
            self._dossier, self._access = dossier, access
        self.on_change("access")

    def leave_patient(self, context: PatientContext | None = None) -> None:
        """Take the patient off the screen. context: this one and no later one; None takes whoever is there."""
        with self._lock:
            left = context in (None, self._patient) and self._clear_patient()
        if left:
            self.on_change("patient")

    def _clear_patient(self) -> bool:
        gone, self._patient = self._patient, None
        self._dossier, self._access = None, NORMAL_ACCESS
        return gone is not None

    def cards_changed(self, slots: tuple[Slot, ...]) -> None:
        """React to readers: the session ends with its card; another Vitale never continues the patient on screen."""
        session, context = self._session, self._patient
        epochs = {slot.epoch for slot in slots if slot.epoch}
        if session and session.epoch not in epochs and not self.is_there(session):
            self.end_session(session, because="card")
        other_vitale = any(slot.kind is CardKind.VITALE and slot.epoch != _epoch(context) for slot in slots)
        if context and context.epoch and other_vitale:
            self.leave_patient(context)

    def write(
        self, action: str, outcome: str, *, patient: Ins | None = None, access: Access | None = None, subject: str = ""
    ) -> None:
        """Write one line of the practice's journal, in the name of the open session."""
        session, mode = self._session, access or self._access
        self.journal.record(
            action,
            outcome=outcome,
            professional=session.professional.id_nat if session else "",
            structure=session.activity.structure.id_nat if session else "",
            patient=patient,
            mode=mode.mode.value,
            reason=str(mode.justification or ""),
            subject=subject,
        )


def _epoch(context: PatientContext | None) -> CardEpoch | None:
    return context.epoch if context else None
