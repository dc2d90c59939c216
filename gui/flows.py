"""What goes on by itself: a card put in opens the session, a Vitale names the patient, a patient calls the dossier.

A Vitale that stayed in its reader names the patient again for the next professional, once.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from cps_bridge.workflows.user import PinOnReader
from dossier.context import CardEpoch, PatientContext
from dossier.failure import Failure
from dossier.patient import IdentityStatus
from dossier.professional import CardKind
from gui.desks import PROFESSIONAL_CARDS
from gui.house_port import SlotView
from gui.jobs import Job
from gui.stage import Stage

_ASK_PIN_AGAIN = "PIN_WRONG"
_BLOCKED = "PIN_BLOCKED"
_OUTSIDE_ITS_TIME = frozenset({"CARD_EXPIRED", "CARD_NOT_YET_VALID"})


class Flows(QObject):
    """Starts each flow once per card: a person who said no is not asked again until the card is put in anew."""

    moved = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._stage = stage
        self._offered: set[CardEpoch] = set()
        self._offered_patients: set[CardEpoch] = set()
        self.pin_notice: Failure | None = None
        self._on_reader = False
        self._source = "vitale"
        self._blocked: CardEpoch | None = None
        self._refused: tuple[CardEpoch, Failure] | None = None
        self.patient_failure: Failure | None = None
        stage.changed.connect(self.look)
        stage.jobs.told.connect(self._told)

    def look(self, what: str = "slots") -> None:
        """See whether a card that came in calls for something."""
        house = self._stage.house
        if what == "session":
            self.patient_failure = None
            self._offered_patients.clear()
        if what not in ("slots", "session"):
            return
        card = self.slot(*PROFESSIONAL_CARDS)
        if house.session is None:
            if card is not None and _first_time(card, self._offered):
                self.open_session()
            return
        vitale = self.slot(CardKind.VITALE)
        if self.broken_vitale() is not None:
            return  # one of two is offered when the other one is gone
        if _wanted(house.patient) and vitale is not None and _first_time(vitale, self._offered_patients):
            self.identify()

    def slot(self, *kinds: CardKind) -> SlotView | None:
        """Give the first reader that holds a usable card of these kinds."""
        found = (each for each in self._stage.house.cards.slots() if each.kind in kinds and each.epoch is not None)
        return next(found, None)

    def broken_vitale(self) -> Failure | None:
        """Give why no Vitale card that is in can be used, None when none is or it can."""
        return trouble_of_vitale(self._stage.house.cards.slots())

    def open_session(self, *, choose_activity: bool = False) -> None:
        """Open the session with the card that is in; choose_activity: ask the practice situation anew."""
        self._on_reader = False
        job = self._stage.start("session", None, **({"choose_activity": True} if choose_activity else {}))
        if job is None:
            return
        job.failed.connect(self._session_failed)
        job.ended.connect(self.moved)
        self.moved.emit()

    def change_pin(self) -> None:
        """Give the card another PIN."""
        self._card_work("change-pin", "Le code de la carte est changé.", "Le nouveau code vaut dès maintenant.")

    def unblock(self) -> None:
        """Give a blocked card a new PIN with its unblocking code."""
        hint = "Son nouveau code vaut dès maintenant."
        job = self._card_work("unblock-pin", "La carte est débloquée.", hint)
        if job is not None:
            job.done.connect(self._unblocked)

    def is_blocked(self) -> bool:
        """Whether the professional's card that is in said that its PIN is blocked."""
        card = self.slot(*PROFESSIONAL_CARDS)
        return card is not None and card.epoch == self._blocked

    def refused(self) -> Failure | None:
        """Give why the professional's card that is in opens no session whatever its code, None when it may."""
        card = self.slot(*PROFESSIONAL_CARDS)
        return self._refused[1] if card is not None and self._refused and self._refused[0] == card.epoch else None

    def _card_work(self, use_case: str, said: str, hint: str) -> Job | None:
        job = self._stage.start(use_case)
        if job is not None:
            job.done.connect(lambda _: self._stage.say(said, hint, "success"))
            job.failed.connect(self._card_failed)
            job.ended.connect(self.moved)
            self.moved.emit()
        return job

    def patient_words(self) -> tuple[str, str]:
        """Say what is being done to know the patient."""
        then = "Puis vérification de l'identité auprès de l'INSi."
        if self._source == "vitale":
            return "Lecture de la carte Vitale…", then
        if self._source == "traits":
            return "Identité saisie à la main", "Elle ne sera pas qualifiée."
        return "Vérification de l'identité…", "L'INSi confirme l'identité lue."

    def identify(self, source: str = "vitale", **request: object) -> None:
        """Put a patient on screen, then ask the host about the dossier of an identity that is qualified.

        request: what the source needs beyond a card: ins, datamatrix.
        """
        self.patient_failure = None
        self._source = source
        job = self._stage.start("patient", None, source=source, **request)
        if job is None:
            return
        job.done.connect(lambda _: self._identified())
        job.failed.connect(self._patient_failed)
        job.ended.connect(self.moved)
        self.moved.emit()

    def look_up(self) -> None:
        """Ask the host whether the patient has a dossier."""
        job = self._stage.start("dossier")
        if job is None:
            return
        job.done.connect(self._host_answered)
        job.failed.connect(self._patient_failed)
        job.ended.connect(self.moved)
        self.moved.emit()

    def leave_patient(self) -> None:
        """Take the patient off the screen; a Vitale that stays in is not read again by itself."""
        self._stage.jobs.cancel_all()
        job = self._stage.start("leave-patient")
        if job is not None:
            job.ended.connect(self.moved)

    def is_busy(self, *use_cases: str) -> bool:
        """Whether one of these runs."""
        return any(self._stage.jobs.running(each) for each in use_cases)

    def _told(self, job: Job, news: object) -> None:
        if isinstance(news, PinOnReader) and job.use_case == "session":
            self._on_reader = True

    def _session_failed(self, failure: Failure) -> None:
        if failure.code == _ASK_PIN_AGAIN and not self._on_reader:
            # The panel comes back with what happened; nothing is presented before the person types and confirms.
            self.pin_notice = failure
            self.open_session()
            return
        self._card_failed(failure)

    def _card_failed(self, failure: Failure) -> None:
        if failure.code in _OUTSIDE_ITS_TIME:
            card = self.slot(*PROFESSIONAL_CARDS)
            self._refused = (card.epoch, failure) if card is not None and card.epoch is not None else None
            if self.refused() is not None and self._stage.house.session is None:
                return  # the page without a session says it
        if failure.code == _BLOCKED:
            card = self.slot(*PROFESSIONAL_CARDS)
            self._blocked = card.epoch if card is not None else None
            if self._blocked is not None and self._stage.house.session is None:
                return  # the page without a session says it, with the way out
        self._stage.failed.emit(failure)

    def _unblocked(self, _: object) -> None:
        self._blocked = None
        if self._stage.house.session is None:
            self.moved.emit()

    def _identified(self) -> None:
        patient = self._stage.house.patient
        if patient is not None and patient.identity.status is IdentityStatus.QUALIFIED:
            self.look_up()

    def _patient_failed(self, failure: Failure) -> None:
        self.patient_failure = failure
        self._stage.failed.emit(failure)

    def _host_answered(self, _: object) -> None:
        self._stage.host_ok = True
        self._stage.changed.emit("host")


def _wanted(patient: PatientContext | None) -> bool:
    """Whether a Vitale that comes in names the patient: nobody is on screen, or somebody only typed by hand."""
    return patient is None or patient.identity.status is not IdentityStatus.QUALIFIED


def _first_time(slot: SlotView, offered: set[CardEpoch]) -> bool:
    if slot.epoch is None or slot.epoch in offered:
        return False
    offered.add(slot.epoch)
    return True


def trouble_of_vitale(slots: tuple[SlotView, ...]) -> Failure | None:
    """Give why no Vitale card of these readers can be used: its own failure, or that there are two."""
    cards = [each for each in slots if each.kind is CardKind.VITALE]
    if len(cards) > 1:
        return Failure("CARD_TWO_VITALE")
    broken = next((each for each in cards if each.failure), None)
    return Failure(broken.failure, model=broken.model) if broken is not None else None
