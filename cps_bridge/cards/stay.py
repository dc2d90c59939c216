"""One stay of one card in one reader: from the insertion event to the first removal event, and never longer.

A link that failed is never reconnected. Within a stay a new link may be opened, and then the card is identified again
before anything else is asked of it: another card behind the same reader name is found out by its content.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from cps_bridge.cards.access import KeyPair
from cps_bridge.cards.attempt import Attempt, Phase
from cps_bridge.cards.opened import Opened, Opener
from cps_bridge.cards.pkcs15 import Directory
from cps_bridge.cards.port import MUTE_ATR
from cps_bridge.cards.recognise import demand_supported, recognise
from cps_bridge.cards.thread import GivenUpError
from dossier.context import CardEpoch
from dossier.failure import Failure
from dossier.professional import CardKind, Professional

T = TypeVar("T")

_RIGHTS_LOST = ("PIN_REQUIRED", "CARD_REMOVED")
_MARGIN = 0.2
"""Seconds kept for the connection, of those that a job may wait for the card."""


@dataclass(frozen=True)
class Loan:
    """A link that an attempt waits with, and whether it carries the rights of a PIN."""

    attempt: Attempt
    opened: Opened
    verified: bool


@dataclass
class Stay:
    """counter: of the port; insertion: our own, which no restart of the PC/SC service sets back.

    Everything below ended is written by the card thread, or under the lock of the watch. failure: why the card cannot
    be used; lost: why the stay ended, when it was not by a removal; stuck: the attempt that a driver still holds, and
    lent: the link that it waits with for another program to let go of the card.
    """

    reader: str
    atr: bytes
    counter: int
    insertion: int
    ended: threading.Event = field(default_factory=threading.Event)
    kind: CardKind | None = None
    card_hash: str = ""
    epoch: CardEpoch | None = None
    failure: Failure | None = None
    lost: Failure | None = None
    retry_at: float = 0.0
    stuck: Attempt | None = None
    lent: Loan | None = None
    verified: bool = False
    opened: Opened | None = None
    directory: Directory | None = None
    pairs: tuple[KeyPair, ...] = ()
    professional: Professional | None = None
    model: str = ""
    is_test: bool = False
    _lending: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_usable(self) -> bool:
        """Whether the card was identified and is still there, as far as is known."""
        return bool(self.epoch) and not self.failure and not self.ended.is_set()

    @property
    def is_pending(self) -> bool:
        """Whether the card is being read for the first time."""
        return not self.epoch and not self.failure and not self.ended.is_set()

    @property
    def is_stuck(self) -> bool:
        """Whether a call that was given up has not come back from the driver."""
        return self.stuck is not None and not self.stuck.ended.is_set()

    def demand_alive(self) -> None:
        """Raise the failure that made the card unusable, or Failure CARD_REMOVED once the stay is over."""
        if self.failure and self.ended.is_set():
            raise repeated(self.failure)
        if self.ended.is_set():
            raise repeated(self.lost) if self.lost else Failure("CARD_REMOVED")

    def perform(self, opener: Opener, attempt: Attempt, job: Callable[[Opened], T], *, presents_pin: bool = False) -> T:
        """Do a job on the identified card within one transaction; on the card thread only.

        presents_pin: the rights of an earlier PIN end before the job, and new ones begin when it succeeds. The link is
        kept only while it carries such rights: other programs may want the card. Raises what the port and the job
        raise, Failure CARD_REMOVED when another card answers.
        """
        attempt.enter(Phase.WAIT)
        if self.atr == MUTE_ATR:
            opener.nudge(self.reader)
        model = recognise(self.atr)
        demand_supported(model)  # nothing is said to a card that is none of ours
        if self.stuck and not self.stuck.ended.wait(max(0.0, attempt.limit - _MARGIN)):
            raise Failure("CARD_BUSY")  # until that call comes back nothing new is begun with this card
        held = self.opened
        opened = held or opener.open(self.reader, model, attempt)
        try:
            opened.begin(attempt, self.directory)
            with opened.transaction(attempt):
                if not held:
                    self._identify(opened)
                self.verified = self.verified and not presents_pin
                attempt.result = result = job(opened)
                if presents_pin:
                    attempt.enter(Phase.EXCHANGE)  # a PIN accepted too late opens nothing here
                    self.opened, self.verified = opened, True
                return result
        except (OSError, Failure) as error:
            attempt.error = error
            if not attempt.given_up and (isinstance(error, OSError) or error.code in _RIGHTS_LOST):
                self.verified = False
            raise
        finally:
            self._conclude(opened, attempt)

    def _conclude(self, opened: Opened, attempt: Attempt) -> None:
        """Close the link, unless it carries the rights of a PIN and can go on."""
        if attempt.given_up:
            if not self._taken_back(attempt):
                opened.close()
        elif not self.verified or self.ended.is_set():
            self._close(opened, attempt)

    def _identify(self, opened: Opened) -> None:
        card_hash = opened.identify(self.atr)
        if self.epoch and card_hash != self.epoch.card_hash:
            self.ended.set()
            raise Failure("CARD_REMOVED")
        self.card_hash = card_hash

    def _close(self, opened: Opened, attempt: Attempt) -> None:
        """Let go of the link, and with it of the rights that the PIN opened."""
        if self.opened is opened:
            self.opened, self.verified = None, False
        with contextlib.suppress(GivenUpError):  # given up a moment ago: it is closed all the same
            attempt.enter(Phase.CLOSE)
        opened.close()

    def drop(self, attempt: Attempt) -> None:
        """Let go of the link, if there is one; one that a blocked call holds is closed when that comes back."""
        with self._lending:
            self.lent = None
        if self.opened is not None:
            self._close(self.opened, attempt)

    def abandon(self, attempt: Attempt) -> None:
        """Leave a link to the blocked call that holds it: its thread closes it, if it ever comes back.

        A link that only waits for another program is lent to that thread, which gives it back.
        """
        with self._lending:
            if attempt.phase is Phase.WAIT and self.opened is not None:
                self.lent = Loan(attempt, self.opened, self.verified)
            if not self.is_stuck:
                self.stuck = attempt
            self.opened, self.verified = None, False

    def _taken_back(self, attempt: Attempt) -> bool:
        """Take back what was lent to this attempt, now that the other program has let go of the card.

        Nothing was asked of the card meanwhile. Not when the link has failed, the card has left, or the person has
        logged out.
        """
        with self._lending:
            lent = self.lent
            if lent is None or lent.attempt is not attempt:
                return False
            self.lent = None
            if self.ended.is_set() or not isinstance(attempt.error, GivenUpError):
                return False
            self.opened, self.verified = lent.opened, lent.verified
            attempt.ended.set()
            return True


def repeated(failure: Failure) -> Failure:
    """Give a failure that was kept, as a new exception: one instance must not travel through several threads."""
    return Failure(failure.code, **failure.facts)
