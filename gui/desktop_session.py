"""The desktop says that it was locked, or that another user took its place: the practice's session must end too.

Linux: systemd-logind (``Lock``, ``Active`` and ``LockedHint`` of our own session) on the system bus, and the screen
savers (``ActiveChanged``) on the session bus. Windows and macOS tell it otherwise: there, not done. Without a bus
nothing is heard and nothing is said; the card, the lock button and the idle time remain.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import SLOT, QObject, Signal, Slot
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

_LOGIN = "org.freedesktop.login1"
_MANAGER = "/org/freedesktop/login1"
_OURS = f"{_MANAGER}/session/auto"
_SESSION = "org.freedesktop.login1.Session"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_SAVERS = ("org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.cinnamon.ScreenSaver", "org.mate.ScreenSaver")
_GONE = {"Active": False, "LockedHint": True}
"""Properties of a logind session, and the value that means that its user is not there."""


def system_bus() -> str:
    """Give the address of the system bus, "" where there is none."""
    known = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", "")
    return known or _socket(Path("/run/dbus/system_bus_socket"))


def session_bus() -> str:
    """Give the address of the user's bus, "" where there is none: none is ever started for us."""
    known = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return known or (_socket(Path(runtime) / "bus") if runtime else "")


class DesktopSession(QObject):
    """Emits ``left`` when the desktop was locked or given to another user; ``ready`` once logind named our session."""

    left = Signal()
    ready = Signal()

    def __init__(self, system: str, session: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._calls: list[QDBusPendingCallWatcher] = []
        self._path = ""
        self._login = self._bus(system, "login")
        savers = self._bus(session, "savers")
        for interface in _SAVERS:
            if savers is not None:
                savers.connect("", "", interface, "ActiveChanged", self, _slot("saver"))
        if self._login is not None:
            self._find()

    def close(self) -> None:
        """Let go of the buses."""
        for each in self._calls:
            each.finished.disconnect()
        self._calls.clear()
        for name in self._names:
            QDBusConnection.disconnectFromBus(name)
        self._names.clear()

    def _bus(self, address: str, what: str) -> QDBusConnection | None:
        if not address:
            return None
        name = f"cps-bridge-{what}-{id(self)}"
        bus = QDBusConnection.connectToBus(address, name)
        if not bus.isConnected():
            return None
        self._names.append(name)
        return bus

    def _call(self, path: str, interface: str, member: str, arguments: list[object], then: Callable[..., None]) -> None:
        """Ask logind, and go on when it answers: the window never waits for a bus."""
        if self._login is None:
            return
        message = QDBusMessage.createMethodCall(_LOGIN, path, interface, member)
        message.setArguments(arguments)
        watcher = QDBusPendingCallWatcher(self._login.asyncCall(message), self)
        self._calls.append(watcher)

        def done() -> None:
            self._calls.remove(watcher)
            answer = watcher.reply()
            given = answer.arguments()
            watcher.deleteLater()
            if answer.type() is QDBusMessage.MessageType.ReplyMessage and given:
                then(given[0])

        watcher.finished.connect(done)

    def _find(self) -> None:
        """Learn the path of our session: its signals are sent from there only."""
        number = os.environ.get("XDG_SESSION_ID", "")
        if number:
            self._find_by(number)
        else:
            self._call(_OURS, _PROPERTIES, "Get", [_SESSION, "Id"], lambda value: self._find_by(str(_plain(value))))

    def _find_by(self, number: str) -> None:
        self._call(_MANAGER, f"{_LOGIN}.Manager", "GetSession", [number], self._found)

    def _found(self, place: object) -> None:
        path = getattr(place, "path", None)
        if path is None or self._login is None:
            return
        self._path = path()
        self._login.connect(_LOGIN, self._path, _SESSION, "Lock", self, _slot("locked"))
        self._login.connect(_LOGIN, self._path, _PROPERTIES, "PropertiesChanged", self, _slot("properties"))
        self.ready.emit()

    @Slot(QDBusMessage)
    def locked(self, _: QDBusMessage) -> None:
        """Hear that the session is to be locked."""
        self.left.emit()

    @Slot(QDBusMessage)
    def saver(self, message: QDBusMessage) -> None:
        """Hear that a screen saver came on, or went."""
        if message.arguments()[:1] == [True]:
            self.left.emit()

    @Slot(QDBusMessage)
    def properties(self, message: QDBusMessage) -> None:
        """Hear that something changed, and ask whether the user is still there."""
        if message.arguments()[:1] != [_SESSION]:
            return
        for name, gone in _GONE.items():
            self._call(
                self._path, _PROPERTIES, "Get", [_SESSION, name], lambda value, gone=gone: self._look(value, gone)
            )

    def _look(self, value: object, gone: bool) -> None:
        if _plain(value) is gone:
            self.left.emit()


def _slot(name: str) -> bytes:
    return SLOT(f"{name}(QDBusMessage)").encode()


def _plain(value: object) -> object:
    """Open a D-Bus variant."""
    variant = getattr(value, "variant", None)
    return value if variant is None else variant()


def _socket(path: Path) -> str:
    return f"unix:path={path}" if path.exists() else ""
