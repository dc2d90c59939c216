"""A creation that stopped before the patient's account is finished at the counter."""

from __future__ import annotations

import pytest
from gui_driver import Driver
from PySide6.QtWidgets import QLabel, QWidget
from scripted_house import INS, SOPHIE

from dossier.access import Dossier, DossierState


def opened(driver: Driver, *, account_open: bool) -> None:
    driver.house.states[SOPHIE.birth_name] = Dossier(INS, DossierState.OPEN, account_open=account_open)


def says(driver: Driver, name: str) -> str:
    label = driver.see(name)
    assert isinstance(label, QLabel)
    return label.text().replace("\u00a0", " ")


@pytest.mark.parametrize("account_open", [True, False])
def test_an_account_is_offered_to_whom_has_a_dossier_and_none(driver: Driver, account_open: bool) -> None:
    opened(driver, account_open=account_open)
    driver.open_session("pharmacien")
    driver.bring_sophie()
    offered = driver.window.frame.findChild(QWidget, "counter.account")
    driver.until(lambda: "déjà un dossier" in says(driver, "counter.state.sentence"))
    assert offered.isVisible() is not account_open


def test_the_account_opened_afterwards_hands_two_sheets_over(driver: Driver) -> None:
    opened(driver, account_open=False)
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("counter.account")
    driver.type("contact.value", "sophie@exemple.fr")
    driver.click("contact.go")
    driver.until(lambda: len(driver.window.frame.page("counter")._hand_over._pages) == 2)
    assert driver.see("secrets.print").isEnabled()
