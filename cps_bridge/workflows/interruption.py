"""A person whose pending question is taken back when the card that it was asked for goes away."""

from __future__ import annotations

from typing import Any, TypeVar

from cps_bridge.cards.service import Slot
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import CardSeen, CardWanted, News, PinOnReader, PinTyped, Question, User
from dossier.context import CardEpoch
from dossier.failure import Failure

T = TypeVar("T")
_CARD_ACTS = frozenset({"session", "card", "change-pin", "unblock-pin"})
_BEGINNINGS = _CARD_ACTS | {"patient"}


class InterruptibleUser:
    """Wraps the user of one run of one use case; ``interrupt`` may be called from any thread.

    The door's own user may offer ``interrupt(error)`` as well: then a question already on its screen is taken back;
    otherwise the error is raised when the answer comes, and a code that came with it is wiped.
    """

    def __init__(self, user: User, use_case: str, desk: Desk) -> None:
        self._user, self._desk = user, desk
        self._begins, self._needs_session = use_case in _BEGINNINGS, use_case not in _CARD_ACTS
        self._session, self._patient = desk.session, desk.patient
        self._cards: frozenset[CardEpoch] = frozenset()
        self._reason: Exception | None = None
        self._waits = False

    @property
    def waits_for_person(self) -> bool:
        """Whether the use case does nothing but wait: for an answer, a card, or a code typed on the reader."""
        return self._waits

    def ask(self, question: Question[T]) -> T:
        """Pass the question on; raises the reason when it was taken back before, or meanwhile."""
        if self._cards - _epochs(self._desk.cards.slots()):
            raise Failure("CARD_REMOVED")
        self._raise_reason()
        self._waits = True
        try:
            answer = self._user.ask(question)
        finally:
            self._waits = False
        if self._reason is not None and isinstance(answer, bytearray):
            answer[:] = bytes(len(answer))
        self._raise_reason()
        return answer

    def tell(self, news: News) -> None:
        """Pass the news on; raises the reason instead of beginning to wait for what was given up."""
        if isinstance(news, CardWanted | PinOnReader):
            self._raise_reason()
            self._waits = True
        elif isinstance(news, CardSeen | PinTyped):
            self._waits = False
        if isinstance(news, CardSeen) and news.epoch:
            self._cards |= {news.epoch}
        self._user.tell(news)

    def cards_changed(self, slots: tuple[Slot, ...]) -> None:
        """Take the question back when what the use case stands on is gone; called after the desk has reacted."""
        if self._cards - _epochs(slots):
            # A session or a patient that begins stands on the card that it has seen.
            self.interrupt(Failure("CARD_REMOVED"))
        elif self._needs_session and self._session is not None and self._desk.session is not self._session:
            self.interrupt(Failure("CARD_REMOVED"))
        elif not self._begins and self._patient is not None and self._desk.patient is not self._patient:
            self.interrupt(Failure("PATIENT_CHANGED"))

    def interrupt(self, reason: Exception) -> None:
        """Make the pending question, and later ones, raise the reason."""
        self._reason = reason
        take_back: Any = getattr(self._user, "interrupt", None)
        if take_back:
            take_back(reason)

    def _raise_reason(self) -> None:
        if self._reason is not None:
            raise self._reason


def _epochs(slots: tuple[Slot, ...]) -> frozenset[CardEpoch]:
    return frozenset(slot.epoch for slot in slots if slot.epoch)
