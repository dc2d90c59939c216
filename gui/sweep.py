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
_OLD = 2


@contextmanager
def swept_here(ready: SignalInstance) -> Iterator[None]:
    """Sweep on this thread, the window's, while its event loop runs; automatic sweeping comes back at the end.

    ready: says that what the window keeps has been made; sweeps leave it out from then on, and until then leave out
    all that is not young.
    """
    automatic = gc.isenabled()
    gc.disable()
    sweeper = _Sweeper()
    ready.connect(sweeper.keep)
    try:
        yield
    finally:
        ready.disconnect(sweeper.keep)
        sweeper.stop()
        if automatic:
            gc.enable()


class _Sweeper(QTimer):
    """Sweeps the generations that are due, as Python would have."""

    def __init__(self) -> None:
        super().__init__()
        self._keeps = False
        self.setInterval(_EVERY_MILLISECONDS)
        self.timeout.connect(self._sweep)
        self.start()

    def keep(self) -> None:
        """Leave out what is there now."""
        self._keeps = True
        gc.freeze()

    def stop(self) -> None:
        """Sweep everything a last time."""
        super().stop()
        gc.unfreeze()
        gc.collect()

    def _sweep(self) -> None:
        for generation, (count, limit) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)):
            if count > limit > 0 and (self._keeps or generation < _OLD):
                gc.collect(generation)
