"""How a job is done on the card of an epoch: on the card thread, watched, between two looks at the readers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from cps_bridge.cards.attempt import Attempt, Phase
from cps_bridge.cards.backend import Backend
from cps_bridge.cards.identification import identify
from cps_bridge.cards.opened import Opened, Opener
from cps_bridge.cards.port import ReaderPort
from cps_bridge.cards.recognise import kind_of
from cps_bridge.cards.sight import Sight
from cps_bridge.cards.stay import Stay
from cps_bridge.cards.thread import CardThread
from cps_bridge.cards.watch import ReaderWatch
from dossier.context import CardEpoch
from dossier.failure import Cancelled, Failure
from dossier.professional import CardKind

T = TypeVar("T")

_SETTLE = 0.8
"""Seconds after a broken exchange in which a removal becomes known (PC/SC services look every 0.4 s)."""

_PROBE = 0.1
"""Seconds in which a PC/SC service that works gives a view of its readers."""


class CardJobs:
    """The card thread, the readers under watch, and what happens to the jobs between them."""

    def __init__(self, port: ReaderPort, limit: float, backend: Backend | None, *, test_allowed: bool) -> None:
        self._limit = limit
        self._test_allowed = test_allowed
        self._opener = Opener(port, backend)
        self._sight = Sight(port, limit)
        self._thread = CardThread(limit)
        self.watch = ReaderWatch(self._sight, self._begin_identification, self._let_go)

    def close(self) -> None:
        """End every epoch, let go of the cards and of the readers."""
        self.watch.close()
        self._thread.close()
        self._opener.close()
        self._sight.close()

    def settle(self) -> None:
        """Wait for the jobs that are queued now."""
        self._thread.run(lambda: None)

    def on_card(
        self, epoch: CardEpoch, job: Callable[[Stay, Opened], T], *, once: bool = False, presents_pin: bool = False
    ) -> T:
        """Do a job on the card of an epoch and give its result.

        once: it is never done a second time by itself; other jobs are, when another program reset the card.
        presents_pin: as Stay.perform says.
        """
        if self._thread.is_current():
            raise Failure("WRONG_THREAD")
        stay = self.watch.stay_of(epoch)
        attempt = Attempt(self._limit)

        def work() -> T:
            return self._perform(stay, attempt, partial(job, stay), once=once, presents_pin=presents_pin)

        return self._thread.run(work, partial(self._give_up, stay, attempt), attempt.pulse)

    def _perform(
        self, stay: Stay, attempt: Attempt, job: Callable[[Opened], T], *, once: bool, presents_pin: bool = False
    ) -> T:
        try:
            self._look(stay, attempt)
            result = self._repeat(stay, attempt, job, once=once, presents_pin=presents_pin)
            self._look(stay, attempt)
            return result
        finally:
            attempt.ended.set()
            if attempt.given_up:
                self.watch.try_again(stay)

    def _look(self, stay: Stay, attempt: Attempt) -> None:
        attempt.enter(Phase.LOOK, 2 * self._limit)  # a look ends by itself after the limit
        self.watch.refresh()
        stay.demand_alive()

    def _repeat(self, stay: Stay, attempt: Attempt, job: Callable[[Opened], T], *, once: bool, presents_pin: bool) -> T:
        """Do a job; read again once when another program reset the card."""
        was_verified = stay.verified
        try:
            return self._exchange(stay, attempt, job, presents_pin=presents_pin)
        except Failure as failure:
            if failure.code != "CARD_RESET" or attempt.given_up:
                raise
            if once:
                raise (Failure("PIN_REQUIRED") if was_verified and not presents_pin else failure) from failure
        return self._exchange(stay, attempt, job, presents_pin=presents_pin)

    def _exchange(self, stay: Stay, attempt: Attempt, job: Callable[[Opened], T], *, presents_pin: bool) -> T:
        """Do a job and turn the builtins of the port into failures."""
        try:
            return stay.perform(self._opener, attempt, job, presents_pin=presents_pin)
        except ConnectionAbortedError as error:
            if attempt.given_up:
                raise Failure("CARD_MUTE") from error  # nobody hears it: the caller has had its answer
            attempt.enter(Phase.LOOK, _SETTLE + self._limit)
            if stay.ended.wait(_SETTLE):
                raise Failure("CARD_REMOVED") from error
            raise Failure("CARD_RESET") from error
        except TimeoutError as error:
            self.watch.condemn(stay, Failure("CARD_MUTE"))
            raise Failure("CARD_MUTE") from error
        except ConnectionRefusedError as error:
            raise Failure("CARD_BUSY") from error
        except ConnectionError as error:
            attempt.enter(Phase.LOOK, 2 * self._limit)
            self.watch.refresh()
            stay.ended.set()
            stay.lost = stay.lost or Failure("READER_GONE")
            raise Failure(stay.lost.code, **stay.lost.facts) from error
        except OSError as error:
            raise Failure("CARD_UNREADABLE", what="link") from error

    def _give_up(self, stay: Stay, attempt: Attempt) -> object:
        """Say what a job that lasts too long is waiting for, and make sure that it does nothing more."""
        outcome = attempt.give_up()
        stay.abandon(attempt)
        if attempt.phase in (Phase.WAIT, Phase.EXCHANGE) and not self._sight.answers(_PROBE):
            return Failure("PCSC_DOWN", cause="TimeoutError")
        if attempt.phase is Phase.EXCHANGE:
            self.watch.condemn(stay, Failure("CARD_MUTE"))
        return outcome

    def _begin_identification(self, stay: Stay) -> None:
        attempt = Attempt(self._limit)

        def work() -> tuple[CardKind, str]:
            read = partial(identify, stay, test_allowed=self._test_allowed)
            return self._perform(stay, attempt, read, once=False)

        try:
            future = self._thread.submit(work, partial(self._give_up, stay, attempt), attempt.pulse)
        except Cancelled:
            return
        future.add_done_callback(lambda done: self._end_identification(stay, done))

    def _end_identification(self, stay: Stay, done: Future[tuple[CardKind, str]]) -> None:
        error = done.exception()
        if error is None:
            self.watch.admit(stay, *done.result())
            return
        failure = error if isinstance(error, Failure) else Failure("CARD_UNREADABLE", what="card")
        self.watch.refuse(stay, kind_of(stay.atr), failure)

    def let_go(self, stay: Stay) -> None:
        """Let go of the link to a card, if there is one, and wait for it."""
        if self._thread.is_current():
            raise Failure("WRONG_THREAD")
        self._submit_drop(stay).result()

    def _let_go(self, stay: Stay) -> None:
        try:
            self._submit_drop(stay)
        except Cancelled:
            return

    def _submit_drop(self, stay: Stay) -> Future[None]:
        attempt = Attempt(self._limit)

        def drop() -> None:
            try:
                stay.drop(attempt)
            finally:
                attempt.ended.set()

        def late() -> None:
            stay.abandon(attempt)

        return self._thread.submit(drop, late, attempt.pulse)
