"""What holds while the event loop runs: the window's thread sweeps, and comes first among threads."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gui.sweep import swept_here
from gui.window import Window

_TURN_SECONDS = 0.001
"""How long a worker that computes keeps the lock of Python once the window wants it. Python's own 5 ms are waited anew
after each call of Qt that gives the lock away, and there are several in a turn of the event loop."""


@contextmanager
def at_work(window: Window) -> Iterator[None]:
    """Prepare the process for an event loop that must not stand still; as before at the end."""
    turn = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_SECONDS)
    try:
        with swept_here(window.ready):
            yield
    finally:
        sys.setswitchinterval(turn)
