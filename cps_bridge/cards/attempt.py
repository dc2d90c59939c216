"""One job on one card, seen by the watchdog: what it waits for, and what to say and to stop when that never comes."""

from __future__ import annotations

import enum
import threading
from typing import TYPE_CHECKING

from cps_bridge.cards.thread import Pulse
from dossier.failure import Failure

if TYPE_CHECKING:
    from cps_bridge.cards.apdu import Channel


class Phase(enum.Enum):
    """What a job is waiting for."""

    LOOK = enum.auto()
    """The readers, from the service."""
    WAIT = enum.auto()
    """The card, from another program: connection and transaction."""
    EXCHANGE = enum.auto()
    """The answer to one command, or to one call of a PKCS#11 module."""
    CLOSE = enum.auto()
    """The end of the connection; the outcome of the job is known by then."""


class Attempt:
    """limit: seconds that one silence may last. ended is set when the work has left the card thread, late or not."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.pulse = Pulse()
        self.phase = Phase.LOOK
        self.ended = threading.Event()
        self.channel: Channel | None = None
        self.result: object = None
        self.error: BaseException | None = None

    @property
    def given_up(self) -> bool:
        """Whether the caller has had its answer already; nothing may be asked of a card any more."""
        return self.pulse.given_up

    def enter(self, phase: Phase, patience: float | None = None) -> None:
        """Say what is waited for now, patience seconds at most (limit when absent).

        Raises GivenUpError in an attempt that was given up.
        """
        self.pulse.beat(self.limit if patience is None else patience)
        self.phase = phase

    def give_up(self) -> object:
        """Make sure that the blocked job sends nothing more; gives its Failure, or its outcome when it had one."""
        if self.channel and self.phase is not Phase.WAIT:  # a link that only waits may go on with later jobs
            self.channel.retire()
        if self.phase is Phase.CLOSE:
            return self.error or self.result
        if self.phase is Phase.LOOK:
            return Failure("PCSC_DOWN", cause="TimeoutError")
        return Failure("CARD_BUSY") if self.phase is Phase.WAIT else Failure("CARD_MUTE")
