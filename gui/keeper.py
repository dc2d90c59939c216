"""One thread that opens the house, keeps it, and closes it: what it started must not outlive it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from dossier.failure import Cancelled, Failure
from gui.house_port import HousePort
from gui.jobs import as_failure


class AskPassphrase(Protocol):
    """How the opening asks for the passphrase; first: it is chosen now, and must be typed twice."""

    def __call__(self, *, first: bool = False) -> bytearray:
        """Wait for what the person types; raises Cancelled."""
        ...


Opening = Callable[[AskPassphrase], AbstractContextManager[HousePort]]
"""Opens the house; is given how to ask for the passphrase of its vault."""


class HouseKeeper(QObject):
    """``opened``, ``failed`` and ``left`` (options that end the program) come to the GUI thread.

    ``asked`` (with what was wrong with the answer before, or None) wants ``answer`` with a passphrase; ``first`` tells
    then whether it is chosen now; ``close`` waits until everything is put away.
    """

    asked = Signal(object)

    opened = Signal(object)
    failed = Signal(object)
    left = Signal(int)

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self._opening = opening
        self._leave = threading.Event()
        self._answered = threading.Event()
        self._passphrase = bytearray()
        self.first = False
        self._was_asked = False
        self._wrong: Failure | None = None
        self._thread = threading.Thread(target=self._keep, name="house")

    def start(self) -> None:
        """Begin to open the house."""
        self._thread.start()

    def answer(self, passphrase: bytearray) -> None:
        """Give the passphrase that was asked for."""
        self._passphrase = passphrase
        self._answered.set()

    def close(self) -> None:
        """Close the house and wait for it."""
        self._leave.set()
        self._answered.set()
        if self._thread.is_alive():
            self._thread.join()

    def _ask(self, *, first: bool = False) -> bytearray:
        self._was_asked, self.first = True, first
        self._answered.clear()
        self.asked.emit(self._wrong)
        self._answered.wait()
        if self._leave.is_set():
            raise Cancelled
        given, self._passphrase = self._passphrase, bytearray()
        return given

    def _keep(self) -> None:
        while not self._leave.is_set():
            try:
                with self._opening(self._ask) as house:
                    if not self._leave.is_set():
                        self.opened.emit(house)
                    self._leave.wait()
            except SystemExit as leaving:
                self.left.emit(leaving.code if isinstance(leaving.code, int) else 1)
                return
            except Cancelled:
                return
            except Exception as error:
                failure = as_failure(error, "open")
                if failure.code != "VAULT_KEY" or not self._was_asked:
                    self.failed.emit(failure)
                    return
                self._wrong = failure
