"""What moves the virtual cards: orders to the bench of the card simulator, in this process or in another one."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from card_sim.authority import Authority
from card_sim.control import Bench, listening, tell, watching
from card_sim.deck import Deck
from card_sim.reader import DEFAULT_NAMES, InProcessReaders, InProcessSlot
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.cards.port import ReaderPort
from cps_bridge.simulated.process import STOP_SECONDS, launch, stop
from dossier.failure import Failure

PAIRS, READERS = "CPS_BRIDGE_VPCD", "CPS_BRIDGE_VPCD_READERS"
_EMPTY = "vide"
_LONGEST_PLACE = 60


class Hands(Protocol):
    """What puts cards in and takes them out: gives orders to a card_sim.control.Bench, near or far."""

    def do(self, **order: object) -> dict[str, Any]:
        """Give an order and its answer; raises Failure CARD_ORDER_REFUSED, SIMULATOR_DOWN."""
        ...

    def state(self) -> list[dict[str, Any]]:
        """Tell what is in the slots, as far as is known without waiting."""
        ...

    def wait_until_empty(self, slot: int) -> None:
        """Wait until the readers have seen that a card left."""
        ...

    def another_port(self) -> ReaderPort:
        """Give the same readers to another house."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...

    @property
    def control(self) -> Path | None:
        """The socket of the orders, None without Unix sockets."""
        ...


def _short_place() -> tempfile.TemporaryDirectory[str]:
    """Make a directory for a socket: the path of one holds about a hundred characters, a TMPDIR may be longer."""
    directory = None if len(os.fsencode(tempfile.gettempdir())) < _LONGEST_PLACE else "/tmp"  # noqa: S108 - made 0700
    return tempfile.TemporaryDirectory(prefix="cps-bridge-cards-", dir=directory)


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if not answer.get("ok"):
        raise Failure("CARD_ORDER_REFUSED", what=str(answer.get("error", "")))
    return answer


class ProcessHands:
    """Readers inside the process, for machines without a virtual PC/SC reader."""

    def __init__(self, authority: Path) -> None:
        self.port = InProcessReaders()
        self._bench = Bench([InProcessSlot(self.port, name) for name in DEFAULT_NAMES], Deck(Authority.open(authority)))
        self._open = ExitStack()
        self.control: Path | None = None
        if hasattr(socket, "AF_UNIX"):
            place = self._open.enter_context(_short_place())
            self.control = Path(place) / "control"
            self._open.enter_context(listening(self._bench, self.control))

    def do(self, **order: object) -> dict[str, Any]:
        """Give an order and its answer; raises Failure CARD_ORDER_REFUSED, SIMULATOR_DOWN."""
        return _checked(self._bench.do(order))

    def state(self) -> list[dict[str, Any]]:
        """Tell what is in the slots, as far as is known without waiting."""
        return list(self.do(do="state")["slots"])

    def wait_until_empty(self, slot: int) -> None:
        """Nothing to wait for: these readers count every change."""

    def another_port(self) -> ReaderPort:
        """Give the same readers to another house."""
        return self.port

    def close(self) -> None:
        """Let go of everything."""
        self._open.close()
        self.port.close()


class PcscHands:
    """Cards in a process of their own, behind vpcd and the real PC/SC service."""

    def __init__(self, authority: Path) -> None:
        pair = os.environ[PAIRS].split(";")[0].split(",")
        self._names = frozenset(os.environ[READERS].split(";")[0].split(","))
        self.port = PcscReaders(only=self._names)
        self._place = _short_place()
        self.control: Path | None = Path(self._place.name) / "control"
        self._socket = self.control
        empty = [part for address in pair for part in ("--card", f"{_EMPTY}=vpcd {address}")]
        self._process, ready = launch(
            "cartes", "card_sim", "serve", "--authority", authority, "--control", self._socket, *empty
        )
        self._slots: list[dict[str, Any]] = ready["slots"]
        self._at, self._telling = 0, threading.Lock()
        # Never asked when the window wants to know: a card that computes makes its process late.
        self._forget = watching(self._socket, self._told)

    def _told(self, answer: dict[str, Any]) -> None:
        with self._telling:
            if answer["at"] > self._at:
                self._at, self._slots = answer["at"], answer["slots"]

    def do(self, **order: object) -> dict[str, Any]:
        """Give an order and its answer; raises Failure CARD_ORDER_REFUSED, SIMULATOR_DOWN."""
        try:
            answer = _checked(tell(self._socket, order))
        except (OSError, ValueError) as error:
            raise Failure("SIMULATOR_DOWN", which="cartes") from error
        self._told(answer)
        return answer

    def state(self) -> list[dict[str, Any]]:
        """Tell what is in the slots, as far as is known without waiting."""
        return self._slots

    def wait_until_empty(self, slot: int) -> None:
        """PC/SC looks every 0.4 s only: a card changed faster than that is, to everybody, the card before it."""
        reader = os.environ[READERS].split(";")[0].split(",")[slot]
        sight = PcscReaders(only=frozenset({reader}))
        try:
            view, deadline = sight.readers(), time.monotonic() + STOP_SECONDS
            while any(atr for _, atr, _ in view) and time.monotonic() < deadline:
                view = sight.wait(view, 1.0)
        except OSError as error:
            raise Failure("SIMULATOR_DOWN", which="cartes") from error
        finally:
            sight.close()

    def another_port(self) -> ReaderPort:
        """Give the same readers to another house."""
        return PcscReaders(only=self._names)

    def close(self) -> None:
        """Let go of everything."""
        self._forget()
        stop(self._process)
        self.port.close()
        self._place.cleanup()
