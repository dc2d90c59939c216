"""Stands for systemd-logind and screen savers on a bus of a test: ``python login_service.py ADDRESS``, orders on stdin.

Each order is a word on a line, answered by ``done`` once its signal was sent; ends with its standard input.
"""

from __future__ import annotations

import sys
import threading

from PySide6.QtCore import ClassInfo, Property, QCoreApplication, QObject, Qt, Signal, Slot
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusObjectPath

LOGIN = "org.freedesktop.login1"
SESSION = f"{LOGIN}.Session"
PROPERTIES = "org.freedesktop.DBus.Properties"
OURS, OTHER = "/org/freedesktop/login1/session/_37", "/org/freedesktop/login1/session/_38"
STATE = {"Active": True, "LockedHint": False}


@ClassInfo({"D-Bus Interface": f"{LOGIN}.Manager"})
class Manager(QObject):
    @Slot(str, result="QDBusObjectPath")
    def GetSession(self, number: str) -> QDBusObjectPath:  # noqa: N802 - logind's name
        return QDBusObjectPath(OURS if number == "7" else OTHER)


@ClassInfo({"D-Bus Interface": SESSION})
class OurSession(QObject):
    Id = Property(str, lambda self: "7")
    Active = Property(bool, lambda self: STATE["Active"])
    LockedHint = Property(bool, lambda self: STATE["LockedHint"])


class Orders(QObject):
    came = Signal(str)
    ended = Signal()


def signal(path: str, interface: str, member: str, *arguments: object) -> QDBusMessage:
    made = QDBusMessage.createSignal(path, interface, member)
    made.setArguments(list(arguments))
    return made


def changed(path: str, name: str) -> QDBusMessage:
    return signal(path, PROPERTIES, "PropertiesChanged", SESSION, {name: STATE[name]}, [])


def messages(order: str) -> list[QDBusMessage]:
    if order == "inactive":
        STATE["Active"] = False
    if order == "hint":
        STATE["LockedHint"] = True
    saver = ("org.freedesktop.ScreenSaver", "ActiveChanged")
    return {
        "lock": [signal(OURS, SESSION, "Lock")],
        "other": [signal(OTHER, SESSION, "Lock")],
        "inactive": [changed(OURS, "Active")],
        "active": [changed(OURS, "Active")],
        "hint": [changed(OURS, "LockedHint")],
        "saver": [signal("/org/freedesktop/ScreenSaver", *saver, True)],
        "saver-off": [signal("/org/freedesktop/ScreenSaver", *saver, False)],
        "gnome": [signal("/org/gnome/ScreenSaver", "org.gnome.ScreenSaver", "ActiveChanged", True)],
    }[order]


def main() -> int:
    app = QCoreApplication(sys.argv)
    bus = QDBusConnection.connectToBus(sys.argv[1], "login")
    manager, session, orders = Manager(), OurSession(), Orders()
    every = QDBusConnection.RegisterOption.ExportAllContents
    bus.registerObject("/org/freedesktop/login1", manager, every)
    for path in (OURS, "/org/freedesktop/login1/session/auto"):
        bus.registerObject(path, session, every)
    bus.registerService(LOGIN)

    def carry_out(order: str) -> None:
        for each in messages(order):
            bus.send(each)
        print("done", flush=True)

    def listen() -> None:
        for line in sys.stdin:
            orders.came.emit(line.strip())
        orders.ended.emit()

    orders.came.connect(carry_out, Qt.ConnectionType.QueuedConnection)
    orders.ended.connect(app.quit, Qt.ConnectionType.QueuedConnection)
    threading.Thread(target=listen, daemon=True).start()
    print("ready", flush=True)
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
