"""What goes on by itself: a card put in opens the session, a Vitale names the patient, a patient calls the dossier.

A Vitale that stayed in its reader names the patient again for the next professional, once.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from dossier.context import CardEpoch
from dossier.failure import Failure
from dossier.professional import CardKind
from gui.desks import PROFESSIONAL_CARDS
from gui.house_port import SlotView
from gui.stage import Stage

_ASK_PIN_AGAIN = "PIN_WRONG"


class Flows(QObject):
    """Starts each flow once per card: a person who said no is not asked again until the card is put in anew."""

    moved = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._stage = stage
        self._offered: set[CardEpoch] = set()
        self._offered_patients: set[CardEpoch] = set()
        self.pin_notice: Failure | None = None
        self.patient_failure: Failure | None = None
        stage.changed.connect(self.look)

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
        if house.patient is None and vitale is not None and _first_time(vitale, self._offered_patients):
            self.identify()

    def slot(self, *kinds: CardKind) -> SlotView | None:
        """Give the first reader that holds a usable card of these kinds."""
        found = (each for each in self._stage.house.cards.slots() if each.kind in kinds and each.epoch is not None)
        return next(found, None)

    def open_session(self) -> None:
        """Open the session with the card that is in."""
        job = self._stage.start("session")
        if job is None:
            return
        job.failed.connect(self._session_failed)
        job.ended.connect(self.moved)
        self.moved.emit()

    def identify(self, source: str = "vitale", ins: str = "") -> None:
        """Put a patient on screen, then ask the host about the dossier."""
        self.patient_failure = None
        request = {"source": source, "ins": ins} if ins else {"source": source}
        job = self._stage.start("patient", None, **request)
        if job is None:
            return
        job.done.connect(lambda _: self.look_up())
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

    def _session_failed(self, failure: Failure) -> None:
        if failure.code == _ASK_PIN_AGAIN:
            self.pin_notice = failure
            self.open_session()
            return
        self._stage.failed.emit(failure)

    def _patient_failed(self, failure: Failure) -> None:
        self.patient_failure = failure
        self._stage.failed.emit(failure)

    def _host_answered(self, _: object) -> None:
        self._stage.host_ok = True
        self._stage.changed.emit("host")


def _first_time(slot: SlotView, offered: set[CardEpoch]) -> bool:
    if slot.epoch is None or slot.epoch in offered:
        return False
    offered.add(slot.epoch)
    return True
