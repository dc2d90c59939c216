"""A card in a slot of vpcd, the virtual reader driver of pcscd (vsmartcard).

The card is the TCP client: connected is inserted, closed is removed. Each message is a length of two bytes (big-endian)
and a payload. A payload of one byte is a control: 00 power off, 01 power on, 02 reset, 04 ask the ATR (the only one
that is answered). Any other payload is a command, and the reader waits for its answer.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable

from card_sim.card import SimulatedCard
from card_sim.faults import DeadCardError, MuteCardError

_POWER_OFF, _POWER_ON, _RESET, _ATR = 0, 1, 2, 4
_POLLS = 1.0  # seconds in which pcscd, which looks every 0.4 s, has seen a slot empty
_PATIENCE = 5.0
# Linux only. vpcd writes length and payload in two segments and waits, between them, for an acknowledgement that the
# kernel delays by 40 ms: acknowledging at once makes an exchange 400 times faster. The kernel forgets the option, so it
# is set again before each recv.
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class VpcdCard:
    """A card while it is in a slot; made by insert()."""

    def __init__(
        self,
        card: SimulatedCard,
        connection: socket.socket,
        on_replaced: Callable[[VpcdCard, SimulatedCard], None] | None = None,
    ) -> None:
        self.card = card
        self._on_replaced = on_replaced
        self._socket = connection
        self._seen = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="vpcd card", daemon=True)
        self._thread.start()

    @property
    def inserted(self) -> bool:
        """Whether the card is still in the slot: False after removal, death, or the end of pcscd."""
        return self._thread.is_alive()

    def wait_until_seen(self, timeout: float) -> bool:
        """Wait until the reader has spoken to the card (it polls every 400 ms); False on timeout, in seconds."""
        return self._seen.wait(timeout)

    def remove(self) -> None:
        """Take the card out and wait for the end of its thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        while self.inserted:
            self.card.power(False)  # more than once: a slow card may only now begin to think
            self._thread.join(0.05)

    def _serve(self) -> None:
        replacement = None
        try:
            self._converse()
        except DeadCardError as death:
            replacement = death.replacement
        except (EOFError, OSError):
            pass  # taken out, or the end of pcscd
        if replacement is not None and self._on_replaced is not None:
            self._on_replaced(self, replacement)

    def _converse(self) -> None:
        with self._socket:
            while True:
                (size,) = struct.unpack(">H", self._receive(2))
                message = self._receive(size)
                self._seen.set()
                answer = self._control(message[0]) if size == 1 else self._answer(message)
                if answer is not None:
                    self._socket.sendall(struct.pack(">H", len(answer)) + answer)

    def _control(self, code: int) -> bytes | None:
        if code == _ATR:
            return self.card.atr
        if code == _RESET:
            self.card.reset()
        elif code in (_POWER_OFF, _POWER_ON):
            self.card.power(code == _POWER_ON)
        return None

    def _answer(self, command: bytes) -> bytes | None:
        try:
            return self.card.apdu(command)
        except MuteCardError:
            return None  # the reader waits until the card is taken out

    def _receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            if _QUICK_ACK is not None:
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
            chunk = self._socket.recv(count - len(received))
            if not chunk:
                raise EOFError
            received += chunk
        return received


def insert(
    card: SimulatedCard,
    address: tuple[str, int],
    timeout: float = 10.0,
    on_replaced: Callable[[VpcdCard, SimulatedCard], None] | None = None,
) -> VpcdCard:
    """Put a card in the slot that listens at (host, port); timeout in seconds.

    on_replaced: told, from the thread of a card that Fault.SWAP_AT took out, which card is to take its place.
    Raises ConnectionError when nothing listens there. The slot may still hold a card that has just left: then the new
    one waits in the queue of the driver until its next poll.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection = socket.create_connection(address, 2)
            break
        except OSError as error:
            if time.monotonic() > deadline:
                raise ConnectionError(f"no virtual reader at {address[0]}:{address[1]}") from error
            time.sleep(0.05)
    connection.settimeout(None)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    inserted = VpcdCard(card, connection, on_replaced)
    inserted.wait_until_seen(max(0.0, deadline - time.monotonic()))
    return inserted


class VpcdSlot:
    """One slot of a virtual reader, for hands and for the control socket.

    reader: the PC/SC name of the slot. pcscd looks every 0.4 s only: a card put in before it has seen the slot empty
    is, to everybody, the card before it. With a name, these hands wait until the slot was seen empty, as hands of flesh
    do; without one they are faster than that, except when a fault replaces a card.
    """

    def __init__(self, address: tuple[str, int], reader: str = "") -> None:
        self.name = reader or f"{address[0]}:{address[1]}"
        self._address, self._reader = address, reader
        self._inserted: VpcdCard | None = None
        self._hands = threading.Lock()

    @property
    def card(self) -> SimulatedCard | None:
        """The card that is in the slot now."""
        inserted = self._inserted
        return inserted.card if inserted is not None and inserted.inserted else None

    @property
    def occupied(self) -> bool:
        """Whether a card is in the slot."""
        return self.card is not None

    def insert(self, card: SimulatedCard) -> None:
        """Put a card in, in the place of the one that is there; raises ConnectionError."""
        with self._hands:
            self._take_out()
            if self._reader:
                _wait_until_empty(self._reader)
            self._inserted = insert(card, self._address, on_replaced=self._replace)

    def remove(self) -> None:
        """Take the card out, if there is one."""
        with self._hands:
            self._take_out()

    def _take_out(self) -> None:
        if self._inserted is not None:
            self._inserted.remove()
            self._inserted = None

    def _replace(self, gone: VpcdCard, card: SimulatedCard) -> None:
        # In a thread of its own: hands that take the card out wait for the end of the card's.
        threading.Thread(target=self._put_next, args=(gone, card), name="vpcd swap", daemon=True).start()

    def _put_next(self, gone: VpcdCard, card: SimulatedCard) -> None:
        with self._hands, contextlib.suppress(ConnectionError):
            if self._inserted is not gone:
                return  # hands were faster
            if self._reader:
                _wait_until_empty(self._reader)
            else:
                time.sleep(_POLLS)
            self._inserted = insert(card, self._address, on_replaced=self._replace)


def _wait_until_empty(reader: str) -> None:
    from card_sim.pcsc_service import wait_until_empty

    wait_until_empty(reader, _PATIENCE)
