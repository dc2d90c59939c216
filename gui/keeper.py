"""One thread that opens the house, keeps it, and closes it: what it started must not outlive it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from PySide6.QtCore import QObject, Signal

from gui.house_port import HousePort
from gui.jobs import as_failure

Opening = Callable[[], AbstractContextManager[HousePort]]


class HouseKeeper(QObject):
    """``opened``, ``failed`` and ``left`` (options that end the program) come to the GUI thread.

    ``close`` waits until everything is put away.
    """

    opened = Signal(object)
    failed = Signal(object)
    left = Signal(int)

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self._opening = opening
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="house")

    def start(self) -> None:
        """Begin to open the house."""
        self._thread.start()

    def close(self) -> None:
        """Close the house and wait for it."""
        self._leave.set()
        if self._thread.is_alive():
            self._thread.join()

    def _keep(self) -> None:
        try:
            with self._opening() as house:
                if not self._leave.is_set():
                    self.opened.emit(house)
                self._leave.wait()
        except SystemExit as leaving:
            self.left.emit(leaving.code if isinstance(leaving.code, int) else 1)
        except Exception as error:
            self.failed.emit(as_failure(error, "open"))
