"""Hands for the virtual readers: orders as JSON objects, one a line, on a Unix socket; one JSON line answers each.

Orders: {"do": "insert" | "swap", "slot": 0, "card": NAME or PATH of a card file}, {"do": "remove", "slot": 0},
{"do": "break", "slot": 0, "fault": ...} with the facts of breaking.FAULTS, {"do": "add", "card": PATH},
{"do": "state"}, {"do": "watch"}: the state now and at each change, until the line is closed. Answers:
{"ok": true, "at": order of the answers, "slots": [...]} (and "name" after add) or {"ok": false, "error": "..."} in
French. A card keeps its codes and counters from one insertion to the next; inserting repairs what was broken.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from card_sim.breaking import break_card
from card_sim.card import SimulatedCard
from card_sim.deck import Deck
from card_sim.faults import PIN, PUK, BreakableCard
from card_sim.files import CardFileError
from card_sim.orders import OrderError

_LONGEST_LINE = 65536
_OURS_ALONE = 0o600
_LOOK_EVERY = 0.1
_ON_A_SLOT = ("insert", "swap", "remove", "break")


class Slot(Protocol):
    """A place for a card: vpcd.VpcdSlot, reader.InProcessSlot."""

    name: str

    @property
    def card(self) -> SimulatedCard | None:
        """The card that is in the slot now."""

    def insert(self, card: SimulatedCard) -> None:
        """Put a card in, in the place of the one that is there; raises ConnectionError."""

    def remove(self) -> None:
        """Take the card out, if there is one."""


class Bench:
    """The slots, the deck, and the orders one can give; one order at a time, looking at the state excepted."""

    def __init__(self, slots: Sequence[Slot], deck: Deck) -> None:
        self._slots = slots
        self._deck = deck
        self._lock = threading.Lock()
        self._order = itertools.count(1)

    def do(self, order: object) -> dict[str, Any]:
        """Carry out an order and give its answer; never raises."""
        try:
            if not isinstance(order, dict):
                raise OrderError("Un ordre est un objet JSON.")
            added: dict[str, Any] = {}
            if order.get("do") != "state":
                with self._lock:
                    added = self._carry_out(order)
            at = next(self._order)  # before looking: whoever has two answers keeps the one that came later
            return {"ok": True, **added, "at": at, "slots": self._state()}
        except CardFileError as error:
            return {"ok": False, "error": str(error), "problems": [str(each) for each in error.problems]}
        except ConnectionError:
            return {"ok": False, "error": "Le lecteur virtuel ne répond pas : le service PC/SC est-il lancé ?"}
        except OrderError as error:
            return {"ok": False, "error": str(error)}

    def clear(self) -> None:
        """Take every card out."""
        with self._lock:
            for slot in self._slots:
                slot.remove()

    def _carry_out(self, order: dict[str, Any]) -> dict[str, Any]:
        verb = order.get("do")
        if verb == "add":
            return {"name": self._deck.add(str(order.get("card")))}
        if verb not in _ON_A_SLOT:
            raise OrderError(f"Ordre inconnu. Les ordres : {', '.join((*_ON_A_SLOT, 'add', 'state', 'watch'))}.")
        slot = self._slot(order)
        if verb in ("insert", "swap"):
            self._insert(slot, order.get("card"), replace=verb == "swap")
        elif verb == "remove":
            slot.remove()
        else:
            card = slot.card
            if not isinstance(card, BreakableCard):
                raise OrderError("Il n'y a pas de carte dans cette fente.")
            break_card(card, order, lambda name: self._named(name, slot))
        return {}

    def _slot(self, order: dict[str, Any]) -> Slot:
        number = order.get("slot")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(self._slots):
            raise OrderError(f"Il n'y a pas de fente de ce numéro (de 0 à {len(self._slots) - 1}).")
        return self._slots[number]

    def _insert(self, slot: Slot, name: object, *, replace: bool) -> None:
        if slot.card is not None and not replace:
            raise OrderError("Il y a déjà une carte dans cette fente.")
        card = self._named(name, slot)
        card.repair()
        slot.insert(card)

    def _named(self, name: object, slot: Slot) -> BreakableCard:
        """Give a card that is free for a slot."""
        if name is None:
            raise OrderError("Il manque le nom ou le fichier de la carte.")
        try:
            card = self._deck.card(str(name))
        except KeyError:
            raise OrderError("Aucune carte n'a ce nom.") from None
        others = [other.card for other in self._slots if other is not slot]
        if any(card is other or card is getattr(other, "replacement", None) for other in others):
            raise OrderError("Cette carte est dans une autre fente.")
        return card

    def _state(self) -> list[dict[str, Any]]:
        return [_seen(number, slot, self._deck) for number, slot in enumerate(self._slots)]


def _seen(number: int, slot: Slot, deck: Deck) -> dict[str, Any]:
    card = slot.card
    seen: dict[str, Any] = {"slot": number, "reader": slot.name, "card": deck.name_of(card) if card else None}
    if isinstance(card, BreakableCard):
        seen["fault"] = card.armed.value if card.armed else None
        seen["tries_left"], seen["puk_tries_left"] = card.tries_left(PIN), card.tries_left(PUK)
    return seen


if sys.platform == "win32":  # no Unix sockets there: nobody listens, cards are moved by hand only
    from socketserver import ThreadingTCPServer as _Server
else:
    from socketserver import ThreadingUnixStreamServer as _Server


class _Listener(_Server):
    daemon_threads = True
    block_on_close = False
    bench: Bench
    closing: threading.Event

    def server_bind(self) -> None:
        """Bind a socket that nobody else may open, from its first moment on: Linux takes the mode of the handle."""
        with contextlib.suppress(OSError):
            os.fchmod(self.socket.fileno(), _OURS_ALONE)
        super().server_bind()


class _Conversation(socketserver.StreamRequestHandler):
    server: _Listener

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            while line := self.rfile.readline(_LONGEST_LINE):
                try:
                    order = json.loads(line)
                except (ValueError, RecursionError):
                    self._say({"ok": False, "error": "Un ordre est un objet JSON sur une ligne."})
                    continue
                if isinstance(order, dict) and order.get("do") == "watch":
                    self._watch()
                    return
                self._say(self.server.bench.do(order))

    def _say(self, answer: dict[str, Any]) -> None:
        self.wfile.write(json.dumps(answer, ensure_ascii=False).encode(errors="backslashreplace") + b"\n")

    def _watch(self) -> None:
        """Tell the state at each change, until the other side closes or the listener ends."""
        told = None
        while not self.server.closing.is_set():
            state = self.server.bench.do({"do": "state"})
            if state["slots"] != told:
                self._say(state)
                told = state["slots"]
            if select.select([self.connection], [], [], _LOOK_EVERY)[0]:
                return


@contextlib.contextmanager
def listening(bench: Bench, path: Path) -> Iterator[None]:
    """Answer orders on a Unix socket, mode 0600, while inside.

    Raises OSError when the path is taken, by a live socket too, or when the system has no Unix sockets.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("no Unix sockets")
    if path.is_socket() and not _alive(path):
        path.unlink()
    listener = _Listener(str(path), _Conversation)
    listener.bench, listener.closing = bench, threading.Event()
    path.chmod(_OURS_ALONE)
    thread = threading.Thread(target=listener.serve_forever, name="card control", kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield
    finally:
        listener.closing.set()
        listener.shutdown()
        thread.join()
        listener.server_close()
        path.unlink(missing_ok=True)


def tell(path: Path, order: object, timeout: float = 30.0) -> dict[str, Any]:
    """Give one order to a control socket and wait for its answer; raises OSError."""
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("no Unix sockets")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path.resolve()))  # through a link, a path may be longer than a socket's address
        with connection.makefile("rwb") as stream:
            stream.write(json.dumps(order).encode() + b"\n")
            stream.flush()
            answer: dict[str, Any] = json.loads(stream.readline())
            return answer


def watching(path: Path, listener: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
    """Tell a listener, from a thread, the state now and at each change; gives what ends it. Raises OSError."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path.resolve()))
        connection.sendall(b'{"do": "watch"}\n')
    except OSError:
        connection.close()
        raise
    thread = threading.Thread(target=_follow, args=(connection, listener), name="card watch", daemon=True)
    thread.start()

    def end() -> None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        thread.join()
        connection.close()

    return end


def _follow(connection: socket.socket, listener: Callable[[dict[str, Any]], None]) -> None:
    with connection.makefile("rb") as stream, contextlib.suppress(OSError, ValueError):
        while line := stream.readline():
            listener(json.loads(line))


def _alive(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:  # not ours to open, or busy: somebody's, then
            return True
        return True
