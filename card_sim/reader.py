"""Readers inside the process: no PC/SC service, any operating system.

InProcessReaders offers what the client asks of a reader port, with builtin exceptions only: ConnectionAbortedError
(card removed, or reset by another program), TimeoutError (mute card), ConnectionRefusedError (held by another
program), ConnectionError (reader or service gone).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from card_sim import pin_pad as pad
from card_sim.card import SimulatedCard
from card_sim.faults import DeadCardError, MuteCardError

View = tuple[tuple[str, bytes, int], ...]
DEFAULT_NAMES = ("Lecteur simulé 1", "Lecteur simulé 2")


@dataclass
class _Slot:
    name: str
    card: SimulatedCard | None = None
    counter: int = 0
    session: int = 0  # grows when connections lose their card: removal, or reset by another program
    held: bool = False
    exchange: threading.RLock = field(default_factory=threading.RLock)


class InProcessReaders:
    """A set of readers with hands that put cards in and take them out; every method may be called from any thread.

    pin_pad: None, or what the person types on the keys of the readers, called once for each code that is asked: ASCII
    digits, b"" for the red key, None when nothing comes.
    """

    def __init__(self, names: tuple[str, ...] = DEFAULT_NAMES, pin_pad: pad.Type | None = None) -> None:
        self.pin_pad = pin_pad
        self._changed = threading.Condition()
        self._slots = {name: _Slot(name) for name in names}
        self._running = True
        self._wakes = 0

    def insert(self, reader: str, card: SimulatedCard) -> None:
        """Put a card in a reader, in the place of the one that is there; raises KeyError for an unknown reader."""
        with self._changed:
            slot = self._slots[reader]
            if slot.card is not None:
                self._empty(slot)
            slot.card = card
            slot.counter += 1
            card.power(True)
            self._changed.notify_all()

    def remove(self, reader: str) -> None:
        """Take the card out; its connections end. Nothing happens when the reader is empty."""
        with self._changed:
            slot = self._slots[reader]
            if slot.card is not None:
                self._empty(slot)
                self._changed.notify_all()

    def card(self, reader: str) -> SimulatedCard | None:
        """Look at the card in a reader."""
        with self._changed:
            return self._slots[reader].card

    def reset_by_another(self, reader: str) -> None:
        """Do what another program does when it resets the card: present connections end, the card stays."""
        with self._changed:
            slot = self._slots[reader]
            if slot.card is not None:
                slot.session += 1
                slot.card.reset()

    def hold(self, reader: str, held: bool = True) -> None:
        """Do what another program does when it takes a card for itself (exclusive share mode), or gives it back."""
        with self._changed:
            self._slots[reader].held = held

    def unplug(self, reader: str) -> None:
        """Unplug a reader with its card."""
        with self._changed:
            slot = self._slots.pop(reader)
            if slot.card is not None:
                self._empty(slot)
            self._changed.notify_all()

    def plug(self, reader: str) -> None:
        """Plug a new empty reader."""
        with self._changed:
            self._slots.setdefault(reader, _Slot(reader))
            self._changed.notify_all()

    def stop_service(self, stopped: bool = True) -> None:
        """Stop the service behind all readers, or start it again."""
        with self._changed:
            self._running = not stopped
            self._changed.notify_all()

    def readers(self) -> View:
        """Look at every reader: (name, ATR or b"", counter of insertions and removals); raises ConnectionError."""
        with self._changed:
            return self._view()

    def wait(self, known: View, timeout: float) -> View:
        """Block until the readers differ from a view, a timeout in seconds, or wake(); give the new view."""
        with self._changed:
            wakes = self._wakes
            self._changed.wait_for(lambda: self._wakes != wakes or self._view() != known, timeout)
            return self._view()

    def wake(self) -> None:
        """End the wait() calls in progress."""
        with self._changed:
            self._wakes += 1
            self._changed.notify_all()

    def connect(self, reader: str) -> InProcessLink:
        """Open a shared connection to the card of a reader; raises as the module says."""
        with self._changed:
            self._view()
            slot = self._slots.get(reader)
            if slot is None:
                raise ConnectionError("no such reader")
            if slot.card is None:
                raise ConnectionAbortedError("no card in the reader")
            if slot.held:
                raise ConnectionRefusedError("another program holds the card")
            return InProcessLink(self, slot)

    def close(self) -> None:
        """End the waits; readers stay usable by whoever holds them."""
        self.wake()

    def _view(self) -> View:
        if not self._running:
            raise ConnectionError("the reader service is stopped")
        return tuple((slot.name, slot.card.atr if slot.card else b"", slot.counter) for slot in self._slots.values())

    def _empty(self, slot: _Slot) -> None:
        if slot.card is not None:
            slot.card.power(False)
        slot.card = None
        slot.counter += 1
        slot.session += 1

    def _card_for(self, slot: _Slot, session: int) -> SimulatedCard:
        with self._changed:
            self._view()
            if slot.name not in self._slots:
                raise ConnectionError("the reader is gone")
            if slot.session != session or slot.card is None:
                raise ConnectionAbortedError("the card was removed or reset")
            return slot.card

    def _control(self, slot: _Slot, session: int, code: int, data: bytes) -> bytes:
        typing = self.pin_pad
        if typing is None:
            raise OSError("the reader has no keys")

        def transmit(command: bytes) -> bytes:
            return self._exchange(slot, session, command)

        with slot.exchange:
            self._card_for(slot, session)
            answer = pad.control(code, data, typing, transmit)
            self._card_for(slot, session)  # the card may have left while the person typed
            return answer

    def _exchange(self, slot: _Slot, session: int, command: bytes) -> bytes:
        with slot.exchange:
            try:
                answer = self._card_for(slot, session).apdu(command)
            except MuteCardError:
                raise TimeoutError("the card does not answer") from None
            except DeadCardError as death:
                self._departed(slot, session, death.replacement)
            else:
                self._card_for(slot, session)  # a card pulled out while it computed gives nothing
                return answer
        raise ConnectionAbortedError("the card was removed")

    def _departed(self, slot: _Slot, session: int, replacement: SimulatedCard | None) -> None:
        """Take out the card that died, put in the one that replaces it; nothing when hands were faster."""
        with self._changed:
            if slot.session != session or slot.card is None:
                return
            if replacement is None:
                self.remove(slot.name)
            else:
                self.insert(slot.name, replacement)


class InProcessLink:
    """One connection to one card."""

    def __init__(self, readers: InProcessReaders, slot: _Slot) -> None:
        self._readers = readers
        self._slot = slot
        self._session = slot.session
        self._open = True

    def transmit(self, command: bytes) -> bytes:
        """Send a command and give data with SW1 SW2; raises as the module says."""
        if not self._open:
            raise ConnectionAbortedError("the connection is closed")
        return self._readers._exchange(self._slot, self._session, command)

    def features(self) -> Mapping[int, int]:
        """Give the features of the reader (PC/SC part 10, 2.3) with their control codes; none without keys."""
        return pad.CONTROL_CODES if self._readers.pin_pad is not None else {}

    def control(self, code: int, data: bytes | bytearray) -> bytes:
        """Have the reader itself do something, give its answer; raises as transmit does, OSError for no such code."""
        if not self._open:
            raise ConnectionAbortedError("the connection is closed")
        return self._readers._control(self._slot, self._session, code, bytes(data))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep other connections waiting while inside."""
        with self._slot.exchange:
            self._readers._card_for(self._slot, self._session)
            yield

    def close(self) -> None:
        """End the connection; the card keeps its state, as with SCARD_LEAVE_CARD."""
        self._open = False


class InProcessSlot:
    """One reader of the process, for hands and for the control socket."""

    def __init__(self, readers: InProcessReaders, name: str) -> None:
        self.name = name
        self._readers = readers

    @property
    def card(self) -> SimulatedCard | None:
        """The card that is in the slot now."""
        return self._readers.card(self.name)

    @property
    def occupied(self) -> bool:
        """Whether a card is in the slot."""
        return self.card is not None

    def insert(self, card: SimulatedCard) -> None:
        """Put a card in, in the place of the one that is there."""
        self._readers.insert(self.name, card)

    def remove(self) -> None:
        """Take the card out, if there is one."""
        self._readers.remove(self.name)
