"""What the moment of the card must not wait for is ready before the card comes."""

from __future__ import annotations

import gc
import sys

from gui_driver import Driver
from PySide6.QtWidgets import QApplication, QStackedWidget
from scripted_house import ScriptedHouse

from dossier.failure import catalogue
from gui.at_work import at_work
from gui.pages.page import Page
from gui.pieces.page_stack import PageStack
from gui.places import DESKS, make_page
from gui.shelf import Shelf
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


def test_a_page_wanted_while_it_is_being_made_is_shown_whole(app: QApplication) -> None:
    house, window = ScriptedHouse(), Window()
    window.show()
    window.attach(house)
    steps = window.frame.shelf.furnish("consultation")
    next(steps)
    next(steps)
    window.frame.go("consultation")
    assert window.frame.current() == "consultation"
    assert window.frame.page("consultation").documents.preview.entry is None
    assert list(steps) == []
    window.close()
    house.close()
    window.deleteLater()


def test_each_desk_is_made_in_several_steps(driver: Driver) -> None:
    shelf = Shelf(PageStack("another"), lambda key: make_page(key, driver.window.stage, driver.window.frame.flows))
    for key in DESKS:
        assert len(list(shelf.furnish(key))) > 3
        assert list(shelf.furnish(key)) == []


def test_workers_give_way_to_the_window_while_it_works(app: QApplication) -> None:
    window, before = Window(), sys.getswitchinterval()
    with at_work(window):
        assert sys.getswitchinterval() < before
        assert not gc.isenabled()
    assert sys.getswitchinterval() == before
    assert gc.isenabled()
    window.deleteLater()


def test_what_the_window_keeps_is_left_out_of_sweeps_until_it_closes(app: QApplication) -> None:
    window = Window()
    with at_work(window):
        assert not gc.get_freeze_count()
        window.ready.emit()
        assert gc.get_freeze_count()
    assert not gc.get_freeze_count()
    window.deleteLater()


def test_a_page_that_is_not_shown_asks_for_no_room(driver: Driver) -> None:
    driver.until(lambda: set(DESKS) <= set(pages(driver.window)))
    stack = driver.window.frame.stack
    assert not stack.hasHeightForWidth()
    assert stack.sizeHint() == pages(driver.window)["home"].sizeHint()
