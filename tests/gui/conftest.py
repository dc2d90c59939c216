"""One QApplication for all tests of the window, drawn offscreen; a window over a scripted house."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))

import pytest
from gui_driver import Driver
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from scripted_house import ScriptedHouse

from gui.app import application
from gui.window import Window


@pytest.fixture(scope="session")
def app() -> QApplication:
    return application()


@pytest.fixture
def driver(app: QApplication) -> Iterator[Driver]:
    house = ScriptedHouse()
    window = Window()
    window.show()
    window.attach(house)
    yield Driver(window, house)
    window.close()
    house.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
