"""What a story is made of: waits, and the way it fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds that a story waits for one thing before it gives up."""


class TourError(Exception):
    """A fact of the story does not hold; its text is a French sentence."""


@dataclass(frozen=True)
class Wait:
    """Go on when ``reached`` gives something true; what: in French, what is awaited; until: on the monotonic clock."""

    what: str
    reached: Callable[[], object]
    until: float = field(default_factory=lambda: time.monotonic() + PATIENCE)

    def is_late(self) -> bool:
        """Whether the patience is over."""
        return time.monotonic() > self.until


Story = Generator[Wait, Any, T]


def check(fact: object, otherwise: str) -> None:
    """Hold a fact of the story; raises TourError with the French sentence when it does not hold."""
    if not fact:
        raise TourError(otherwise)
