"""The tray of the simulated cards, and the settings that the window writes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from gui_driver import Driver
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit
from test_gui_layout import PAGES, cut

from cps_bridge.storage.settings import Settings
from dossier.failure import Failure
from gui import tokens as t


def says(driver: Driver, name: str) -> str:
    label = driver.see(name)
    assert isinstance(label, QLabel)
    return label.text().replace("\u00a0", " ")


def pick(driver: Driver, name: str, data: object) -> None:
    box = driver.see(name)
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData(data))


def put(driver: Driver, name: str, text: str) -> None:
    field = driver.see(name)
    assert isinstance(field, QLineEdit)
    field.setText(text)


def test_the_tray_stands_beside_the_desk_and_stays_under_a_question(driver: Driver) -> None:
    driver.window.resize(1280, 800)
    driver.click("strip.simulation")
    driver.click("simulation.insert.0")
    driver.see("pin.box")
    overlay = driver.see("overlay")
    assert overlay.width() == driver.window.width() - t.TRAY_WIDTH
    driver.click("simulation.remove.0")
    driver.gone("pin.box")
    driver.click("strip.simulation")
    driver.gone("simulation.close")


def test_in_a_narrow_window_the_tray_lies_over_the_desk(driver: Driver) -> None:
    driver.window.resize(1000, 720)
    driver.click("strip.simulation")
    driver.see("drawer")
    driver.click("simulation.close")
    driver.gone("drawer")


@pytest.mark.parametrize("page", PAGES)
def test_beside_the_tray_no_page_is_cut(driver: Driver, page: str) -> None:
    driver.window.resize(1280, 720)
    driver.house.test_cards = True
    if page != "home":
        driver.open_session("radiologue")
        driver.bring_sophie()
        driver.window.frame.go(page)
    driver.click("strip.simulation")
    driver.settle()
    for _ in range(3):
        QCoreApplication.processEvents()
    assert driver.window.size().toTuple() == (1280, 720)
    assert cut(driver.window) == []


@pytest.mark.parametrize(
    ("fault", "number", "facts"),
    [
        ("mute", "0", {"n": 0}),
        ("slow", "800", {"ms": 800}),
        ("die_at", "4", {"n": 4}),
        ("tries", "1", {"n": 1}),
        ("wrong_sw", "", {"n": 0}),
    ],
)
def test_a_card_is_broken_as_it_was_asked(driver: Driver, fault: str, number: str, facts: dict[str, object]) -> None:
    driver.house.simulation.insert(1, "amelie")
    driver.click("strip.simulation")
    pick(driver, "simulation.fault.slot", 1)
    pick(driver, "simulation.fault", fault)
    put(driver, "simulation.fault.number", number)
    driver.click("simulation.break")
    driver.settle()
    assert driver.house.simulation.broken == [(1, fault, facts)]
    assert says(driver, "simulation.message.sentence") == "Panne prête dans le lecteur 2."


def test_the_card_that_takes_the_place_of_another_is_the_one_chosen(driver: Driver) -> None:
    driver.house.simulation.insert(1, "amelie")
    driver.click("strip.simulation")
    pick(driver, "simulation.fault.slot", 1)
    pick(driver, "simulation.fault", "swap_at")
    pick(driver, "simulation.card.1", "famille-marchand")
    driver.click("simulation.break")
    driver.settle()
    assert driver.house.simulation.broken[0][2] == {"n": 3, "card": "famille-marchand"}


def test_an_empty_reader_cannot_be_broken(driver: Driver) -> None:
    driver.click("strip.simulation")
    assert not driver.see("simulation.break").isEnabled()
    driver.click("simulation.insert.0")
    driver.until(lambda: driver.see("simulation.break").isEnabled())
    assert driver.see("simulation.insert.0").accessibleName() == "Échanger"
    driver.press("pin.box", Qt.Key.Key_Escape)
    driver.settle()


def test_the_simulator_is_never_asked_on_the_thread_of_the_window(driver: Driver) -> None:
    driver.click("strip.simulation")
    driver.click("simulation.insert.1")
    driver.until(lambda: driver.see("simulation.remove.1").isEnabled())
    driver.house.tell("slots")
    driver.settle()
    assert driver.house.simulation.asked_on
    assert threading.main_thread().name not in driver.house.simulation.asked_on


def test_a_card_of_a_file_joins_the_others(driver: Driver, tmp_path: Path) -> None:
    driver.click("strip.simulation")
    panel = driver.see("simulation")
    panel.take_file(tmp_path / "voisine.json")
    driver.settle()
    box = driver.see("simulation.card.1")
    assert isinstance(box, QComboBox)
    assert box.currentData() == "voisine"
    assert says(driver, "simulation.message.sentence").startswith("Carte ajoutée")


def test_a_card_file_that_is_wrong_is_told(driver: Driver, tmp_path: Path) -> None:
    driver.click("strip.simulation")
    driver.see("simulation").take_file(tmp_path / "voisine.doc")
    driver.settle()
    assert driver.see("simulation.message.sentence")
    assert "voisine" not in driver.house.simulation.names()


def test_the_settings_of_the_cards_are_written_and_no_other(driver: Driver, tmp_path: Path) -> None:
    Settings().changed(host_url="https://hote.exemple.fr", idle_minutes=10).save(tmp_path)
    driver.house.directory = tmp_path
    driver.open_session("pharmacien")
    driver.click("rail.settings")
    assert not driver.see("settings.save").isEnabled()
    driver.click("settings.pin.pinpad")
    driver.click("settings.backend.pkcs11")
    put(driver, "settings.module", "/usr/lib/libcps3.so")
    put(driver, "settings.idle", "5")
    driver.click("settings.save")
    driver.settle()
    assert "enregistrés" in says(driver, "settings.message.sentence")
    written = Settings.load(tmp_path)
    assert (written.pin_entry, written.card_backend, written.pkcs11_module) == (
        *("pinpad", "pkcs11"),
        "/usr/lib/libcps3.so",
    )
    assert written.idle_minutes == 5
    assert written.host_url == "https://hote.exemple.fr"


def test_settings_that_cannot_be_written_say_why(driver: Driver, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a directory", "utf-8")
    driver.house.directory = file
    driver.open_session("pharmacien")
    driver.click("rail.settings")
    driver.click("settings.pin.dialog")
    driver.click("settings.save")
    driver.settle()
    assert says(driver, "settings.message.sentence") == Failure("DATA_UNWRITABLE").sentence().replace("\u00a0", " ")
    assert driver.see("settings.save").isEnabled()
