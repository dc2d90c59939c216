"""At the two reference sizes nothing is cut, everything can be reached by the keyboard and has a name."""

from __future__ import annotations

from itertools import pairwise

import pytest
from gui_driver import Driver
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QWidget
from scripted_house import INS, SOPHIE

from dossier.access import AuthorisationState, Dossier, DossierState
from gui.pieces.text import ElidedText
from gui.tokens import WINDOW_MINIMUM

PAGES = (
    "home",
    "counter",
    "consultation",
    "imaging",
    "emergency",
    "followed",
    "outbox",
    "journal",
    "diagnostic",
    "settings",
    "help",
)
SIZES = ((1280, 720), (1280, 800), (1024, 720))


def cut(window: QWidget) -> list[str]:
    found = []
    for label in window.findChildren(QLabel):
        if not label.isVisible() or isinstance(label, ElidedText) or not label.text():
            continue
        if label.wordWrap():
            fits = label.heightForWidth(label.width()) <= label.height() + 1
        else:
            fits = label.sizeHint().width() <= label.width() + 1
        if not fits:
            found.append(f"{label.objectName()} {label.text()}")
    for button in window.findChildren(QAbstractButton):
        if button.isVisible() and button.objectName() and button.sizeHint().width() > button.width() + 1:
            found.append(f"{button.objectName()} {button.text()}")
    return found


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("page", PAGES)
def test_a_page_paints_without_cut_text(driver: Driver, page: str, size: tuple[int, int]) -> None:
    driver.house.states[SOPHIE.birth_name] = Dossier(INS, DossierState.OPEN, AuthorisationState.VALID)
    driver.window.resize(*size)
    if page != "home":
        driver.open_session("radiologue")
        driver.bring_sophie()
        driver.window.frame.go(page)
    driver.settle()
    for _ in range(3):
        QCoreApplication.processEvents()
    assert not driver.window.grab().isNull()
    assert driver.window.size().toTuple() == size
    assert cut(driver.window) == []


def test_nothing_of_the_strip_lies_over_its_neighbour_in_the_narrowest_window(driver: Driver) -> None:
    driver.window.resize(*WINDOW_MINIMUM)
    driver.open_session("pharmacien")
    driver.settle()
    names = ("chip.cps", "chip.vitale", "strip.outbox", "strip.host", "strip.simulation", "strip.lock")
    places = [driver.see(name).geometry() for name in names]
    assert all(left.right() < right.left() for left, right in pairwise(places))
    assert places[-1].right() < driver.window.width()


def test_the_steps_of_a_creation_paint_without_cut_text(driver: Driver) -> None:
    driver.window.resize(1280, 720)
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("counter.state.go")
    steps = (
        (("information.tick",), "information.go"),
        (("consent.oral", "consent.tick"), "consent.go"),
        ((), "choices.go"),
    )
    for ticks, go in steps:
        driver.see(go)
        for tick in ticks:
            driver.click(tick)
        QCoreApplication.processEvents()
        assert cut(driver.window) == []
        driver.click(go)
    driver.type("contact.value", "sophie@exemple.fr")
    driver.click("contact.go")
    driver.click("create.go")
    driver.settle()
    driver.until(lambda: driver.see("secrets.show").isEnabled())
    QCoreApplication.processEvents()
    assert cut(driver.window) == []


def test_every_visible_control_has_a_stable_name_and_words_for_assistive_tools(driver: Driver) -> None:
    driver.house.states[SOPHIE.birth_name] = Dossier(INS, DossierState.OPEN, AuthorisationState.VALID)
    driver.open_session("radiologue")
    driver.bring_sophie()
    for page in PAGES[1:]:
        driver.window.frame.go(page)
        driver.settle()
        for kind in (QAbstractButton, QLineEdit, QComboBox):
            for control in driver.window.findChildren(kind):
                if not control.isVisible() or control.objectName().startswith("qt_") or control.parent() is None:
                    continue
                if control.metaObject().className() in ("QToolButton", "QLineEditIconButton", "QTableCornerButton"):
                    continue
                assert control.objectName(), (page, control, control.parent().objectName())
                assert control.accessibleName() or getattr(control, "text", str)(), (page, control.objectName())


def tab(times: int) -> list[str]:
    names = []
    for _ in range(times):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        names.append(now.objectName() if now else "")
    return names


def test_the_keyboard_goes_round_inside_the_pin_panel(driver: Driver) -> None:
    driver.house.simulation.insert(0, "pharmacien")
    driver.type("pin.box", "1234")
    assert QApplication.focusWidget() is driver.see("pin.box")
    assert set(tab(6)) == {"pin.box", "question.cancel", "pin.go"}


def test_enter_answers_and_escape_gives_up(driver: Driver) -> None:
    driver.house.simulation.insert(0, "pharmacien")
    driver.type("pin.box", "1234")
    driver.press("pin.box", Qt.Key.Key_Return)
    driver.until(lambda: driver.house.session is not None)
    driver.house.simulation.insert(1, "famille-marchand")
    driver.see("beneficiary.0")
    event = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    QCoreApplication.sendEvent(QApplication.focusWidget(), event)
    driver.gone("beneficiary.0")
    driver.settle()
    assert driver.house.patient is None


def test_the_keyboard_goes_through_the_consent_in_its_order(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("counter.state.go")
    driver.click("information.tick")
    driver.click("information.go")
    driver.click("consent.oral")
    driver.see("consent.oral").setFocus()
    order = tab(3)
    assert order[0] == "consent.tick"
    assert "question.cancel" in order


def test_a_narrow_window_folds_the_rail_and_keeps_its_words_in_tooltips(driver: Driver) -> None:
    driver.window.resize(1000, 700)
    driver.open_session()
    button = driver.see("rail.consultation")
    assert button.text() == ""
    assert button.toolTip() == "Consultation"
    assert button.accessibleName() == "Consultation"
