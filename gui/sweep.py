"""Cyclic garbage is swept on the window's thread alone.

Python sweeps on whichever thread happens to allocate; when that is a worker and the garbage holds widgets, Qt destroys
them on the wrong thread and the process dies. What is there once the window is ready stays until it closes: looking
through all of it again would stop the window for longer than a picture of the screen.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTimer, SignalInstance

_EVERY_MILLISECONDS = 250


@contextmanager
def swept_here(ready: SignalInstance) -> Iterator[None]:
    """Sweep on this thread, the window's, while its event loop runs; automatic sweeping comes back at the end.

    ready: says that what the window keeps has been made; sweeps leave it out from then on.
    """
    automatic = gc.isenabled()
    gc.disable()
    timer = QTimer()
    timer.setInterval(_EVERY_MILLISECONDS)
    timer.timeout.connect(_sweep)
    timer.start()
    ready.connect(gc.freeze)
    try:
        yield
    finally:
        timer.stop()
        ready.disconnect(gc.freeze)
        gc.unfreeze()
        gc.collect()
        if automatic:
            gc.enable()


def _sweep() -> None:
    """Sweep the generations that are due, as Python would have."""
    for generation, (count, limit) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)):
        if count > limit > 0:
            gc.collect(generation)
