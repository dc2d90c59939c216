"""Hands for the virtual readers: orders as JSON objects, one a line, on a Unix socket; one JSON line answers each.

Orders: {"do": "insert" | "swap", "slot": 0, "card": NAME}, {"do": "remove", "slot": 0}, {"do": "break", "slot": 0,
"fault": "mute" | "die_at" | "wrong_sw", "n": 1, "sw": "6F00"}, {"do": "state"}. Answers: {"ok": true, "slots": [...]}
or {"ok": false, "error": "..."}. A card keeps its codes and counters from one insertion to the next; inserting repairs
what was broken.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from card_sim.card import SimulatedCard
from card_sim.deck import Deck
from card_sim.faults import BreakableCard, Fault

_LONGEST_LINE = 65536


class Slot(Protocol):
    """A place for a card: vpcd.VpcdSlot, reader.InProcessSlot."""

    name: str

    @property
    def occupied(self) -> bool:
        """Whether a card is in the slot."""

    def insert(self, card: SimulatedCard) -> None:
        """Put a card in, in the place of the one that is there; raises ConnectionError."""

    def remove(self) -> None:
        """Take the card out, if there is one."""


class OrderError(Exception):
    """An order that cannot be carried out; the text says why."""


class Bench:
    """The slots, the deck, and the orders one can give; one order at a time."""

    def __init__(self, slots: Sequence[Slot], deck: Deck) -> None:
        self._slots = slots
        self._deck = deck
        self._held: dict[int, tuple[str, BreakableCard]] = {}
        self._lock = threading.Lock()

    def do(self, order: object) -> dict[str, Any]:
        """Carry out an order and give its answer; never raises."""
        try:
            with self._lock:
                self._carry_out(order)
                return {"ok": True, "slots": self._state()}
        except (OrderError, ConnectionError) as error:
            return {"ok": False, "error": str(error)}

    def clear(self) -> None:
        """Take every card out."""
        with self._lock:
            for number in range(len(self._slots)):
                self._remove(number)

    def _carry_out(self, order: object) -> None:
        if not isinstance(order, dict):
            raise OrderError("an order is a JSON object")
        verb = order.get("do")
        if verb == "state":
            return
        number = order.get("slot")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(self._slots):
            raise OrderError("no such slot")
        if verb in ("insert", "swap"):
            self._insert(number, order.get("card"), replace=verb == "swap")
        elif verb == "remove":
            self._remove(number)
        elif verb == "break":
            self._break(number, order)
        else:
            raise OrderError("unknown order")

    def _insert(self, number: int, name: object, *, replace: bool) -> None:
        if self._slots[number].occupied and not replace:
            raise OrderError("the slot holds a card")
        try:
            card = self._deck.card(str(name))
        except KeyError:
            raise OrderError("no card of this name") from None
        if any(
            other != number and held is card and self._slots[other].occupied for other, (_, held) in self._held.items()
        ):
            raise OrderError("this card is in another slot")
        self._held.pop(number, None)
        card.repair()
        self._slots[number].insert(card)
        self._held[number] = (str(name), card)

    def _remove(self, number: int) -> None:
        self._slots[number].remove()
        self._held.pop(number, None)

    def _break(self, number: int, order: dict[str, Any]) -> None:
        if number not in self._held or not self._slots[number].occupied:
            raise OrderError("the slot is empty")
        try:
            fault, at, sw = Fault(order.get("fault")), int(order.get("n", 1)), int(str(order.get("sw", "6F00")), 16)
        except (ValueError, TypeError):
            raise OrderError("unknown fault") from None
        if at < 1 or not 0 <= sw <= 0xFFFF:
            raise OrderError("n counts from 1, sw is four hex digits")
        self._held[number][1].break_down(fault, at, sw)

    def _state(self) -> list[dict[str, Any]]:
        return [
            {"slot": number, "reader": slot.name, "card": self._held[number][0] if self._holds(number) else None}
            for number, slot in enumerate(self._slots)
        ]

    def _holds(self, number: int) -> bool:
        return number in self._held and self._slots[number].occupied


class _Listener(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    bench: Bench


class _Conversation(socketserver.StreamRequestHandler):
    server: _Listener

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            while line := self.rfile.readline(_LONGEST_LINE):
                self.wfile.write(json.dumps(self._answer(line), ensure_ascii=False).encode() + b"\n")

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return self.server.bench.do(json.loads(line))
        except ValueError:
            return {"ok": False, "error": "an order is one JSON object on one line"}


@contextlib.contextmanager
def listening(bench: Bench, path: Path) -> Iterator[None]:
    """Answer orders on a Unix socket, mode 0600, while inside; raises OSError when the path is taken by a live one."""
    if path.is_socket() and not _alive(path):
        path.unlink()
    listener = _Listener(str(path), _Conversation)
    listener.bench = bench
    path.chmod(0o600)
    thread = threading.Thread(target=listener.serve_forever, name="card control", kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
        path.unlink(missing_ok=True)


def tell(path: Path, order: object, timeout: float = 30.0) -> dict[str, Any]:
    """Give one order to a control socket and wait for its answer; raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        with connection.makefile("rwb") as stream:
            stream.write(json.dumps(order).encode() + b"\n")
            stream.flush()
            answer: dict[str, Any] = json.loads(stream.readline())
            return answer


def _alive(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
