"""The watch thread: which card stays where, told to whoever wants to know."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from cps_bridge.cards.choice import TRANSIENT, in_the_way, wanted
from cps_bridge.cards.port import View
from cps_bridge.cards.sight import Sight
from cps_bridge.cards.slots import Slot
from cps_bridge.cards.stay import Stay, repeated
from dossier.context import CardEpoch
from dossier.failure import Cancelled, Failure
from dossier.professional import CardKind

Listener = Callable[[tuple[Slot, ...]], None]

_CALM, _RETRY = 1.0, 0.5  # seconds
_CANCEL_POLL = 0.1
_log = logging.getLogger("cards")


class ReaderWatch:
    """Turns views of the readers into stays; identify is called for each new stay, and again while another program
    has the card; it must not block."""

    def __init__(self, sight: Sight, identify: Callable[[Stay], None], leave: Callable[[Stay], None]) -> None:
        self._sight = sight
        self._identify = identify
        self._leave = leave
        self._scan = threading.Lock()
        self._changed = threading.Condition()
        self._stays: dict[str, Stay] = {}
        self._view: View = ()
        self._insertions = 0
        self._down: Failure | None = None
        self._scanned = False
        self._closing, self._news, self._doubt = threading.Event(), threading.Event(), threading.Event()
        self._listeners: list[Listener] = []
        self._published: tuple[Slot, ...] | None = None
        self._thread = threading.Thread(target=self._run, name="cards-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._sight.begin(self._look_again)
        self._thread.start()

    def close(self) -> None:
        """Stop watching; every stay ends."""
        self._closing.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(5)
        self._absorb(())

    def slots(self) -> tuple[Slot, ...]:
        """Give the present state of each reader."""
        with self._changed:
            return tuple(self._slot(reader) for reader, _, _ in self._view)

    def _slot(self, reader: str) -> Slot:
        stay = self._stays.get(reader)
        if stay is None:
            return Slot(reader, None, None)
        return Slot(
            reader,
            stay.kind,
            stay.epoch if stay.is_usable else None,
            stay.failure.code if stay.failure else "",
            stay.model,
            stay.is_test,
        )

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call the listener from the watch thread at each change; the result unsubscribes."""
        with self._changed:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._changed:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def stay_of(self, epoch: CardEpoch) -> Stay:
        """Give the living stay of an epoch; raises Failure CARD_REMOVED, CARD_MUTE, PCSC_DOWN."""
        with self._changed:
            stay, down = self._stays.get(epoch.reader), self._down
        if stay is None or stay.epoch != epoch:
            raise repeated(down) if down else Failure("CARD_REMOVED")
        stay.demand_alive()
        return stay

    def admit(self, stay: Stay, kind: CardKind, card_hash: str) -> None:
        """Record what the identification of a stay found: from now on the card can be used."""
        with self._changed:
            stay.kind, stay.failure = kind, None
            stay.epoch = CardEpoch(stay.reader, stay.insertion, card_hash)
        self._news.set()

    def refuse(self, stay: Stay, kind: CardKind, failure: Failure) -> None:
        """Record why the identification of a stay found nothing usable."""
        with self._changed:
            stay.kind, stay.failure, stay.retry_at = kind, failure, time.monotonic() + _RETRY
        self._look_again()

    def condemn(self, stay: Stay, failure: Failure) -> None:
        """End a stay whose card is still in the reader but cannot be used any more."""
        with self._changed:
            stay.failure = failure
            stay.ended.set()
        self._look_again()

    def refresh(self) -> None:
        """Look at the readers now; every stay whose reader changed is over when this returns."""
        with self._scan:
            try:
                view, down = self._sight.look(), None
            except Failure as failure:
                view, down = (), failure
            self._absorb(view, down)
            self._scanned = True

    def _absorb(self, view: View, down: Failure | None = None) -> None:
        present = {reader: (atr, counter) for reader, atr, counter in view}
        gone, arrived = [], []
        with self._changed:
            self._view, self._down = view, down
            for reader, stay in list(self._stays.items()):
                over = stay.ended.is_set() and not stay.failure  # found out by an exchange, unseen by the reader
                if over or present.get(reader) != (stay.atr, stay.counter):
                    stay.lost = down or (None if reader in present else Failure("READER_GONE"))
                    stay.ended.set()
                    gone.append(self._stays.pop(reader))
            for reader, atr, counter in view:
                if atr and reader not in self._stays:
                    self._insertions += 1
                    self._stays[reader] = Stay(reader, atr, counter, self._insertions)
                    arrived.append(self._stays[reader])
        for stay in gone:
            self._leave(stay)
        for stay in arrived:
            self._identify(stay)
        if gone or arrived:
            _log.info("readers=%d gone=%d arrived=%d", len(view), len(gone), len(arrived))
            self._news.set()  # a change seen by another thread is published by the watch thread

    def _look_again(self) -> None:
        """Have the watch thread look before it publishes; other news come from a look that was just taken."""
        self._doubt.set()
        self._news.set()

    def _run(self) -> None:
        self.refresh()
        self._publish()
        while not self._closing.is_set():
            told = self._news.wait(_RETRY if self._troubled() else _CALM)
            self._news.clear()
            if self._doubt.is_set() or not told:
                self._doubt.clear()
                self.refresh()
            self._retry()
            self._publish()

    def _troubled(self) -> list[Stay]:
        with self._changed:
            return [stay for stay in self._stays.values() if stay.failure and stay.failure.code in TRANSIENT]

    def _retry(self) -> None:
        for stay in self._troubled():
            if time.monotonic() >= stay.retry_at and not stay.is_stuck:
                stay.retry_at = time.monotonic() + _RETRY
                self._identify(stay)

    def try_again(self, stay: Stay) -> None:
        """Identify a card that another program has just let go of."""
        stay.retry_at = 0.0
        self._look_again()

    def _publish(self) -> None:
        slots = self.slots()
        with self._changed:
            self._changed.notify_all()
            if slots == self._published:
                return
            self._published = slots
            listeners = tuple(self._listeners)
        for listener in listeners:
            try:
                listener(slots)
            except Exception:
                _log.exception("a listener of the card slots failed")

    def wait_for(self, kinds: tuple[CardKind, ...], cancelled: threading.Event | None, timeout: float | None) -> Slot:
        """Wait for a usable card of one of these kinds.

        Raises Cancelled when the event is set; on time-out (seconds) Failure CARD_NOT_INSERTED, or what is the matter
        with a card that is there; PCSC_DOWN or READER_MISSING when there is nothing to wait at, CARD_TWO_VITALE, and
        the failure of a card of the right family that cannot be used.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        self.refresh()  # a card that has just left must not be found
        with self._changed:
            while True:
                if (cancelled and cancelled.is_set()) or self._closing.is_set():
                    raise Cancelled("no card is waited for any more")
                found = self._wanted(kinds)
                if found:
                    return found
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise in_the_way(self._in_order(), kinds, len(self._view)) or Failure("CARD_NOT_INSERTED")
                self._changed.wait(_CANCEL_POLL if left is None else min(left, _CANCEL_POLL))

    def _in_order(self) -> list[Stay]:
        return [self._stays[reader] for reader, _, _ in self._view if reader in self._stays]

    def _wanted(self, kinds: tuple[CardKind, ...]) -> Slot | None:
        found = wanted(self._in_order(), kinds)
        if found:
            return self._slot(found.reader)
        if self._scanned and self._down:
            raise repeated(self._down)
        if self._scanned and not self._view:
            raise Failure("READER_MISSING")
        return None
