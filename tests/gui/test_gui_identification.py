"""A patient known otherwise than by a Vitale card: scanner, form, application; and what an unqualified one may not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gui_driver import Driver
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit
from scripted_house import AMELIE, INS, Slot

from dossier.access import AuthorisationState, Dossier, DossierState
from dossier.context import CardEpoch, Source
from dossier.failure import Failure
from dossier.patient import IdentityStatus, Sex
from dossier.professional import CardKind
from gui.questions.identification import birth_digits

DATAMATRIX = (
    "IS01" + "0" * 22 + "S1255081416802538S21.2.250.1.213.1.4.10\x1dS3AMELIE\x1dS4LEROY\x1dS5FS612-04-1961S745234"
)


def says(driver: Driver, name: str) -> str:
    label = driver.see(name)
    assert isinstance(label, QLabel)
    return label.text().replace("\u00a0", " ")


def put(driver: Driver, name: str, text: str) -> None:
    field = driver.see(name)
    assert isinstance(field, QLineEdit)
    field.setText(text)


def scan(driver: Driver, text: str, *, end: bool = True) -> None:
    """What a 2D scanner does: keys at the window, wherever the keyboard is."""
    handle = driver.window.windowHandle()
    for each in text:
        press = QKeyEvent(QKeyEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, each)
        if each.isascii() and each.isprintable():
            QTest.keyClick(handle, each)
        else:
            QCoreApplication.sendEvent(handle, press)
    if end:
        QTest.keyClick(handle, Qt.Key.Key_Return)


@pytest.mark.parametrize("page", ["counter", "consultation", "outbox"])
def test_a_datamatrix_is_recognised_wherever_the_keyboard_is(driver: Driver, page: str) -> None:
    driver.open_session("pharmacien")
    driver.window.frame.go(page)
    scan(driver, DATAMATRIX)
    driver.until(lambda: driver.house.patient is not None)
    assert driver.house.patient.source is Source.DATAMATRIX
    assert driver.house.answers[-1] == DATAMATRIX
    driver.settle()


def test_a_scan_leaves_nothing_in_the_field_that_had_the_keyboard(driver: Driver) -> None:
    driver.open_session()
    field = driver.see("consultation.ins")
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    field.setFocus()
    scan(driver, DATAMATRIX)
    driver.until(lambda: driver.house.patient is not None)
    assert field.text() == ""
    driver.settle()


def test_a_scan_without_end_key_ends_by_its_silence(driver: Driver) -> None:
    driver.open_session("pharmacien")
    scan(driver, DATAMATRIX, end=False)
    driver.until(lambda: driver.house.patient is not None)
    driver.settle()


def test_words_typed_by_hand_are_no_scan(driver: Driver) -> None:
    driver.open_session()
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    field = driver.see("consultation.ins")
    field.setFocus()
    scan(driver, "ISA 01 IS 01", end=False)
    assert field.text() == "ISA 01 IS 01"
    assert driver.house.patient is None


def test_a_scan_before_the_session_says_what_is_missing(driver: Driver) -> None:
    driver.until(lambda: driver.window._was_painted)
    scan(driver, DATAMATRIX)
    assert "session" in says(driver, "notice.remedy")
    assert driver.house.patient is None


def test_a_scanner_with_another_keyboard_is_told_and_searches_nobody(driver: Driver) -> None:
    driver.open_session("pharmacien")
    scan(driver, DATAMATRIX.replace("01", "à&", 1))
    assert "clavier français" in says(driver, "notice.sentence")
    assert driver.house.patient is None


def test_a_scan_during_a_creation_changes_no_patient(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.bring_sophie()
    before = driver.house.patient
    driver.click("counter.state.go")
    driver.see("information.tick")
    scan(driver, DATAMATRIX)
    assert driver.house.patient is before
    driver.click("question.cancel")
    driver.settle()


def test_a_scan_during_an_emergency_access_changes_no_patient(driver: Driver) -> None:
    driver.house.states[AMELIE.birth_name] = Dossier(INS, DossierState.OPEN)
    driver.open_session("regulateur")
    driver.house.simulation.insert(1, "amelie")
    driver.until(lambda: driver.house.dossier is not None)
    driver.click("rail.emergency")
    driver.click("emergency.regulation")
    driver.see("emergency.band")
    before = driver.house.patient
    scan(driver, DATAMATRIX)
    driver.settle()
    assert driver.house.patient is before


def test_a_scan_answers_the_question_that_waits_for_it(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.click("counter.way.datamatrix")
    driver.see("datamatrix.text")
    scan(driver, DATAMATRIX)
    driver.until(lambda: driver.house.patient is not None)
    assert str(driver.house.answers[-1]).startswith("IS01")
    driver.settle()


def fill_traits(driver: Driver, born: str = "12/04/1961") -> None:
    put(driver, "traits.birth_name", "Leroy")
    put(driver, "traits.given_names", "sophie, anne")
    put(driver, "traits.birth_date", born)
    driver.click("traits.female")


def test_traits_typed_by_hand_are_marked_and_open_nothing(driver: Driver) -> None:
    driver.house.states["LEROY"] = Dossier(INS, DossierState.OPEN, authorisation=AuthorisationState.VALID)
    driver.open_session("pharmacien")
    driver.click("counter.way.traits")
    assert says(driver, "traits.mark") == "Identité non qualifiée : consultation et dépôt impossibles"
    assert not driver.see("traits.go").isEnabled()
    fill_traits(driver)
    driver.click("traits.go")
    driver.until(lambda: driver.house.patient is not None)
    driver.settle()
    traits = driver.house.patient.identity.traits
    assert (traits.birth_name, traits.given_names, traits.birth_date, traits.sex) == (
        *("LEROY", ("SOPHIE", "ANNE")),
        *("19610412", Sex.FEMALE),
    )
    assert driver.house.patient.identity.status is not IdentityStatus.QUALIFIED
    assert driver.house.dossier is None
    assert "non qualifiée" in says(driver, "patient.tag.0")
    assert "non qualifiée" in says(driver, "counter.state.sentence")
    driver.click("rail.consultation")
    assert driver.find("consultation.deposit") is None
    assert "non qualifiée" in says(driver, "consultation.state.sentence")
    driver.click("rail.emergency")
    assert not driver.see("emergency.break_glass").isEnabled()


def test_a_vitale_put_in_after_typed_traits_names_the_patient(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.click("counter.way.traits")
    fill_traits(driver)
    driver.click("traits.go")
    driver.until(lambda: driver.house.patient is not None)
    driver.settle()
    driver.house.simulation.insert(1, "amelie")
    driver.until(lambda: driver.house.patient is not None and driver.house.patient.source is Source.VITALE)
    driver.settle()


@pytest.mark.parametrize("born", ["31/02/1961", "hier", "12/04/2999", "12/04/61"])
def test_an_impossible_birth_date_is_told_and_the_form_stays(driver: Driver, born: str) -> None:
    driver.open_session("pharmacien")
    driver.click("counter.way.traits")
    fill_traits(driver, born)
    driver.click("traits.go")
    assert says(driver, "question.message.sentence") == Failure("BIRTH_DATE_SHAPE").sentence().replace("\u00a0", " ")
    driver.see("traits.birth_name")
    driver.click("question.cancel")
    driver.settle()


@pytest.mark.parametrize("typed", ["12/04/1961", "12-04-1961", "12.4.1961", " 12041961 "])
def test_a_birth_date_is_read_as_people_write_it(typed: str) -> None:
    assert birth_digits(typed) == "19610412"


def test_the_application_is_prompted_with_what_is_not_public(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.click("counter.way.application")
    title = says(driver, "question.title")
    assert title == "Scannez le QR code de l'appli carte Vitale, ou posez le téléphone sur le lecteur"
    assert "ne sont pas publiés" in says(driver, "application.note")
    assert "simulé" in says(driver, "application.note")
    driver.type("application.text", "CPSBRIDGE-SIMULATION-APCV:amelie:1")
    driver.press("application.text", Qt.Key.Key_Return)
    driver.until(lambda: driver.house.patient is not None)
    assert driver.house.answers[-1] == "CPSBRIDGE-SIMULATION-APCV:amelie:1"
    driver.settle()


def test_a_phone_on_the_reader_answers_with_nothing_scanned(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.click("counter.way.application")
    driver.click("application.nfc")
    driver.until(lambda: driver.house.patient is not None)
    assert driver.house.answers[-1] == ""
    driver.settle()


def test_of_two_vitale_none_is_read_until_one_is_taken_out(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.house.cards.readers.append(Slot("Lecteur simulé 3"))
    for place in (1, 2):
        card = driver.house.cards.readers[place]
        epoch = CardEpoch(card.reader, place, f"{place:08x}")
        driver.house.cards.readers[place] = replace(card, kind=CardKind.VITALE, epoch=epoch, card=(AMELIE,))
    driver.house.tell("slots")
    driver.until(lambda: driver.window.frame.strip.vitale.state() == "error")
    driver.settle()
    assert says(driver, "chip.vitale.first") == "Deux cartes Vitale"
    words = Failure("CARD_TWO_VITALE").sentence("fr")
    assert words in driver.see("chip.vitale").accessibleName()
    assert says(driver, "counter.state.sentence") == words
    assert driver.find("counter.state.go") is None
    assert driver.find("notice.sentence") is None
    driver.house.cards.remove(2)
    driver.until(lambda: driver.house.patient is not None)
    driver.settle()


@pytest.mark.parametrize("code", ["CARD_VITALE_1", "TEST_CARD_REFUSED"])
def test_a_vitale_that_cannot_be_used_says_so_where_the_chip_is(driver: Driver, code: str) -> None:
    driver.open_session("pharmacien")
    reader = driver.house.cards.readers[1]
    driver.house.cards.readers[1] = replace(reader, kind=CardKind.VITALE, failure=code, model="Vitale 1")
    driver.house.tell("slots")
    driver.until(lambda: driver.window.frame.strip.vitale.state() == "error")
    words = Failure(code).sentence().replace("\u00a0", " ")
    assert words in driver.see("chip.vitale").accessibleName().replace("\u00a0", " ")
    assert says(driver, "counter.state.sentence") == words
