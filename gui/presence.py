"""Who is there: activity at the window, a scanner's keystrokes, the desktop's lock; and how a session's end is said."""

from __future__ import annotations

import threading
import time

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeyEvent

from dossier.access import AccessMode
from gui.asking import Asking
from gui.desktop_session import DesktopSession, session_bus, system_bus
from gui.flows import Flows
from gui.scanner import Scanner
from gui.stage import Stage
from gui.words import count

_TOUCH_SECONDS = 2.0
"""The house is told at most this often that somebody is there."""

_BUSY = ("session", "patient", "create", "reactivate", "deposit", "deposit-imaging", "break-glass", "mask")
_RESUME = "Saisissez de nouveau le code de votre carte pour reprendre ; rien n'a été envoyé depuis."


class Presence(QObject):
    """Passes on to the house what the window hears of people. told: sentence, remedy, tone for the notice."""

    told = Signal(str, str, str)

    def __init__(self, stage: Stage, flows: Flows, asking: Asking, *, desktop: DesktopSession | None = None) -> None:
        super().__init__(stage)
        self._stage, self._flows, self._asking = stage, flows, asking
        self._touched = 0.0
        self._leaving: threading.Thread | None = None
        self._scanner = Scanner(self._wants_scan, self)
        self._scanner.scanned.connect(self._scanned)
        self._scanner.misread.connect(self._misread)
        self._desktop = desktop or DesktopSession(system_bus(), session_bus(), self)
        self._desktop.left.connect(self._user_left)
        self._desktop.start()

    def somebody_is_there(self) -> None:
        """Begin the idle time anew, not at each movement of the mouse."""
        now = time.monotonic()
        if now - self._touched >= _TOUCH_SECONDS:
            self._touched = now
            self._stage.house.touch()

    def hear_key(self, event: QKeyEvent) -> bool:
        """Hear a key before the widgets do; True when it is a scanner's."""
        return self._scanner.hear(event)

    def close(self) -> None:
        """Let go of the desktop, and wait for a session's end under way."""
        self._desktop.close()
        if self._leaving is not None:
            self._leaving.join()

    def _wants_scan(self) -> bool:
        if self._stage.house.access.mode is not AccessMode.NORMAL:
            return False
        return not self._asking.is_free() or not self._flows.is_busy(*_BUSY)

    def _scanned(self, text: str) -> None:
        if self._asking.take_scan(text):
            return
        if self._stage.house.session is None:
            self.told.emit("Un datamatrix INS a été lu.", "Ouvrez d'abord la session avec votre carte CPS.", "info")
        elif self._asking.is_free():
            self._flows.identify("datamatrix", datamatrix=text)

    def _misread(self) -> None:
        sentence = "Le lecteur 2D n'est pas réglé pour un clavier français : son texte est illisible."
        remedy = "Scannez le code « clavier français » de sa notice, puis recommencez. Aucun patient n'a été cherché."
        self.told.emit(sentence, remedy, "warning")

    def _user_left(self) -> None:
        """End the session away from the window: dropping the card's login may wait for the card."""
        if self._stage.house.session is None or (self._leaving is not None and self._leaving.is_alive()):
            return
        self._leaving = threading.Thread(target=self._stage.house.user_changed, name="user-changed")
        self._leaving.start()


def farewell(because: str, minutes: int) -> tuple[str, str, str] | None:
    """Say why a session ended, as sentence, remedy and tone; None when the person ended it."""
    if because == "card":
        hint = "La session est fermée ; rien n'a été envoyé depuis. Remettez la carte pour reprendre."
        return "La carte CPS a été retirée.", hint, "warning"
    if because == "idle":
        return f"Session fermée après {count(minutes, 'minute')} sans activité.", _RESUME, "info"
    if because == "user":
        return "Session fermée : l'ordinateur a été verrouillé ou a changé d'utilisateur.", _RESUME, "info"
    return None
