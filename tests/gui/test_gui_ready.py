"""What the moment of the card must not wait for is ready before the card comes."""

from __future__ import annotations

from gui_driver import Driver
from PySide6.QtWidgets import QApplication, QStackedWidget
from scripted_house import ScriptedHouse

from dossier.failure import catalogue
from gui.pages.page import Page
from gui.places import DESKS
from gui.window import Window


def pages(window: Window) -> dict[str, Page]:
    stack = window.findChild(QStackedWidget, "stack")
    return {each.key: each for each in map(stack.widget, range(stack.count())) if isinstance(each, Page)}


def test_the_pages_of_every_desk_are_there_before_a_card_comes(driver: Driver) -> None:
    driver.until(lambda: set(DESKS) <= set(pages(driver.window)))
    assert driver.house.session is None
    assert driver.window.frame.current() == "home"
    assert catalogue.cache_info().currsize


def test_a_session_opens_on_the_page_that_was_ready(driver: Driver) -> None:
    driver.until(lambda: set(DESKS) <= set(pages(driver.window)))
    made = pages(driver.window)
    driver.open_session("pharmacien")
    driver.until(lambda: driver.window.frame.current() == "counter")
    assert pages(driver.window) == made


def test_the_window_says_once_that_it_is_ready(app: QApplication) -> None:
    house, window, said = ScriptedHouse(), Window(), []
    window.ready.connect(lambda: said.append(set(pages(window))))
    window.show()
    window.attach(house)
    driver = Driver(window, house)
    driver.until(lambda: said)
    driver.settle()
    assert said == [{"home", *DESKS}]
    window.close()
    house.close()
    window.deleteLater()


def test_a_window_closed_before_it_is_ready_makes_no_page_more(app: QApplication) -> None:
    house, window, said = ScriptedHouse(), Window(), []
    window.ready.connect(lambda: said.append("ready"))
    window.show()
    window.attach(house)
    window.close()
    house.close()
    window.deleteLater()
    app.processEvents()
    assert said == []


def test_a_page_that_is_not_shown_asks_for_no_room(driver: Driver) -> None:
    driver.until(lambda: set(DESKS) <= set(pages(driver.window)))
    stack = driver.window.frame.stack
    assert not stack.hasHeightForWidth()
    assert stack.sizeHint() == pages(driver.window)["home"].sizeHint()
