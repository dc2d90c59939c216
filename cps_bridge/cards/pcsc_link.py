"""A shared connection to the card of one reader, through the PC/SC service."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cps_bridge.cards import pcsc_secret
from cps_bridge.cards.apdu import carries_code
from cps_bridge.cards.pcsc_context import Context

_GET_FEATURE_REQUEST = 3400
"""Control code of PC/SC part 10 (clause 2.2): what the reader can do by itself."""

_FEATURE_LENGTH = 4
_SELECT_ROOT = [0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00]  # ISO 7816-4, 7.1.1: harmless on any card
_log = logging.getLogger("cards")


class PcscLink:
    """Closing it resets the card if a code went through it, so that nobody inherits the rights."""

    def __init__(self, context: Context, reader: str, give_back: Callable[[Context], None]) -> None:
        """Connect, T=0 first; waits for the transaction of another program, raises the builtins of the port.

        give_back: takes the context once the link is closed.
        """
        self._context = context
        self._give_back = give_back
        scard = context.scard
        result, handle, protocol = self._connect(reader, scard.SCARD_PROTOCOL_T0)
        if result == scard.SCARD_E_PROTO_MISMATCH:
            result, handle, protocol = self._connect(reader, scard.SCARD_PROTOCOL_T1)
        context.check(result)
        self._card = handle
        self._protocol = protocol
        self._header = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
        self._disposition = scard.SCARD_LEAVE_CARD
        self._closed = False

    def _connect(self, reader: str, protocol: int) -> Any:
        scard = self._context.scard
        return scard.SCardConnect(self._context.handle(), reader, scard.SCARD_SHARE_SHARED, protocol)

    def transmit(self, command: bytes) -> bytes:
        """Send one command; raises the builtins of the port contract."""
        if carries_code(command):
            self._disposition = self._context.scard.SCARD_RESET_CARD
            result, answer = self._transmit_secret(command)
        else:
            result, answer = self._context.scard.SCardTransmit(self._card, self._header, list(command))
        self._context.check(result)
        if not answer:  # some drivers call it a success when the card leaves before it answers
            raise ConnectionAbortedError("no answer")
        return bytes(answer)

    def _transmit_secret(self, command: bytes | bytearray) -> tuple[int, bytes]:
        if isinstance(command, bytearray):  # the caller wipes it
            return pcsc_secret.transmit(self._card, self._protocol, command)
        return pcsc_secret.transmit(self._card, self._protocol, bytearray(command))

    def features(self) -> Mapping[int, int]:
        """Ask the reader what it can do by itself (PC/SC part 10, clause 2.3); {} for a reader that does not say."""
        scard = self._context.scard
        result, answer = scard.SCardControl(self._card, scard.SCARD_CTL_CODE(_GET_FEATURE_REQUEST), [])
        if result != scard.SCARD_S_SUCCESS:
            return {}
        return features_of(bytes(answer))

    def control(self, code: int, data: bytes | bytearray) -> bytes:
        """Ask something of the reader; a code may be typed on it, so the card is reset in the end."""
        scard = self._context.scard
        self._disposition = scard.SCARD_RESET_CARD
        result, answer = scard.SCardControl(self._card, code, list(data))
        self._context.check(result)
        return bytes(answer)

    def reset_on_close(self) -> None:
        """Have close() reset the card, whatever went through this link."""
        self._disposition = self._context.scard.SCARD_RESET_CARD

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
        """Let go of the card and of the context, once."""
        if self._closed:
            return
        self._closed = True
        scard = self._context.scard
        if self._disposition == scard.SCARD_RESET_CARD and self._is_gone():
            self._disposition = scard.SCARD_LEAVE_CARD
        scard.SCardDisconnect(self._card, self._disposition)
        if self._context.is_established:
            self._give_back(self._context)

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


def features_of(answer: bytes) -> dict[int, int]:
    """Read the list of features: tag, length 4, control code (big-endian) for each; what is no such entry ends it."""
    found: dict[int, int] = {}
    size = 2 + _FEATURE_LENGTH
    for start in range(0, len(answer) - size + 1, size):
        tag, length = answer[start], answer[start + 1]
        if length != _FEATURE_LENGTH:
            break
        found[tag] = int.from_bytes(answer[start + 2 : start + size], "big")
    return found
