"""Command and answer APDUs of ISO/IEC 7816-4, short form, over a link that speaks T=0.

With T=0 an answer that belongs to a command with data is fetched by GET RESPONSE (61xx), and a wrong expected length
is said by the card (6Cxx); both are settled here, with bounds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from cps_bridge.cards.attempt import Attempt, Phase
from cps_bridge.cards.port import Link
from cps_bridge.cards.tlv import LIMIT, descend, parse
from dossier.failure import Failure

VERIFY = 0x20
CHANGE_REFERENCE_DATA = 0x24
RESET_RETRY_COUNTER = 0x2C
SELECT = 0xA4
READ_BINARY = 0xB0
GET_DATA = 0xCB
MANAGE_SECURITY_ENVIRONMENT = 0x22
PERFORM_SECURITY_OPERATION = 0x2A
INTERNAL_AUTHENTICATE = 0x88
_GET_RESPONSE = 0xC0
_CHAINING = 0x10
_MAX_DATA = 255

OK = 0x9000
END_OF_FILE = 0x6282
TROUBLE = 0x6F  # SW1: no precise diagnosis
NO_COUNTER = 0x6300  # a refusal, or a state, without its counter
SECURITY_STATUS = 0x6982
BLOCKED = 0x6983
NOT_FOUND = 0x6A82
REFERENCE_NOT_FOUND = 0x6A88
WRONG_OFFSET = 0x6B00

_LEAST_READ = 16
"""Bytes that a card gives at least to a READ BINARY, but for the end: it must not hold the client for thousands."""

MAX_READ = 0xE7
"""Largest block that a CPS3 gives to one READ BINARY."""

_SECRET = (VERIFY, CHANGE_REFERENCE_DATA, RESET_RETRY_COUNTER)
_log = logging.getLogger("cards")


def carries_code(command: bytes | bytearray) -> bool:
    """Tell whether a command holds a PIN or an unblocking code: it presents, replaces or resets one, with data."""
    return len(command) > 5 and command[1] in _SECRET


@dataclass(frozen=True)
class Answer:
    """What a card answered: data without the status word, and the status word."""

    data: bytes = field(repr=False)
    status: int


def build(ins: int, p1: int, p2: int, data: bytes | bytearray = b"", le: int | None = None, cla: int = 0) -> bytearray:
    """Build a command APDU: case 1, 2 (le: 1 to 256) or 3 (data: 1 to 255 bytes).

    Case 4 has no le with T=0 (ISO/IEC 7816-3 clause 12.2.1): the card announces its answer by 61xx.
    """
    if len(data) > _MAX_DATA or (data and le is not None):
        raise ValueError("not a short T=0 command")
    command = bytearray((cla, ins, p1, p2))
    if data:
        command.append(len(data))
        command += data
    elif le is not None:
        command.append(le & 0xFF)
    return command


class Channel:
    """One link, spoken to in whole commands.

    logical_channel: the one all commands go to (ISO 7816-4 clause 5.4.1, 0 to 3), set by the access to the card.
    """

    def __init__(self, link: Link) -> None:
        self.logical_channel = 0
        self.attempt: Attempt | None = None
        self._features: Mapping[int, int] | None = None
        self._link = link
        self._retired = False

    def send(
        self,
        ins: int,
        p1: int,
        p2: int,
        data: bytes | bytearray = b"",
        le: int | None = None,
        *,
        more: bool = False,
    ) -> Answer:
        """Send a command and gather its whole answer; the buffer of the command is wiped.

        more: this is not the last command of a chain. Raises Failure CARD_UNREADABLE for an answer that is none, and
        the builtins of the port.
        """
        command = build(ins, p1, p2, data, le, self.logical_channel | (_CHAINING if more else 0))
        start = time.monotonic()
        try:
            answer = self._gather(command)
        finally:
            command[:] = bytes(len(command))
        _log.debug(
            "apdu ins=%02X p1=%02X p2=%02X sent=%s received=%d status=%04X ms=%.1f",
            ins, p1, p2, "-" if ins in _SECRET else len(data), len(answer.data), answer.status,
            (time.monotonic() - start) * 1e3,
        )  # fmt: skip
        return answer

    def demand(
        self, ins: int, p1: int, p2: int, data: bytes | bytearray = b"", le: int | None = None, *, more: bool = False
    ) -> bytes:
        """Send a command and give its data; raises the Failure of any status word other than 9000."""
        answer = self.send(ins, p1, p2, data, le, more=more)
        if answer.status != OK:
            raise failure_of(answer.status)
        return answer.data

    def select(self, p1: int, p2: int, name: bytes) -> None:
        """Select, and leave with the card what it has to say of the selection; raises as demand does."""
        command = build(SELECT, p1, p2, name, cla=self.logical_channel)
        answer = self._transmit(command)
        _log.debug("apdu ins=%02X p1=%02X p2=%02X sent=%d status=%04X", SELECT, p1, p2, len(name), answer.status)
        if answer.status != OK and answer.status >> 8 != 0x61:
            raise failure_of(answer.status)

    def demand_chained(self, ins: int, p1: int, p2: int, data: bytes) -> bytes:
        """Send data of any length by command chaining (ISO 7816-4 clause 5.3.3) and give the last answer's data."""
        while len(data) > _MAX_DATA:
            self.demand(ins, p1, p2, data[:_MAX_DATA], more=True)
            data = data[_MAX_DATA:]
        return self.demand(ins, p1, p2, data)

    def _gather(self, command: bytearray) -> Answer:
        answer = self._transmit(command)
        if answer.status >> 8 == 0x6C:
            answer = self._transmit(command[:4] + bytes([answer.status & 0xFF]))
        data = answer.data
        while answer.status >> 8 == 0x61 and len(data) < LIMIT:
            answer = self._get_response(answer.status)
            if answer.status >> 8 == 0x6C:
                answer = self._get_response(answer.status)
            if not answer.data:
                break
            data += answer.data
        if answer.status >> 8 in (0x61, 0x6C):
            raise Failure("CARD_UNREADABLE", what="APDU")
        return Answer(data, answer.status)

    def _get_response(self, status: int) -> Answer:
        return self._transmit(build(_GET_RESPONSE, 0, 0, le=status & 0xFF, cla=self.logical_channel))

    def _transmit(self, command: bytearray) -> Answer:
        self._begin_exchange()
        # A bytearray where the wire says bytes: it can be wiped, and every port reads it as a buffer.
        raw = self._link.transmit(cast("bytes", command))
        if not 2 <= len(raw) <= 258:
            raise Failure("CARD_UNREADABLE", what="APDU")
        return Answer(bytes(raw[:-2]), int.from_bytes(raw[-2:], "big"))

    def _begin_exchange(self, patience: float | None = None) -> None:
        if self._retired:
            raise ConnectionAbortedError("this channel was given up")
        if self.attempt:
            self.attempt.enter(Phase.EXCHANGE, patience)

    def features(self) -> Mapping[int, int]:
        """Ask the reader once what it can do: feature number to control code (PC/SC part 10, clause 2.3)."""
        if self._features is None:
            self._begin_exchange()
            self._features = self._link.features()
        return self._features

    def control(self, code: int, data: bytes | bytearray, patience: float | None = None) -> bytes:
        """Ask something of the reader itself and give its raw answer; raises the builtins of the port.

        patience: seconds that this one exchange may last, when a person takes part in it; wiping data is the caller's.
        """
        self._begin_exchange(patience)
        return bytes(self._link.control(code, data))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep other programs away from the card until the end of the block."""
        with self._link.transaction():
            yield

    def retire(self) -> None:
        """Make every later command fail; callable from any thread, does not touch the link (it may be stuck)."""
        self._retired = True

    def close(self) -> None:
        """Let go of the card; errors of a link that is gone already are of no interest."""
        self._retired = True
        try:
            self._link.close()
        except OSError:
            _log.debug("the link was gone before it was closed")

    def read_file(self, path: bytes) -> bytes:
        """Select a transparent file by path from the master file and read it whole.

        path: two bytes per step, starting with 3F00. Raises Failure CARD_DATA_MISSING, PIN_REQUIRED, CARD_UNREADABLE.
        """
        return self.read_found(self.demand(SELECT, 0x09, 0x04, path))

    def read_found(self, parameters: bytes) -> bytes:
        """Read the transparent file just selected whole; parameters: what the selection said of it (FCP template)."""
        size = _size_in(parameters)
        return self.read_selected(MAX_READ) if size is None else self._read_exactly(size)

    def _read_exactly(self, size: int) -> bytes:
        content = bytearray()
        while len(content) < min(size, LIMIT):
            offset = len(content)
            wanted = min(MAX_READ, size - offset)
            block = self.demand(READ_BINARY, offset >> 8, offset & 0xFF, le=wanted)
            if len(block) < min(wanted, _LEAST_READ):
                raise Failure("CARD_UNREADABLE", what="file")
            content += block
        return bytes(content)

    def read_selected(self, block: int, start: bytes = b"") -> bytes:
        """Read the selected transparent file from where start ends to its own end, block bytes at a time."""
        content, short = bytearray(start), 0
        while len(content) < LIMIT:
            answer = self.send(READ_BINARY, len(content) >> 8, len(content) & 0xFF, le=block)
            content += answer.data
            if answer.status in (END_OF_FILE, WRONG_OFFSET) or (answer.status == OK and not answer.data):
                return bytes(content)
            if answer.status != OK:
                raise failure_of(answer.status)
            short += len(answer.data) < _LEAST_READ
            if short > 1:  # the last block of a file may be short
                break
        raise Failure("CARD_UNREADABLE", what="file")


@lru_cache(maxsize=64)  # a card says the same of a file each time
def _size_in(parameters: bytes) -> int | None:
    """Give the bytes of a file from its FCP template (ISO 7816-4, tag 80), None when it does not say."""
    size = descend(parse(parameters), 0x80)
    if size is None or not 0 < len(size.value) <= 2:
        return None
    return int.from_bytes(size.value, "big")


def failure_of(status: int) -> Failure:
    """Turn a status word (ISO/IEC 7816-4 clause 5.1.3) into the failure that people read."""
    if status == SECURITY_STATUS:
        return Failure("PIN_REQUIRED")
    if status in (BLOCKED, 0x63C0):
        return Failure("PIN_BLOCKED")
    if status & 0xFFF0 == 0x63C0:
        return Failure("PIN_WRONG", tries_left=status & 0x0F)
    if status in (NOT_FOUND, 0x6A83, REFERENCE_NOT_FOUND):
        return Failure("CARD_DATA_MISSING")
    return Failure("CARD_REFUSED", status=f"{status:04X}")
