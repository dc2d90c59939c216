"""The virtual cards as a process of their own, each answer taking as long as one of a contact card.

``python -m bench.paced_cards MS CONTROL ADDRESS ADDRESS`` serves two empty slots until its standard input closes.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from bench.cast import authority
from card_sim.card import SimulatedCard
from card_sim.control import Bench, listening
from card_sim.deck import Deck
from card_sim.faults import BreakableCard
from card_sim.vpcd import VpcdSlot


class PacedCard:
    """A card whose every answer waits some seconds more."""

    def __init__(self, card: SimulatedCard, seconds: float) -> None:
        self._card, self._seconds = card, seconds
        self.atr = card.atr

    def power(self, on: bool) -> None:
        """Pass on."""
        self._card.power(on)

    def reset(self) -> None:
        """Pass on."""
        self._card.reset()

    def apdu(self, command: bytes) -> bytes:
        """Answer after a while."""
        time.sleep(self._seconds)
        return self._card.apdu(command)


class PacedDeck(Deck):
    """A deck of paced cards."""

    seconds = 0.0

    def card(self, name: str) -> BreakableCard:
        """Give a new card of this name."""
        return BreakableCard(PacedCard(super().card(name), self.seconds))


def main(milliseconds: str, control: str, *addresses: str) -> None:
    """Serve until the end of standard input."""
    deck = PacedDeck(authority())
    deck.seconds = float(milliseconds) / 1000
    places = [address.rsplit(":", 1) for address in addresses]
    slots = Bench([VpcdSlot((host, int(port))) for host, port in places], deck)
    with listening(slots, Path(control)):
        print("ready", flush=True)
        while os.read(0, 4096):
            pass
        slots.clear()


if __name__ == "__main__":
    main(*sys.argv[1:])
