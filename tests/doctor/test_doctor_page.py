"""The doctor's page of the window, over a real house with both simulators."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from doctor_stage import Person
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget

import cps_bridge.doctor
from cps_bridge.doctor.words import ORDER, title
from cps_bridge.house import House
from cps_bridge.simulated import Simulation
from gui.app import application
from gui.window import Window


class Driver:
    """A person before the page."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end, "what was awaited did not come"
            QCoreApplication.processEvents()
            time.sleep(0.002)

    def find(self, name: str) -> QWidget | None:
        found = [each for each in self.window.findChildren(QWidget, name) if each.isVisible()]
        return found[-1] if found else None

    def words(self, name: str) -> str:
        self.until(lambda: self.find(name))
        return self.find(name).text()

    def rest(self) -> None:
        self.until(lambda: self.window.stage.jobs.is_idle() and self.find("diagnostic.again").isEnabled())


@pytest.fixture
def driver(house: House, simulation: Simulation) -> Iterator[Driver]:
    """A window over the house, with a session open and the page before it."""
    application()
    simulation.insert(0, "generaliste")
    house.run("session", Person()).result(60)
    window = Window()
    window.show()
    window.attach(house)
    made = Driver(window)
    made.until(window.stage.jobs.is_idle)
    window.frame.go("diagnostic")
    yield made
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()


def test_the_page_shows_every_row_with_a_word_for_its_state(driver: Driver) -> None:
    driver.rest()
    for row in ORDER:
        assert driver.words(f"diagnostic.{row}.state") == "Bon"
        assert driver.words(f"diagnostic.{row}.cause")
    assert driver.words("diagnostic.summary") == "Tout va bien."
    assert driver.find("diagnostic.progress") is None


def test_what_is_wrong_is_told_with_its_remedy_and_examined_again(driver: Driver, simulation: Simulation) -> None:
    driver.rest()
    simulation.host.stop()
    driver.find("diagnostic.again").click()
    driver.rest()
    assert driver.words("diagnostic.host.state") == "À corriger"
    assert driver.words("diagnostic.clock.state") == "À surveiller"
    assert driver.words("diagnostic.host.remedy")
    summary = driver.words("diagnostic.summary").replace("\u00a0", " ")
    assert summary == "1 point à corriger (Hôte), 2 points à surveiller (Horloge, Connexion sécurisée)."


def test_the_copy_is_the_text_of_the_command(driver: Driver, simulation: Simulation) -> None:
    driver.rest()
    driver.find("diagnostic.copy").click()
    copied = QApplication.clipboard().text()
    assert copied.startswith("CPS Bridge ")
    assert all(title(row) in copied for row in ORDER)
    assert "MARTIN" not in copied and "Lilas" not in copied


def test_the_window_lives_while_the_examination_runs(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.rest()
    release, here = threading.Event(), []

    def slow(house: House) -> tuple:
        here.append(threading.current_thread())
        release.wait(30)
        return ()

    monkeypatch.setattr(cps_bridge.doctor, "examine", slow)
    driver.find("diagnostic.again").click()
    driver.until(lambda: here)
    assert here[0] is not threading.main_thread()
    assert driver.find("diagnostic.progress") is not None
    assert not driver.find("diagnostic.again").isEnabled()
    driver.window.frame.go("diagnostic")
    release.set()
    driver.rest()
    assert len(here) == 1


@pytest.mark.parametrize("size", [(1280, 800), (1024, 720)], ids=lambda size: "x".join(map(str, size)))
def test_no_text_of_the_page_is_cut(driver: Driver, simulation: Simulation, size: tuple[int, int]) -> None:
    driver.window.resize(*size)
    simulation.host.stop()
    driver.rest()
    driver.find("diagnostic.again").click()
    driver.rest()
    for _ in range(3):
        QCoreApplication.processEvents()
    page = driver.window.frame.page("diagnostic")
    for label in page.findChildren(QLabel):
        if label.isVisible() and label.text():
            wide = label.width() + 1
            fits = label.heightForWidth(label.width()) <= label.height() + 1 if label.wordWrap() else True
            assert fits and (label.wordWrap() or label.sizeHint().width() <= wide), label.text()
    picture = os.environ.get("CPS_BRIDGE_PICTURE")
    if picture:
        driver.window.grab().save(f"{picture}-{size[0]}.png")
