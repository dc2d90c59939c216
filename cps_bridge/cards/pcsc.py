"""Real readers, through the PC/SC service of the system. The only importer of pyscard, and only of its low level.

pyscard's own monitors and its global context die with the service; here every context is ours and is made anew.
Calls on one context exclude each other, so that waiting, looking and each link have a context of their own.
"""

from __future__ import annotations

import contextlib
import importlib
import queue
import threading
from typing import Any

from cps_bridge.cards.pcsc_context import Context
from cps_bridge.cards.pcsc_link import PcscLink
from cps_bridge.cards.port import MUTE_ATR, Link, View
from dossier.failure import Failure

_NOTIFICATION = "\\\\?PnP?\\Notification"
"""The pseudo reader whose state changes when readers are plugged or unplugged."""

_SLICE = 0.5
"""Seconds of one wait in the service: bounds what a lost cancellation can cost."""

_LOOKS = 3
"""Attempts at a view while readers are being unplugged."""

_SPARES = 2
"""Contexts kept for the next links: to establish one takes as long as ten exchanges."""


def _load() -> Any:
    """Import pyscard when it is first needed; raises Failure PCSC_DOWN when it is not installed."""
    try:
        return importlib.import_module("smartcard.scard")
    except ImportError as error:
        raise Failure("PCSC_DOWN", cause="pyscard") from error


class PcscReaders:
    """The readers of the PC/SC service; only: names to keep, None for all of them."""

    def __init__(self, only: frozenset[str] | None = None) -> None:
        self._only = only
        self._looking_lock = threading.Lock()
        self._looking: Context | None = None
        self._waiting: Context | None = None
        self._woken = threading.Event()
        self._spares: queue.Queue[Context] = queue.Queue(_SPARES)

    def readers(self) -> View:
        """Give the present view; raises ConnectionError without a service, Failure PCSC_DOWN without pyscard."""
        with self._looking_lock:
            self._looking = self._looking or Context(_load())
            return self._view(self._looking)

    def _view(self, context: Context) -> View:
        scard = context.scard
        for _ in range(_LOOKS):
            names = self._names(context)
            if not names:
                return ()
            unaware = [(name, scard.SCARD_STATE_UNAWARE) for name in names]
            result, states = scard.SCardGetStatusChange(context.handle(), 0, unaware)
            if result != scard.SCARD_E_UNKNOWN_READER:  # else a reader was unplugged between the two calls
                break
        context.check(result)
        return tuple(_row(scard, *state) for state in states)

    def _names(self, context: Context) -> list[str]:
        scard = context.scard
        result, names = scard.SCardListReaders(context.handle(), [])
        if result == scard.SCARD_E_NO_READERS_AVAILABLE:
            names = []
        else:
            context.check(result)
        context.reader_count = len(names)
        return [name for name in names if self._only is None or name in self._only]

    def wait(self, known: View, timeout: float) -> View:
        """Wait for a view other than known; timeout in seconds; for one thread at a time."""
        self._waiting = self._waiting or Context(_load())
        view = self._view(self._waiting)
        for _ in range(max(1, round(timeout / _SLICE))):
            if view != known or self._woken.is_set():
                break
            self._sleep(self._waiting, known)
            view = self._view(self._waiting)
        self._woken.clear()
        return view

    def _sleep(self, context: Context, known: View) -> None:
        """Wait one slice for an event at the known readers, or at the pseudo reader."""
        scard = context.scard
        states = [(name, _expected(scard, atr, counter)) for name, atr, counter in known]
        result, _ = scard.SCardGetStatusChange(
            context.handle(), int(_SLICE * 1000), [*states, (_NOTIFICATION, context.reader_count << 16)]
        )
        if result in (scard.SCARD_E_UNKNOWN_READER, scard.SCARD_E_INVALID_PARAMETER):
            self._woken.wait(_SLICE)  # a service without the pseudo reader
        elif result not in (scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED):
            context.check(result)

    def wake(self) -> None:
        """End a pending wait; callable from any thread."""
        self._woken.set()
        if self._waiting is not None:
            self._waiting.cancel()

    def reset(self, reader: str) -> None:
        """Reset the card in a reader, so that no program keeps rights on it; raises the builtins of the port."""
        link = self._connect(reader)
        link.reset_on_close()
        link.close()

    def connect(self, reader: str) -> Link:
        """Open a shared link to the card in a reader, T=0 first; raises the builtins of the port contract."""
        return self._connect(reader)

    def _connect(self, reader: str) -> PcscLink:
        with contextlib.suppress(queue.Empty):
            spare = self._spares.get_nowait()
            try:
                return PcscLink(spare, reader, self._keep)
            except OSError:
                if spare.is_established:
                    self._keep(spare)
                    raise
                # It dates from before the service was started anew: nothing was asked of a card yet.
        context = Context(_load())
        try:
            return PcscLink(context, reader, self._keep)
        except OSError:
            context.release()
            raise

    def _keep(self, context: Context) -> None:
        """Keep the context of a link that was closed, for another one."""
        try:
            self._spares.put_nowait(context)
        except queue.Full:
            context.release()

    def close(self) -> None:
        """Give the contexts back."""
        self.wake()
        with self._looking_lock:
            for context in (self._looking, self._waiting):
                if context is not None:
                    context.release()
        with contextlib.suppress(queue.Empty):
            while True:
                self._spares.get_nowait().release()


def _row(scard: Any, name: str, state: int, atr: list[int]) -> tuple[str, bytes, int]:
    counter = state >> 16 & 0xFFFF
    if not state & scard.SCARD_STATE_PRESENT:
        return name, b"", counter
    return name, MUTE_ATR if state & scard.SCARD_STATE_MUTE or not atr else bytes(atr), counter


def _expected(scard: Any, atr: bytes, counter: int) -> int:
    """Give the reader state that would be no news: flags, and the event counter in the high word."""
    if not atr:
        flags = scard.SCARD_STATE_EMPTY
    elif atr == MUTE_ATR:
        flags = scard.SCARD_STATE_PRESENT | scard.SCARD_STATE_MUTE
    else:
        flags = scard.SCARD_STATE_PRESENT
    return int(flags) | counter << 16
