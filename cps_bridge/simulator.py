"""What the doors see of a simulated house: its virtual cards, and how to move and break them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Simulator(Protocol):
    """The virtual cards of a simulated house, as its doors show them."""

    @property
    def real_pcsc(self) -> bool:
        """Whether they are behind the real PC/SC service."""
        ...

    def names(self) -> tuple[str, ...]:
        """Give the names of the cards that can be put in a reader."""
        ...

    @property
    def inserted(self) -> tuple[str, ...]:
        """The name of the card in each slot, "" for an empty one."""
        ...

    def insert(self, slot: int, name: str) -> None:
        """Put a card in a slot, in the place of the one that is there."""
        ...

    def remove(self, slot: int) -> None:
        """Take the card of a slot away."""
        ...

    def swap(self, slot: int, name: str) -> None:
        """Put a card in the place of the one that is in a slot."""
        ...

    def faults(self) -> tuple[tuple[str, str], ...]:
        """Give the ways to break a card: the key for break_card, and what the card then does, in French."""
        ...

    def break_card(self, slot: int, fault: str, **facts: object) -> None:
        """Break the card of a slot; n: exchanges that still go well, or the tries left; ms: of a slow card; card."""
        ...

    def add_file(self, path: Path) -> str:
        """Add the card of a file to the others and give its name; raises Failure CARD_FILE_INVALID."""
        ...
