"""Cyclic garbage is swept on the window's thread alone.

Python sweeps on whichever thread happens to allocate; when that is a worker and the garbage holds widgets, Qt destroys
them on the wrong thread and the process dies.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTimer

_EVERY_MILLISECONDS = 250


@contextmanager
def swept_here() -> Iterator[None]:
    """Sweep on this thread, the window's, while its event loop runs; automatic sweeping comes back at the end."""
    automatic = gc.isenabled()
    gc.disable()
    timer = QTimer()
    timer.setInterval(_EVERY_MILLISECONDS)
    timer.timeout.connect(_sweep)
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        gc.collect()
        if automatic:
            gc.enable()


def _sweep() -> None:
    """Sweep the generations that are due, as Python would have."""
    for generation, (count, limit) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)):
        if count > limit > 0:
            gc.collect(generation)
