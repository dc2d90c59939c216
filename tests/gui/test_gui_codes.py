"""Codes of the card at the window: any length, the last try, a new code, the unblocking code, the reader's own keys."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from gui_driver import Driver
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from cps_bridge.workflows.user import AskNewPin, AskPin, AskUnblockingCode, ConfirmLastTry
from dossier.failure import Failure
from gui.card_panel import expiry
from gui.pieces.pin_boxes import PinBoxes
from gui.questions.catalogue import panel_for
from gui.questions.pin import LastTryPanel, NewPinPanel, PinPanel, tries_sentence
from gui.user import Pending
from soap_clients.security.chain import ChainState


def says(driver: Driver, name: str) -> str:
    label = driver.see(name)
    assert isinstance(label, QLabel)
    return label.text().replace("\u00a0", " ")


def test_a_code_of_four_to_eight_digits_is_ended_by_the_person(app: QApplication) -> None:
    panel = PinPanel(AskPin("Paul MERCIER", 3, 4, 8))
    given: list[bytearray] = []
    panel.answered.connect(given.append)
    boxes = panel.findChild(PinBoxes, "pin.box")
    QTest.keyClicks(boxes, "735")
    QTest.keyClick(boxes, Qt.Key.Key_Return)
    assert not panel.go.isEnabled()
    QTest.keyClicks(boxes, "192649")
    assert boxes.count() == 8
    QTest.keyClick(boxes, Qt.Key.Key_Return)
    assert given == [bytearray(b"73519264")]


def test_a_code_that_is_taken_leaves_nothing_in_the_boxes(app: QApplication) -> None:
    boxes = PinBoxes(minimum=4, maximum=8)
    QTest.keyClicks(boxes, "73519264")
    kept = boxes._digits
    assert boxes.take() == b"73519264"
    assert not any(kept)


def test_the_buffer_of_a_code_never_grows(app: QApplication) -> None:
    boxes = PinBoxes(minimum=4, maximum=8)
    place = boxes._digits
    for number in range(10):
        QTest.keyClicks(boxes, str(number))
        assert boxes._digits is place
        assert len(place) == 8


@pytest.mark.parametrize(
    "modifier", [Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.MetaModifier]
)
def test_a_command_is_no_digit(app: QApplication, modifier: Qt.KeyboardModifier) -> None:
    boxes = PinBoxes()
    QTest.keyClick(boxes, Qt.Key.Key_1, modifier)
    assert boxes.count() == 0


def test_a_key_held_down_is_one_digit(app: QApplication) -> None:
    boxes = PinBoxes()
    for repeated in (False, True, True):
        event = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_7, Qt.KeyboardModifier.NoModifier, "7", autorep=repeated)
        QCoreApplication.sendEvent(boxes, event)
    assert boxes.count() == 1


def test_nothing_of_a_code_reaches_the_clipboard_or_the_words_of_the_boxes(app: QApplication) -> None:
    boxes = PinBoxes(minimum=4, maximum=8)
    QTest.keyClicks(boxes, "73519")
    for keys in (Qt.Key.Key_A, Qt.Key.Key_C, Qt.Key.Key_X, Qt.Key.Key_Z):
        QTest.keyClick(boxes, keys, Qt.KeyboardModifier.ControlModifier)
    assert "735" not in QGuiApplication.clipboard().text()
    assert boxes.accessibleName().endswith("5 saisis sur 4 à 8 chiffres")
    assert "735" not in boxes.accessibleName() + boxes.accessibleDescription() + boxes.toolTip()
    assert boxes.inputMethodQuery(Qt.InputMethodQuery.ImSurroundingText) in (None, "")
    assert not boxes.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)


@pytest.mark.parametrize(
    "question", [AskPin("A B", 3), AskNewPin("A B"), AskUnblockingCode("A B", 3)], ids=lambda each: type(each).__name__
)
def test_no_question_of_a_code_has_a_text_field(app: QApplication, question: object) -> None:
    assert panel_for(question).findChildren(QLineEdit) == []


@pytest.mark.parametrize(("tries", "words"), [(None, "ne dit pas"), (1, "Dernier"), (2, "reste 2"), (3, "reste 3")])
def test_the_tries_left_are_a_sentence(tries: int | None, words: str) -> None:
    assert words in tries_sentence(tries).replace("\u00a0", " ")


@pytest.mark.parametrize("code", ["pin", "puk"])
def test_the_last_try_opens_for_the_whole_word_only(app: QApplication, code: str) -> None:
    panel = LastTryPanel(ConfirmLastTry("Paul MERCIER", "DERNIER ESSAI", code))
    field = panel.findChild(QLineEdit, "last_try.word")
    for typed, opens in (("", False), ("DERNIER", False), ("oui", False), (" dernier  essai ", True)):
        field.setText(typed)
        assert panel.go.isEnabled() is opens, typed
    told = " ".join(each.text() for each in panel.findChildren(QLabel))
    assert "autre carte" in told or "autre" in told


def test_two_new_codes_that_differ_are_told_and_both_wiped(app: QApplication) -> None:
    panel = NewPinPanel(AskNewPin("Paul MERCIER"))
    given: list[bytearray] = []
    panel.answered.connect(given.append)
    first, second = panel.findChild(PinBoxes, "new_pin.box"), panel.findChild(PinBoxes, "new_pin.again")
    for one, other in (("2580", "2581"), ("2580", "2580")):
        QTest.keyClicks(first, one)
        QTest.keyClick(first, Qt.Key.Key_Return)
        QTest.keyClicks(second, other)
        QTest.keyClick(second, Qt.Key.Key_Return)
        assert not any(first._digits)
        assert not any(second._digits)
        if one != other:
            assert given == []
            assert panel.message.sentence() == Failure("NEW_PINS_DIFFER").sentence()
    assert given == [bytearray(b"2580")]


def test_a_code_that_comes_too_late_is_wiped(driver: Driver) -> None:
    pending = Pending(AskPin("Paul MERCIER", 3))
    pending.cancel()
    late = bytearray(b"1234")
    job = driver.window.stage.start("outbox")
    driver.window.frame.asking._answered(job, pending, late)
    assert late == bytes(4)
    driver.settle()


def test_the_last_try_is_confirmed_before_the_code_is_asked(driver: Driver) -> None:
    driver.house.tries = 1
    driver.house.simulation.insert(0, "pharmacien")
    driver.see("last_try.word")
    assert driver.find("pin.box") is None
    driver.type("last_try.word", "dernier essai")
    driver.click("last_try.go")
    driver.type("pin.box", "1234")
    driver.click("pin.go")
    driver.until(lambda: driver.house.session is not None)


def test_giving_up_at_the_last_try_presents_nothing(driver: Driver) -> None:
    driver.house.tries = 1
    driver.house.simulation.insert(0, "pharmacien")
    driver.click("question.cancel")
    driver.settle()
    assert driver.house.tries == 1
    assert driver.find("pin.box") is None


def test_two_wrong_codes_lead_to_the_confirmation_with_what_happened(driver: Driver) -> None:
    driver.house.simulation.insert(0, "pharmacien")
    for left in (2, 1):
        driver.type("pin.box", "9999")
        driver.press("pin.box", Qt.Key.Key_Return)
        driver.until(lambda left=left: driver.house.tries == left)
        driver.until(lambda: driver.find("question.message.sentence"))
    driver.see("last_try.word")
    assert "faux" in says(driver, "question.message.sentence")


def test_a_blocked_card_is_said_and_may_be_unblocked(driver: Driver) -> None:
    driver.house.tries = 0
    driver.house.simulation.insert(0, "pharmacien")
    driver.until(lambda: driver.find("session.go") and "bloquée" in says(driver, "session.sentence"))
    assert driver.window.frame.strip.cps.state() == "error"
    driver.click("session.go")
    driver.type("puk.box", "87654321")
    driver.click("puk.go")
    driver.type("new_pin.box", "2580")
    driver.type("new_pin.again", "2580")
    driver.click("new_pin.go")
    driver.until(lambda: driver.find("notice.sentence") and "débloquée" in says(driver, "notice.sentence"))
    driver.until(lambda: driver.window.frame.strip.cps.state() == "locked")
    driver.click("session.go")
    driver.type("pin.box", "2580")
    driver.click("pin.go")
    driver.until(lambda: driver.house.session is not None)


def test_a_wrong_unblocking_code_is_told_and_not_asked_again_by_itself(driver: Driver) -> None:
    driver.house.tries = 0
    driver.house.simulation.insert(0, "pharmacien")
    driver.click("session.go")
    driver.type("puk.box", "11111111")
    driver.click("puk.go")
    driver.settle()
    assert says(driver, "notice.sentence") == Failure("PUK_WRONG", tries_left=2).sentence().replace("\u00a0", " ")
    assert driver.find("puk.box") is None


def test_the_code_is_changed_from_the_drawer_of_the_card(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.press("chip.cps", Qt.Key.Key_Return)
    driver.click("card.change_pin")
    driver.type("pin.box", "1234")
    driver.click("pin.go")
    driver.type("new_pin.box", "2580")
    driver.type("new_pin.again", "2580")
    driver.click("new_pin.go")
    driver.until(lambda: driver.find("notice.sentence") and "changé" in says(driver, "notice.sentence"))
    assert driver.house.pin == b"2580"


def test_the_code_typed_on_the_reader_is_said_until_it_is_taken(driver: Driver) -> None:
    driver.house.has_pin_pad = True
    driver.house.simulation.insert(0, "pharmacien")
    assert says(driver, "pin_pad.title") == "Saisissez votre code sur le lecteur"
    assert "3 essais" in says(driver, "pin_pad.tries")
    assert driver.find("pin.box") is None
    QTest.keyClicks(driver.see("pin_pad"), "1234")
    driver.press("pin_pad", Qt.Key.Key_Escape)
    driver.see("pin_pad.title")
    driver.house.on_reader.set()
    driver.until(lambda: driver.house.session is not None)
    driver.gone("pin_pad.title")


def test_a_code_given_up_on_the_reader_takes_the_panel_away(driver: Driver) -> None:
    driver.house.has_pin_pad = True
    refuse = threading.Event()

    def give_up(user: object, who: object) -> None:
        from cps_bridge.workflows.user import PinOnReader

        user.tell(PinOnReader("Paul MERCIER", 3))
        refuse.wait(15)
        raise Failure("PIN_WRONG", tries_left=2)

    driver.house._present = give_up
    driver.house.simulation.insert(0, "pharmacien")
    driver.see("pin_pad.title")
    refuse.set()
    driver.gone("pin_pad.title")
    driver.settle()
    assert says(driver, "notice.sentence") == Failure("PIN_WRONG", tries_left=2).sentence().replace("\u00a0", " ")
    assert driver.window.stage.jobs.running("session") is None, "the code is not asked on the reader again by itself"


def test_the_drawer_says_what_the_card_says(driver: Driver) -> None:
    driver.house.test_cards = True
    driver.open_session()
    QTest.mouseClick(driver.see("chip.cps"), Qt.MouseButton.LeftButton)
    assert says(driver, "card.model") == "CPS3"
    assert says(driver, "card.test") == "carte de test"
    assert says(driver, "card.kind") == "CPS"
    assert says(driver, "card.structure") == "Cabinet des Lilas"
    assert "3 essais" in says(driver, "card.tries")
    assert "Valable jusqu'au" in says(driver, "card.certificate.authentication")


@pytest.mark.parametrize("state", list(ChainState))
def test_the_drawer_says_how_the_chain_of_each_certificate_ends(driver: Driver, state: ChainState) -> None:
    driver.house.chain = state
    driver.open_session("pharmacien")
    driver.press("chip.cps", Qt.Key.Key_Return)
    assert "autorité" in says(driver, "card.chain.signature")


def test_a_blocked_card_is_unblocked_before_its_code_is_changed(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.house.tries = 0
    driver.press("chip.cps", Qt.Key.Key_Return)
    assert "bloquée" in says(driver, "card.tries")
    assert driver.find("card.change_pin") is None
    assert driver.see("card.unblock").isEnabled()


def test_the_practice_situation_is_changed_from_the_drawer_and_remembered(driver: Driver) -> None:
    driver.open_session()
    driver.press("chip.cps", Qt.Key.Key_Space)
    driver.click("card.activity")
    driver.click("activity.1")
    driver.click("activity.go")
    driver.until(lambda: driver.house.session.activity.structure.name.startswith("Centre"))
    driver.settle()
    driver.click("strip.lock")
    driver.until(lambda: driver.window.frame.current() == "home")
    driver.click("session.go")
    driver.type("pin.box", "1234")
    driver.click("pin.go")
    driver.until(lambda: driver.house.session is not None)
    assert driver.house.session.activity.structure.name.startswith("Centre")


def test_a_card_with_one_situation_offers_no_other(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.press("chip.cps", Qt.Key.Key_Return)
    driver.see("card.tries")
    assert driver.find("card.activity") is None


def test_the_card_is_locked_from_its_drawer(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.press("chip.cps", Qt.Key.Key_Return)
    driver.click("card.lock")
    driver.until(lambda: driver.window.frame.current() == "home")
    driver.gone("card.lock")


@pytest.mark.parametrize(
    ("days", "words", "tone"),
    [(-1, "expiré", "danger"), (0, "aujourd'hui", "warning"), (59, "59", "warning"), (61, "valable", "success")],
)
def test_the_end_of_a_certificate_is_said_in_time(days: int, words: str, tone: str) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    said, shown = expiry(now + timedelta(days=days, hours=1), now)
    assert words in said
    assert shown == tone


@pytest.mark.parametrize(("days", "tone"), [(20, "warning"), (-3, "danger")])
def test_a_session_begins_with_the_end_of_its_card(driver: Driver, days: int, tone: str) -> None:
    driver.house.expires = datetime.now(UTC) + timedelta(days=days)
    driver.open_session("pharmacien")
    assert "expir" in says(driver, "notice.sentence")
    assert driver.see("notice").property("tone") == tone


@pytest.mark.parametrize(("code", "fact"), [("CARD_EXPIRED", "ended"), ("CARD_NOT_YET_VALID", "begins")])
def test_a_card_outside_its_time_is_not_asked_its_code(driver: Driver, code: str, fact: str) -> None:
    refused = Failure(code, **{fact: "01/02/2026"})
    driver.house.refusals["session"] = refused
    driver.house.simulation.insert(0, "pharmacien")
    driver.until(lambda: driver.find("session.sentence") and "01/02/2026" in says(driver, "session.sentence"))
    assert driver.find("session.go") is None
    assert driver.find("notice.sentence") is None
    assert driver.window.frame.strip.cps.state() == "error"
    driver.house.simulation.remove(0)
    driver.until(lambda: "Insérez" in says(driver, "session.sentence"))
    del driver.house.refusals["session"]
    driver.house.simulation.insert(0, "radiologue")
    driver.see("pin.box")
    driver.press("pin.box", Qt.Key.Key_Escape)
    driver.settle()


def test_what_was_said_of_a_card_goes_with_it(driver: Driver) -> None:
    driver.house.refusals["session"] = Failure("CARD_BUSY")
    driver.house.simulation.insert(0, "pharmacien")
    driver.see("notice.sentence")
    driver.settle()
    del driver.house.refusals["session"]
    driver.house.simulation.insert(0, "radiologue")
    driver.see("pin.box")
    assert driver.find("notice.sentence") is None
    driver.press("pin.box", Qt.Key.Key_Escape)
    driver.settle()
