"""A program of ours that is given a PIN on its standard input, uses it, says so, and stays until its input ends.

python memory_child.py WAY READER AUTHORITY DIRECTORY, where WAY is service, wrong, change, unblock, window, or one of
the careless ones that the scan must catch: text, message, qt, list.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

LENGTH = 8
PATIENCE = 60.0
kept: list[object] = []


def read_pin() -> bytearray:
    """Read the PIN from the pipe into one buffer; nothing else ever holds it."""
    pin = bytearray(LENGTH)
    if os.readv(0, [pin]) != LENGTH:
        raise SystemExit("no PIN")
    return pin


def say(word: str) -> None:
    os.write(1, f"{word}\n".encode())


def stay() -> None:
    """Stay until the one who started us closes the pipe."""
    while os.read(0, 1):
        pass


def service(reader: str, way: str) -> None:
    """Give the PIN to the card by the card service, right or wrong, or replace it."""
    from cps_bridge.cards.pcsc import PcscReaders
    from cps_bridge.cards.service import CardService
    from dossier.failure import Failure
    from dossier.professional import CardKind

    cards = CardService(PcscReaders(only=frozenset([reader])))
    cards.start()
    epoch = cards.wait_for(CardKind.CPS, CardKind.CPF, timeout=PATIENCE).epoch
    assert epoch is not None
    try:
        if way == "change":
            cards.change_pin(epoch, read_pin(), read_pin())
        elif way == "unblock":
            cards.unblock_pin(epoch, read_pin(), read_pin())
        else:
            cards.verify_pin(epoch, read_pin())
            cards.read_activities(epoch)
        say("open")
    except Failure as failure:
        kept.append(failure)  # with its traceback and its frames, as a program that shows it would
        say("open" if way == "wrong" and failure.code == "PIN_WRONG" else failure.code)
    stay()
    cards.close()


def window(reader: str, authority: str, directory: str) -> None:
    """Type the PIN in the boxes of the real window, key by key, as the person does."""
    from PySide6.QtCore import QCoreApplication, QSocketNotifier, Qt, QTimer
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QWidget

    from cps_bridge.cards.pcsc import PcscReaders
    from cps_bridge.house import HostAddress, House
    from cps_bridge.storage.settings import Settings
    from gui.app import application
    from gui.window import Window

    address = HostAddress("https://127.0.0.1:9", Path(authority))
    house = House(Settings(), PcscReaders(only=frozenset([reader])), Path(directory), bytes(32), address)
    app, shown = application(), Window()
    shown.show()
    shown.attach(house)
    timer = QTimer()

    def look() -> None:
        if house.session is not None:
            timer.stop()
            say("open")
            return
        boxes = [each for each in shown.findChildren(QWidget, "pin.box") if each.isVisible()]
        if boxes and not kept:
            kept.append(True)
            type_into(boxes[-1])

    def type_into(boxes: QWidget) -> None:
        digit = bytearray(1)
        for _ in range(LENGTH):
            os.readv(0, [digit])
            QTest.keyClick(boxes, Qt.Key(digit[0]))
            QCoreApplication.processEvents()
        QTest.keyClick(boxes, Qt.Key.Key_Return)
        end = QSocketNotifier(0, QSocketNotifier.Type.Read, shown)
        end.activated.connect(app.quit)

    timer.timeout.connect(look)
    timer.start(20)
    app.exec()
    shown.close()
    house.close()


def careless(way: str) -> None:
    """Keep the PIN as a program that takes no care does."""
    pin = read_pin()
    if way == "text":
        kept.append(pin.decode())
    elif way == "message":
        kept.append(bytes((0, 0x20, 0, 1, LENGTH)) + pin)
    elif way == "qt":
        kept.append(pin.decode().encode("utf-16-le"))
    elif way == "list":
        kept.append(list(pin))
    pin[:] = bytes(LENGTH)
    say("open")
    stay()


def main(way: str, reader: str = "", authority: str = "", directory: str = "") -> None:
    if way == "window":
        window(reader, authority, directory)
    elif way in ("service", "wrong", "change", "unblock"):
        service(reader, way)
    else:
        careless(way)


if __name__ == "__main__":
    main(*sys.argv[1:])
