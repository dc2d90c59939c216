"""The desktop says that it was locked, or that another user took its place: the practice's session must end too.

Linux: systemd-logind (``Lock``, ``Active`` and ``LockedHint`` of our own session) on the system bus, and the screen
savers (``ActiveChanged``) on the session bus. Windows and macOS tell it otherwise: there, not done. Without a bus
nothing is heard and nothing is said; the card, the lock button and the idle time remain.

Each bus has a thread of its own, in Python: QtDBus looks at its listeners from a thread of its own while Python may be
destroying them, and the process dies of it.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from jeepney import Message
    from jeepney.io.blocking import DBusConnection

_LOGIN = "org.freedesktop.login1"
_MANAGER = "/org/freedesktop/login1"
_OURS = f"{_MANAGER}/session/auto"
_SESSION = "org.freedesktop.login1.Session"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_SAVERS = ("org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.cinnamon.ScreenSaver", "org.mate.ScreenSaver")
_GONE = {"Active": False, "LockedHint": True}
"""Properties of a logind session, and the value that means that its user is not there."""

_ANSWER_SECONDS = 5.0
_log = logging.getLogger("gui")


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
    """Emits ``left`` when the desktop was locked or given to another user; ``ready`` for each bus that is listened to.

    Both are emitted from the threads of the buses: Qt brings them to the thread of who hears them.
    """

    left = Signal()
    ready = Signal()

    def __init__(self, system: str, session: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        ears = ((system, _listen_to_login), (session, _listen_to_savers))
        self._ears = [_Ear(self, address, begin) for address, begin in ears if address]

    def start(self) -> None:
        """Begin to listen."""
        for each in self._ears:
            each.start()

    def close(self) -> None:
        """Let go of the buses; nothing is emitted any more."""
        for each in self._ears:
            each.close()
        self._ears.clear()


class _Ear:
    """One thread that listens to one bus until it is closed or the bus goes away."""

    def __init__(self, desktop: DesktopSession, address: str, begin: Any) -> None:
        self._desktop, self._address, self._begin = desktop, address, begin
        self._closing = threading.Event()
        self._bus: DBusConnection | None = None
        self._thread = threading.Thread(target=self._listen, name="desktop", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        bus = self._bus
        if bus is not None:
            try:
                bus.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                _log.debug("the bus was gone")
        if self._thread.is_alive():
            self._thread.join(_ANSWER_SECONDS)

    def _listen(self) -> None:
        try:
            from jeepney.io.blocking import open_dbus_connection

            with open_dbus_connection(self._address) as bus:
                self._bus = bus
                means_gone = self._begin(bus)
                if not self._closing.is_set():
                    self._desktop.ready.emit()
                while not self._closing.is_set():
                    if means_gone(bus.receive()) and not self._closing.is_set():
                        self._desktop.left.emit()
        except Exception as error:
            # No bus, no logind, or a bus that ended: whatever it is, the window works without.
            _log.info("desktop not heard: %s", type(error).__name__)
        finally:
            self._bus = None


def _listen_to_login(bus: DBusConnection) -> Any:
    """Ask for the signals of our own logind session; give what tells that its user is not there."""
    from jeepney import MatchRule

    path = _our_session(bus)
    _watch(bus, MatchRule(type="signal", sender=_LOGIN, path=path, interface=_SESSION, member="Lock"))
    _watch(bus, MatchRule(type="signal", sender=_LOGIN, path=path, interface=_PROPERTIES, member="PropertiesChanged"))
    return _login_means_gone


def _listen_to_savers(bus: DBusConnection) -> Any:
    """Ask for the signals of the screen savers; give what tells that one came on."""
    from jeepney import MatchRule

    for interface in _SAVERS:
        _watch(bus, MatchRule(type="signal", interface=interface, member="ActiveChanged"))
    return _saver_means_gone


def _our_session(bus: DBusConnection) -> str:
    """Learn the path of our session: its signals are sent from there only."""
    number = os.environ.get("XDG_SESSION_ID", "")
    if not number:
        (_, number) = _call(bus, _OURS, _PROPERTIES, "Get", "ss", (_SESSION, "Id"))[0]
    return str(_call(bus, _MANAGER, f"{_LOGIN}.Manager", "GetSession", "s", (number,))[0])


def _call(bus: DBusConnection, path: str, interface: str, member: str, shape: str, body: tuple[str, ...]) -> Any:
    from jeepney import DBusAddress, new_method_call
    from jeepney.wrappers import unwrap_msg

    question = new_method_call(DBusAddress(path, bus_name=_LOGIN, interface=interface), member, shape, body)
    return unwrap_msg(bus.send_and_get_reply(question, timeout=_ANSWER_SECONDS))


def _watch(bus: DBusConnection, rule: Any) -> None:
    from jeepney import message_bus
    from jeepney.wrappers import unwrap_msg

    unwrap_msg(bus.send_and_get_reply(message_bus.AddMatch(rule), timeout=_ANSWER_SECONDS))


def _login_means_gone(message: Message) -> bool:
    member = _field(message, "member")
    if member == "Lock":
        return True
    if member != "PropertiesChanged" or message.body[0] != _SESSION:
        return False
    changed = {name: value for name, (_, value) in message.body[1].items()}
    return any(name in changed and changed[name] is gone for name, gone in _GONE.items())


def _saver_means_gone(message: Message) -> bool:
    return bool(_field(message, "member") == "ActiveChanged" and message.body[:1] == (True,))


def _field(message: Message, name: str) -> Any:
    from jeepney import HeaderFields

    return message.header.fields.get(HeaderFields[name])


def _socket(path: Path) -> str:
    return f"unix:path={path}" if path.exists() else ""
