"""My dossiers: what a professional sees of those followed, by mouse and by keyboard."""

from __future__ import annotations

from dataclasses import replace

from gui_driver import Driver
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from scripted_house import FOLLOWED, INS, SOPHIE

from dossier.access import AuthorisationState, Dossier, DossierState
from dossier.context import Source
from dossier.failure import Failure
from gui.pages.followed import FollowedPage


def follow(driver: Driver, card: str = "generaliste") -> FollowedPage:
    driver.house.states[SOPHIE.birth_name] = Dossier(INS, DossierState.OPEN, AuthorisationState.VALID)
    driver.open_session(card)
    driver.settle()
    QTest.keyClick(driver.window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    driver.until(lambda: driver.window.frame.current() == "followed")
    driver.settle()
    page = driver.window.frame.page("followed")
    assert isinstance(page, FollowedPage)
    return page


def lines(page: FollowedPage) -> list[str]:
    return [str(page.model.index(n).data()) for n in range(page.model.rowCount())]


def states(page: FollowedPage, number: int) -> list[str]:
    return [words for words, _ in page.model.row_at(page.model.index(number)).states]


def test_the_followed_dossiers_say_what_is_new_and_what_binds_them(driver: Driver) -> None:
    page = follow(driver)
    assert lines(page)[0] == "MARCHAND Sophie"
    assert states(page, 0) == ["nouveau", "message du patient", "médecin traitant"]
    assert states(page, 1) == []
    assert states(page, 2) == ["médecin traitant"]
    assert driver.see("followed.count").text().replace("\u00a0", " ") == "3 dossiers · 1 avec du nouveau"


def test_a_dossier_is_opened_by_the_keyboard_alone(driver: Driver) -> None:
    page = follow(driver)
    assert page.list.hasFocus()
    driver.press("followed.list", Qt.Key.Key_Return)
    driver.until(lambda: driver.house.dossier is not None)
    driver.settle()
    assert driver.window.frame.current() == "consultation"
    assert driver.house.patient.source is Source.INS
    assert driver.house.patient.identity.ins == INS
    driver.until(driver.window.frame.page("consultation").documents.model.documents)


def test_a_click_opens_the_dossier(driver: Driver) -> None:
    page = follow(driver)
    middle = page.list.visualRect(page.model.index(0)).center()
    QTest.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    driver.until(lambda: driver.house.dossier is not None)
    driver.settle()
    assert driver.window.frame.current() == "consultation"


def test_what_was_new_stays_marked_until_the_dossier_is_opened(driver: Driver) -> None:
    page = follow(driver)
    driver.click("followed.refresh")
    driver.settle()
    assert driver.house.follow_looks == 2
    assert "nouveau" in states(page, 0)
    driver.press("followed.list", Qt.Key.Key_Return)
    driver.until(lambda: driver.house.dossier is not None)
    driver.settle()
    driver.click("rail.followed")
    driver.click("followed.refresh")
    driver.settle()
    assert all("nouveau" not in states(page, number) for number in range(3))


def test_the_list_is_read_once_a_session_and_forgotten_with_it(driver: Driver) -> None:
    page = follow(driver)
    driver.click("rail.outbox")
    driver.click("rail.followed")
    driver.settle()
    assert driver.house.follow_looks == 1
    driver.house.simulation.remove(0)
    driver.until(lambda: driver.window.frame.current() == "home")
    assert lines(page) == []
    assert page._new == set()


def test_a_name_is_sought_in_the_list(driver: Driver) -> None:
    page = follow(driver)
    driver.see("followed.search").setText("leroy soph")
    assert lines(page) == ["MARCHAND Sophie"]


def test_nobody_followed_is_said(driver: Driver) -> None:
    driver.house.followed = ()
    follow(driver)
    assert driver.see("followed.state.sentence").text() == "Aucun dossier suivi"


def test_a_list_that_is_refused_says_why(driver: Driver) -> None:
    driver.house.refusals["followed"] = Failure("OUTCOME_UNKNOWN")
    follow(driver)
    assert driver.see("followed.message.sentence").text() == Failure("OUTCOME_UNKNOWN").sentence("fr")


def test_many_dossiers_are_all_there(driver: Driver) -> None:
    driver.house.followed = tuple(replace(FOLLOWED[2], given_name=f"P{number}") for number in range(3000))
    assert len(lines(follow(driver))) == 3000
