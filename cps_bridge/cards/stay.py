"""One stay of one card in one reader: from the insertion event to the first removal event, and never longer.

A link that failed is never reconnected. Within a stay a new link may be opened, and then the card is identified again
before anything else is asked of it: another card behind the same reader name is found out by its content.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from cps_bridge.cards.access import KeyPair
from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.cps import Cps
from cps_bridge.cards.pkcs15 import Directory
from cps_bridge.cards.port import ReaderPort
from cps_bridge.cards.recognise import Model, demand_supported, recognise
from cps_bridge.cards.vitale import Vitale, VitaleContent
from dossier.context import CardEpoch
from dossier.failure import Failure
from dossier.professional import CardKind, Professional

T = TypeVar("T")


class Attempt:
    """One job on one card, seen by the watchdog: what to say, and what to stop, when it lasts too long."""

    def __init__(self) -> None:
        self.waiting = True
        self.given_up = False
        self.channel: Channel | None = None

    def give_up(self) -> Failure:
        """Make sure that the blocked job sends nothing more; CARD_BUSY while another program had the card."""
        self.given_up = True
        if self.channel:
            self.channel.retire()
        return Failure("CARD_BUSY") if self.waiting else Failure("CARD_MUTE")


@dataclass(frozen=True)
class Opened:
    """A card behind an open link, identified: card_hash tells it from any other card."""

    channel: Channel
    card_hash: str
    cps: Cps | None = None
    serial: str = ""
    vitale: VitaleContent | None = None


@dataclass
class Stay:
    """counter: of the port; insertion: our own, which no restart of the PC/SC service sets back.

    Everything below ended is written by the card thread, or under the lock of the watch.
    """

    reader: str
    atr: bytes
    counter: int
    insertion: int
    ended: threading.Event = field(default_factory=threading.Event)
    kind: CardKind | None = None
    epoch: CardEpoch | None = None
    failure: Failure | None = None
    retry_at: float = 0.0
    verified: bool = False
    opened: Opened | None = None
    directory: Directory | None = None
    pairs: tuple[KeyPair, ...] = ()
    professional: Professional | None = None

    def demand_alive(self) -> None:
        """Raise Failure CARD_REMOVED once the stay is over, or the failure that made the card unusable."""
        if self.failure:
            raise repeated(self.failure)
        if self.ended.is_set():
            raise Failure("CARD_REMOVED")

    def perform(self, port: ReaderPort, attempt: Attempt, job: Callable[[Opened], T]) -> T:
        """Do a job on the identified card within one transaction; on the card thread only.

        The link is kept only while it carries rights that the PIN opened: other programs may want the card. Raises what
        the port and the job raise, Failure CARD_REMOVED when another card answers.
        """
        held = self.opened
        attempt.channel = held.channel if held else Channel(port.connect(self.reader))
        try:
            if attempt.given_up:
                raise ConnectionAbortedError("given up")
            with attempt.channel.transaction():
                attempt.waiting = False
                self.opened = held or self._identify(attempt.channel)
                return job(self.opened)
        except (OSError, Failure) as error:
            if isinstance(error, OSError) or error.code in ("PIN_REQUIRED", "CARD_REMOVED"):
                self.verified = False
            raise
        finally:
            if not self.verified or self.ended.is_set():
                self.drop(attempt.channel)

    def _identify(self, channel: Channel) -> Opened:
        opened = open_card(channel, self.atr, self.directory)
        if self.epoch and opened.card_hash != self.epoch.card_hash:
            self.ended.set()
            raise Failure("CARD_REMOVED")
        return opened

    def drop(self, channel: Channel | None = None) -> None:
        """Let go of the link, and with it of the rights that the PIN opened."""
        channel = channel or (self.opened.channel if self.opened else None)
        if self.opened and self.opened.channel is channel:
            self.opened, self.verified = None, False
        if channel:
            channel.close()


def repeated(failure: Failure) -> Failure:
    """Give a failure that was kept, as a new exception: one instance must not travel through several threads."""
    return Failure(failure.code, **failure.facts)


def open_card(channel: Channel, atr: bytes, directory: Directory | None = None) -> Opened:
    """Identify the card behind a channel: a CPS by its serial, a Vitale by everything that can be read of it.

    Raises Failure CARD_UNKNOWN, CARD_NOT_SUPPORTED, CARD_UNREADABLE.
    """
    model = recognise(atr)
    demand_supported(model)
    if model is Model.CPS3:
        cps = Cps(channel, directory)
        serial = cps.read_serial()
        return Opened(channel, hashlib.sha256(f"CPS {serial}".encode()).hexdigest(), cps=cps, serial=serial)
    content = Vitale(channel).read()
    return Opened(channel, content.digest(atr), vitale=content)
