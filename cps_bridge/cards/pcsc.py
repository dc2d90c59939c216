"""Real readers, through the PC/SC service of the system. The only importer of pyscard, and only of its low level.

pyscard's own monitors and its global context die with the service; here every context is ours and is made anew.
Calls on one context exclude each other, so that waiting, looking and each link have a context of their own.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cps_bridge.cards.port import MUTE_ATR, Link, View
from dossier.failure import Failure

_NOTIFICATION = "\\\\?PnP?\\Notification"
"""The pseudo reader whose state changes when readers are plugged or unplugged."""

_SLICE = 0.5
"""Seconds of one wait in the service: bounds what a lost cancellation can cost."""

_LOOKS = 3
"""Attempts at a view while readers are being unplugged."""

_SELECT_ROOT = [0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00]  # ISO 7816-4, 7.1.1: harmless on any card
_VERIFY = 0x20
_log = logging.getLogger("cards")


def _load() -> Any:
    """Import pyscard when it is first needed; raises Failure PCSC_DOWN when it is not installed."""
    try:
        return importlib.import_module("smartcard.scard")
    except ImportError as error:
        raise Failure("PCSC_DOWN", cause="pyscard") from error


def _error(scard: Any, code: int) -> OSError:
    """Turn a PC/SC result code into the builtin of the port contract."""
    text = f"PC/SC {code & 0xFFFFFFFF:08X}"
    aborted = (
        scard.SCARD_W_REMOVED_CARD,
        scard.SCARD_W_RESET_CARD,
        scard.SCARD_E_NO_SMARTCARD,
        scard.SCARD_E_NOT_TRANSACTED,  # what a removal in the middle of an exchange looks like
        scard.SCARD_W_UNPOWERED_CARD,
    )
    mute = (scard.SCARD_W_UNRESPONSIVE_CARD, scard.SCARD_E_TIMEOUT, scard.SCARD_F_WAITED_TOO_LONG)
    if code in aborted:
        return ConnectionAbortedError(text)
    if code in mute:
        return TimeoutError(text)
    if code == scard.SCARD_E_SHARING_VIOLATION:
        return ConnectionRefusedError(text)
    if code in _service_gone(scard) or code in (scard.SCARD_E_UNKNOWN_READER, scard.SCARD_E_READER_UNAVAILABLE):
        return ConnectionError(text)
    return OSError(text)


def _service_gone(scard: Any) -> tuple[int, ...]:
    return (
        scard.SCARD_E_NO_SERVICE,
        scard.SCARD_E_SERVICE_STOPPED,
        scard.SCARD_E_INVALID_HANDLE,
        scard.SCARD_F_COMM_ERROR,
        scard.SCARD_E_SYSTEM_CANCELLED,
    )


class _Context:
    """One PC/SC context, established when first used and given up for a new one when the service went away."""

    def __init__(self, scard: Any) -> None:
        self.scard = scard
        self.reader_count = 0  # the state of the pseudo reader, on Windows
        self._handle: Any = None

    def handle(self) -> Any:
        """Give the native handle; raises ConnectionError when there is no service."""
        if self._handle is None:
            result, handle = self.scard.SCardEstablishContext(self.scard.SCARD_SCOPE_USER)
            if result != self.scard.SCARD_S_SUCCESS:
                raise ConnectionError(f"PC/SC {result & 0xFFFFFFFF:08X}")
            self._handle = handle
        return self._handle

    def release(self) -> None:
        """Give the handle back."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self.scard.SCardReleaseContext(handle)

    def cancel(self) -> None:
        """End a wait that is pending on this context; callable from any thread."""
        handle = self._handle
        if handle is not None:
            self.scard.SCardCancel(handle)

    def check(self, result: int) -> None:
        """Raise the builtin of a result that is no success; a service that went away costs the context."""
        if result == self.scard.SCARD_S_SUCCESS:
            return
        if result in _service_gone(self.scard):
            self.release()
        raise _error(self.scard, result)


class PcscReaders:
    """The readers of the PC/SC service; only: names to keep, None for all of them."""

    def __init__(self, only: frozenset[str] | None = None) -> None:
        self._only = only
        self._looking_lock = threading.Lock()
        self._looking: _Context | None = None
        self._waiting: _Context | None = None
        self._woken = threading.Event()

    def readers(self) -> View:
        """Give the present view; raises ConnectionError without a service, Failure PCSC_DOWN without pyscard."""
        with self._looking_lock:
            self._looking = self._looking or _Context(_load())
            return self._view(self._looking)

    def _view(self, context: _Context) -> View:
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

    def _names(self, context: _Context) -> list[str]:
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
        self._waiting = self._waiting or _Context(_load())
        slices = max(1, round(timeout / _SLICE))
        for _ in range(slices):
            view = self._view(self._waiting)
            if view != known or self._woken.is_set():
                break
            self._sleep(self._waiting, known)
        self._woken.clear()
        return self._view(self._waiting)

    def _sleep(self, context: _Context, known: View) -> None:
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

    def connect(self, reader: str) -> Link:
        """Open a shared link to the card in a reader, T=0 first; raises the builtins of the port contract."""
        context = _Context(_load())
        try:
            return _PcscLink(context, reader)
        except OSError:
            context.release()
            raise

    def close(self) -> None:
        """Give the contexts back."""
        self.wake()
        with self._looking_lock:
            for context in (self._looking, self._waiting):
                if context is not None:
                    context.release()


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


class _PcscLink:
    """A shared connection. Closing it resets the card if a PIN went through it, so that nobody inherits the rights."""

    def __init__(self, context: _Context, reader: str) -> None:
        self._context = context
        scard = context.scard
        result, handle, protocol = self._connect(reader, scard.SCARD_PROTOCOL_T0)
        if result == scard.SCARD_E_PROTO_MISMATCH:
            result, handle, protocol = self._connect(reader, scard.SCARD_PROTOCOL_T1)
        context.check(result)
        self._card = handle
        self._header = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
        self._disposition = scard.SCARD_LEAVE_CARD

    def _connect(self, reader: str, protocol: int) -> Any:
        scard = self._context.scard
        return scard.SCardConnect(self._context.handle(), reader, scard.SCARD_SHARE_SHARED, protocol)

    def transmit(self, command: bytes) -> bytes:
        """Send one command; raises the builtins of the port contract."""
        if command[1] == _VERIFY and len(command) > 5:
            self._disposition = self._context.scard.SCARD_RESET_CARD
        octets = list(command)
        try:
            result, answer = self._context.scard.SCardTransmit(self._card, self._header, octets)
        finally:
            octets[:] = [0] * len(octets)  # it may be a PIN
        self._context.check(result)
        if not answer:  # some drivers call it a success when the card leaves before it answers
            raise ConnectionAbortedError("no answer")
        return bytes(answer)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep other programs away; waits, without limit, for the one that is inside a transaction."""
        scard = self._context.scard
        self._context.check(scard.SCardBeginTransaction(self._card))
        try:
            yield
        finally:
            result = scard.SCardEndTransaction(self._card, scard.SCARD_LEAVE_CARD)
            if result != scard.SCARD_S_SUCCESS:
                _log.debug("end of transaction: %08X", result & 0xFFFFFFFF)

    def close(self) -> None:
        """Let go of the card and of the context."""
        scard = self._context.scard
        if self._disposition == scard.SCARD_RESET_CARD and self._is_gone():
            self._disposition = scard.SCARD_LEAVE_CARD
        scard.SCardDisconnect(self._card, self._disposition)
        self._context.release()

    def _is_gone(self) -> bool:
        """Ask the card itself: the service looks only every 0.4 s, and must not reset what is no longer there.

        The reset would strike the card that came after it; and pcsc-lite, told to reset a card that was just pulled,
        takes the next one in without ever telling of it.
        """
        scard = self._context.scard
        if scard.SCardStatus(self._card)[0] != scard.SCARD_S_SUCCESS:
            return True
        result, answer = scard.SCardTransmit(self._card, self._header, _SELECT_ROOT)
        return result != scard.SCARD_E_SHARING_VIOLATION and not answer
