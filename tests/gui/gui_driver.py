"""A person at the window, for tests: by widget names, awaiting what must come."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget
from scripted_house import ScriptedHouse

from gui.window import Window


class Driver:
    """A person at the window: finds widgets by name, types, clicks, waits for what must come."""

    def __init__(self, window: Window, house: ScriptedHouse) -> None:
        self.window, self.house = window, house

    def until(self, condition: Callable[[], object], seconds: float = 15.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "what was awaited did not come"
            QCoreApplication.processEvents()
            time.sleep(0.002)

    def find(self, name: str) -> QWidget | None:
        found = [each for each in self.window.findChildren(QWidget, name) if each.isVisible()]
        return found[-1] if found else None

    def see(self, name: str) -> QWidget:
        self.until(lambda: self.find(name))
        found = self.find(name)
        assert found is not None
        return found

    def gone(self, name: str) -> None:
        self.until(lambda: self.find(name) is None)

    def click(self, name: str) -> None:
        self.until(lambda: (found := self.find(name)) is not None and found.isEnabled())
        button = self.see(name)
        assert isinstance(button, QAbstractButton), name
        button.click()
        QCoreApplication.processEvents()

    def type(self, name: str, text: str) -> None:
        QTest.keyClicks(self.see(name), text)

    def press(self, name: str, key: Qt.Key) -> None:
        QTest.keyClick(self.see(name), key)

    def open_session(self, card: str = "generaliste", activity: bool = True) -> None:
        self.house.simulation.insert(0, card)
        self.type("pin.box", "1234")
        self.click("pin.go")
        if card == "generaliste" and activity:
            self.click("activity.go")
        self.until(lambda: self.house.session is not None and self.window.frame.current() != "home")

    def bring_sophie(self) -> None:
        self.house.simulation.insert(1, "famille-marchand")
        self.click("beneficiary.0")
        self.click("beneficiary.go")
        self.until(lambda: self.house.dossier is not None)
        self.settle()

    def settle(self) -> None:
        self.until(lambda: self.window.stage.jobs.is_idle())
        QCoreApplication.processEvents()
