"""The card wire, seen from the client: readers that come and go, and a link to the card in one of them.

A port raises builtins only: ConnectionAbortedError (card removed, or reset by another program), TimeoutError (mute
card), ConnectionRefusedError (held exclusively by another program), ConnectionError (service or reader gone), OSError
otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

View = tuple[tuple[str, bytes, int], ...]
"""What the readers hold: (reader name, ATR or b"" when empty, counter that grows at each insertion and removal)."""

MUTE_ATR = b"\x00"
"""Stands for the ATR of a card that is present and gives none: most often a card put in the wrong way round."""


class Link(Protocol):
    """A connection to the card of one reader; dead for good once the card was removed or reset by another program."""

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU and give the raw answer, status word included (T=0: 61xx and 6Cxx stay visible)."""
        ...

    def transaction(self) -> AbstractContextManager[Any]:
        """Keep other programs away from the card until the end of the block."""
        ...

    def features(self) -> Mapping[int, int]:
        """Give what the reader itself can do: feature number to control code (PC/SC part 10); {} when nothing."""
        ...

    def control(self, code: int, data: bytes | bytearray) -> bytes:
        """Ask something of the reader itself, a control code of features(); gives its raw answer."""
        ...

    def close(self) -> None:
        """Let go of the card; rights that a PIN opened through this link end."""
        ...


class ReaderPort(Protocol):
    """The readers of the machine, real or simulated."""

    def readers(self) -> View:
        """Give the present view without waiting."""
        ...

    def wait(self, known: View, timeout: float) -> View:
        """Wait until the view differs from known, the time-out (seconds) is over, or wake is called; give the view."""
        ...

    def wake(self) -> None:
        """End a pending wait; callable from any thread."""
        ...

    def connect(self, reader: str) -> Link:
        """Open a link to the card that is in the reader now."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@runtime_checkable
class ResettingPort(Protocol):
    """A port that can end the rights which a PIN opened by another way than its own links."""

    def reset(self, reader: str) -> None:
        """Reset the card in a reader."""
        ...
