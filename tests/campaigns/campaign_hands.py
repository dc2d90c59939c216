"""What puts cards in readers and makes them dangerous: in the process, or behind the real PC/SC service."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from danger import LEAVES, SWAPPED, TORN, Danger, DangerousPort

from card_sim import deck
from card_sim.authority import Authority
from card_sim.reader import DEFAULT_NAMES, InProcessReaders
from cps_bridge.simulated.hands import PcscHands


class Blow(Protocol):
    """One danger: at is the command at which it strikes, count the commands seen (0 when nobody counts)."""

    at: int
    count: int
    struck_at: float

    def strike(self) -> None: ...


@dataclass(frozen=True)
class CodesSeen:
    """The PIN of a card, and the tries left of its PIN and of its unblocking code."""

    pin: bytes
    pin_left: int
    puk_left: int


class Hands(Protocol):
    """Two readers and the cards of the cast; slot 0 for the professional, 1 for the patient."""

    port: Any
    real: bool

    def put(self, slot: int, name: str) -> None: ...
    def take(self, slot: int) -> None: ...
    def held(self, slot: int) -> str: ...
    def arm(self, slot: int, mode: str, at: int, other: str) -> Blow: ...
    def calm(self) -> None: ...
    def close(self) -> None: ...


class ProcessHands:
    """Readers of the process: the danger counts commands at the client's own port."""

    real = False

    def __init__(self, authority: Path) -> None:
        self.readers = InProcessReaders()
        self.port = DangerousPort(self.readers)
        self._deck = deck.Deck(Authority.open(authority))

    def put(self, slot: int, name: str) -> None:
        self.readers.insert(DEFAULT_NAMES[slot], self._deck.card(name))

    def take(self, slot: int) -> None:
        self.readers.remove(DEFAULT_NAMES[slot])

    def held(self, slot: int) -> str:
        card = self.readers.card(DEFAULT_NAMES[slot])
        return next((name for name in deck.names() if card is not None and self._deck.card(name) is card), "")

    def arm(self, slot: int, mode: str, at: int, other: str) -> Danger:
        self.port.danger = Danger(self.readers, DEFAULT_NAMES[slot], mode, at, self._deck.card(other))
        return self.port.danger

    def calm(self) -> None:
        self.port.danger = None

    def codes(self, name: str) -> CodesSeen:
        """What the card itself knows of its codes, which no command would tell."""
        kept = self._deck.card(name).card.codes
        return CodesSeen(kept.pin._value, kept.pin.left, kept.puk.left)

    def put_codes(self, name: str, pin: bytes, pin_left: int) -> None:
        kept = self._deck.card(name).card
        kept.codes.pin._value = pin
        kept.set_tries(pin=pin_left)

    def close(self) -> None:
        self.readers.close()


class RealHands:
    """Virtual readers of the real PC/SC service: the card itself leaves, or is replaced, at a command."""

    real = True

    def __init__(self, authority: Path) -> None:
        self._hands = PcscHands(authority)
        self.port = self._hands.port

    def put(self, slot: int, name: str) -> None:
        self._hands.do(do="insert", slot=slot, card=name)

    def take(self, slot: int) -> None:
        self._hands.do(do="remove", slot=slot)
        self._hands.wait_until_empty(slot)

    def held(self, slot: int) -> str:
        return self._hands.do(do="state")["slots"][slot]["card"] or ""  # asked, not what was last told

    def arm(self, slot: int, mode: str, at: int, other: str) -> RealBlow:
        return RealBlow(self._hands, slot, mode, at, other)

    def calm(self) -> None:
        """Nothing to do: a card that is put in again is whole."""

    def close(self) -> None:
        self._hands.close()


class RealBlow:
    """A danger in the card simulator's process; the moment it struck is when its state was told."""

    count = 0

    def __init__(self, hands: PcscHands, slot: int, mode: str, at: int, other: str) -> None:
        self._hands, self._slot, self._other, self.at = hands, slot, other, at
        self._mode = mode if mode in (LEAVES, TORN) else SWAPPED
        self._before = hands.state()[slot]["card"]
        self._at_strike = 0.0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Arm the card that is in the slot now."""
        self._before = self._hands.state()[self._slot]["card"]
        facts = {"card": self._other} if self._mode == SWAPPED else {}
        fault = "swap_at" if self._mode == SWAPPED else "die_at"
        self._hands.do(do="break", slot=self._slot, fault=fault, n=self.at, **facts)

    def strike(self) -> None:
        """Take the card out, or change it, now."""
        with self._lock:
            self._at_strike = time.monotonic()
        if self._mode == SWAPPED:
            self._hands.do(do="swap", slot=self._slot, card=self._other)
        else:
            self._hands.do(do="remove", slot=self._slot)

    @property
    def struck_at(self) -> float:
        if not self._at_strike and self._hands.state()[self._slot]["card"] != self._before:
            self._at_strike = time.monotonic()
        return self._at_strike
