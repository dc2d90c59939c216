"""Cards on the real stack: a session and a Vitale beside the bare exchanges, and what the card has to sign.

The card part alone: no host is called. ``python -m bench.card_session`` prints what one run measured, for the cases.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import sinks
from bench.card_stack import CountingReaders, Hands, in_namespace, virtual_cards
from bench.cast import DOCTOR, authority, host
from bench.deposits import deposit
from bench.measure import Result
from cps_bridge.cards.service import CardService
from cps_bridge.cards.signer import KeyUse
from dossier.context import CardEpoch
from dossier.professional import CardKind
from soap_clients import connections
from soap_clients.transport import Transport

VITALE = "famille-marchand"
COMMANDS = 61
"""Commands of a session and a Vitale: what this client is known to send (docs/bench.md)."""

_INTERNAL_AUTHENTICATE = 0x88
_PATIENCE = 30.0
_CALLS = 10


def session(case: str, milliseconds: float, rounds: int, goal: float) -> Result:
    """Time the card part of a session and of a Vitale, beside the same commands sent bare on one connection.

    milliseconds: what each answer of the card takes, beside the stack.
    """
    found = in_namespace("bench.card_session", "session", str(rounds), str(milliseconds))
    return Result.of(case, found["ours"], "ms", found["bare"], goal)


def commands(case: str, _size: float, rounds: int, goal: float) -> Result:
    """Count the commands of a session and a Vitale, beside the number that was written down."""
    found = in_namespace("bench.card_session", "session", str(min(rounds, 1)))
    return Result.of(case, found["commands"], "APDU", COMMANDS, goal)


def signatures(case: str, _size: float, _rounds: int, goal: float) -> Result:
    """Count what the authentication key signs for ten calls, or for ten new connections, beside one signature."""
    found = in_namespace("bench.card_session", case)
    return Result.of(case, found["signatures"], "signature", 1, goal)


class _Measured:
    """One client at work with the two virtual cards, and the time of each thing that it does."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self.port = CountingReaders(hands.names)
        self.cards = CardService(self.port)
        self._changed = threading.Condition()
        self._seen: list[float] = []
        self.cards.subscribe(lambda _slots: self._note())
        self.cards.start()

    def _note(self) -> None:
        with self._changed:
            self._seen.append(time.perf_counter())
            self._changed.notify_all()

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for an event of the readers after which something holds."""
        with self._changed:
            if not self._changed.wait_for(condition, _PATIENCE):
                raise RuntimeError("a card was not seen")

    def identification(self, slot: int, name: str, kind: CardKind) -> tuple[CardEpoch, float]:
        """Put a card in; gives its epoch and the seconds from the first connection to the news of it."""
        before = len(self.port.connected)
        self._hands.order(do="insert", slot=slot, card=name)
        self.until(lambda: any(each.kind is kind and each.epoch for each in self.cards.slots()))
        found = next(each.epoch for each in self.cards.slots() if each.kind is kind)
        assert found is not None
        return found, self._seen[-1] - self.port.connected[before]

    def empty(self) -> None:
        """Take both cards out, in sight of the service."""
        for slot in (0, 1):
            self._hands.order(do="remove", slot=slot)
        self.until(lambda: not any(each.kind for each in self.cards.slots()))

    def bare(self, reader: str, sent: list[bytes]) -> float:
        """Send the same commands again, one after the other on one connection; seconds of the exchanges alone."""
        link = self.port.connect(reader)
        with link.transaction():
            started = time.perf_counter()
            for command in sent:
                link.transmit(command)
            spent = time.perf_counter() - started
        link.close()
        return spent


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _round(desk: _Measured, names: tuple[str, str]) -> tuple[float, float, int]:
    """Do one session and one Vitale; gives seconds of ours, of the bare exchanges, and the number of commands."""
    mark = len(desk.port.commands)
    epoch, spent = desk.identification(0, DOCTOR, CardKind.CPS)
    spent += _timed(lambda: desk.cards.read_professional(epoch))
    spent += _timed(lambda: desk.cards.verify_pin(epoch, bytearray(b"1234")))
    spent += _timed(lambda: desk.cards.read_activities(epoch))
    professional = desk.port.since(mark)
    mark = len(desk.port.commands)
    patient, identified = desk.identification(1, VITALE, CardKind.VITALE)
    spent += identified + _timed(lambda: desk.cards.read_vitale(patient))
    vitale = desk.port.since(mark)
    desk.cards.log_out(epoch)
    bare = desk.bare(names[0], professional) + desk.bare(names[1], vitale)
    desk.empty()
    return spent, bare, len(professional) + len(vitale)


def _session(rounds: int, milliseconds: float) -> dict[str, Any]:
    with virtual_cards(milliseconds) as hands:
        desk = _Measured(hands)
        try:
            _round(desk, hands.names)  # imports and caches do not count
            found = [_round(desk, hands.names) for _ in range(rounds)]
        finally:
            desk.cards.close()
    return {
        "ours": statistics.median(ours for ours, _, _ in found) * 1000,
        "bare": statistics.median(bare for _, bare, _ in found) * 1000,
        "commands": found[-1][2],
    }


def _signatures(*, new_connections: bool) -> dict[str, Any]:
    with virtual_cards() as hands, sinks.running(sinks.tls()) as port, tempfile.TemporaryDirectory() as directory:
        document = Path(directory) / "document"
        document.write_bytes(bytes(1000))
        desk = _Measured(hands)
        try:
            epoch, _ = desk.identification(0, DOCTOR, CardKind.CPS)
            desk.cards.verify_pin(epoch, bytearray(b"1234"))
            transport = Transport(desk.cards.signer(epoch, KeyUse.AUTHENTICATION), authority().ca_file)
            connected = host(f"https://localhost:{port}/repository", transport)
            if new_connections:
                connections.IDLE_SECONDS = -1.0  # no connection is fit for a second call
            for _ in range(_CALLS):
                deposit(connected, document)
            connected.close()
        finally:
            desk.cards.close()
        return {"signatures": sum(each[1] == _INTERNAL_AUTHENTICATE for each in desk.port.commands)}


def main(what: str, rounds: str = "1", milliseconds: str = "0") -> None:
    """Measure one thing inside the namespace and print it."""
    if what == "session":
        found = _session(int(rounds), float(milliseconds))
    else:
        found = _signatures(new_connections=what.endswith("connections"))
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
