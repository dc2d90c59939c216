"""Readers in which a card leaves, or is replaced, after the k-th command that it was sent."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from card_sim.reader import InProcessReaders

LEAVES, TORN, SWAPPED, UNSEEN = "leaves after", "leaves during", "swapped", "swapped unseen"
LOST = "answer lost"  # the card has done what it was told, and leaves before it says so
MODES = (LEAVES, TORN, SWAPPED, UNSEEN)


class Danger:
    """What happens to one reader at its k-th command from now on; counts commands in any case."""

    def __init__(self, readers: InProcessReaders, reader: str, mode: str, at: int, other: Any = None) -> None:
        self._readers, self._reader, self._mode, self.at, self._other = readers, reader, mode, at, other
        self._lock = threading.Lock()
        self.count = 0
        self.struck_at = 0.0

    def command(self, reader: str, transmit: Callable[[], bytes]) -> bytes:
        """Pass one command on, and strike when it is the one."""
        if reader != self._reader:
            return transmit()
        with self._lock:
            self.count += 1
            strikes = self.count == self.at
        if strikes and self._mode == TORN:
            self.strike()
            return transmit()
        answer = transmit()
        if strikes:
            self.strike()
            if self._mode == LOST:
                raise ConnectionAbortedError("no answer")
        return answer

    def strike(self) -> None:
        """Take the card away, or put the other in its place, now; a second blow does nothing."""
        with self._lock:
            if self.struck_at:
                return
            self.struck_at = time.monotonic()
        if self._mode == UNSEEN:
            self._replace_unseen()
        elif self._mode == SWAPPED:
            self._readers.insert(self._reader, self._other)
        else:
            self._readers.remove(self._reader)

    def _replace_unseen(self) -> None:
        """Change the card between two looks of the service: links die, no event is ever told."""
        with self._readers._changed:
            slot = self._readers._slots[self._reader]
            if slot.card is not None:
                slot.card.power(False)
            slot.session += 1
            slot.card = self._other
            self._other.power(True)


class DangerousPort:
    """The client's reader port over readers of the process, with one danger at a time."""

    def __init__(self, readers: InProcessReaders) -> None:
        self.inner = readers
        self.danger: Danger | None = None

    def connect(self, reader: str) -> DangerousLink:
        return DangerousLink(self, reader, self.inner.connect(reader))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class DangerousLink:
    """A link whose commands pass by the danger."""

    def __init__(self, port: DangerousPort, reader: str, link: Any) -> None:
        self._port, self._reader, self._link = port, reader, link

    def transmit(self, command: bytes) -> bytes:
        danger = self._port.danger
        if danger is None:
            return self._link.transmit(command)
        return danger.command(self._reader, lambda: self._link.transmit(command))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        with self._link.transaction():
            yield

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)
