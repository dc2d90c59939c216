"""What the window says and offers in the cases that are rare at a desk."""

from __future__ import annotations

import threading

import pytest
from gui_driver import Driver
from PySide6.QtWidgets import QLabel
from scripted_house import INS, SOPHIE, Item, State

from dossier.access import AccessMode, AuthorisationState, Dossier, DossierState
from dossier.failure import Failure
from gui.pieces.card_chip import CardChip
from gui.stage import Stage


def says(driver: Driver, name: str) -> str:
    label = driver.see(name)
    assert isinstance(label, QLabel)
    return label.text().replace("\u00a0", " ")


def consult(driver: Driver) -> None:
    driver.house.states[SOPHIE.birth_name] = Dossier(INS, DossierState.OPEN, authorisation=AuthorisationState.VALID)
    driver.open_session()
    driver.bring_sophie()


def test_a_simulated_card_moves_away_from_the_window_its_buttons_held(driver: Driver) -> None:
    gate, where = threading.Event(), []
    insert = driver.house.simulation.insert

    def slowly(slot: int, name: str) -> None:
        where.append(threading.current_thread())
        gate.wait(15)
        insert(slot, name)

    driver.house.simulation.insert = slowly
    driver.click("strip.simulation")
    driver.click("simulation.insert.1")
    try:
        driver.until(lambda: where)
        assert where[0] is not threading.main_thread()
        assert not any(driver.see(f"simulation.insert.{slot}").isEnabled() for slot in (0, 1))
    finally:
        gate.set()
    driver.until(lambda: driver.see("simulation.remove.1").isEnabled())
    assert driver.see("simulation.insert.0").isEnabled()


def test_a_simulated_card_that_cannot_move_is_told_and_may_be_tried_again(driver: Driver) -> None:
    def refuse(slot: int, name: str) -> None:
        raise Failure("CARD_NOT_INSERTED")

    driver.house.simulation.insert = refuse
    driver.click("strip.simulation")
    driver.click("simulation.insert.1")
    assert says(driver, "simulation.message.sentence") == Failure("CARD_NOT_INSERTED").sentence().replace("\u00a0", " ")
    driver.until(lambda: driver.see("simulation.insert.1").isEnabled())


def test_the_drawer_may_close_while_a_simulated_card_moves(driver: Driver) -> None:
    gate, insert = threading.Event(), driver.house.simulation.insert
    driver.house.simulation.insert = lambda slot, name: (gate.wait(15), insert(slot, name))
    driver.click("strip.simulation")
    driver.click("simulation.insert.1")
    driver.click("simulation.close")
    driver.gone("simulation.close")
    gate.set()
    driver.until(lambda: driver.house.simulation.inserted[1])
    driver.settle()


def test_after_an_opposition_the_way_back_replaces_the_red_button(driver: Driver) -> None:
    driver.house.refusals["break-glass"] = Failure("EMERGENCY_OPPOSED")
    consult(driver)
    driver.click("rail.emergency")
    assert driver.find("emergency.back") is None
    driver.click("emergency.break_glass")
    driver.gone("emergency.break_glass")
    driver.click("emergency.back")
    assert driver.window.frame.current() == "consultation"


def test_another_refusal_leaves_the_red_button(driver: Driver) -> None:
    driver.house.refusals["break-glass"] = Failure("HOST_UNREACHABLE")
    consult(driver)
    driver.click("rail.emergency")
    driver.click("emergency.break_glass")
    driver.see("emergency.message.sentence")
    driver.settle()
    driver.see("emergency.break_glass")
    assert driver.find("emergency.back") is None


def test_masking_is_not_offered_in_an_emergency_access(driver: Driver) -> None:
    consult(driver)
    driver.click("rail.emergency")
    driver.click("emergency.break_glass")
    driver.click("reason.life_threat")
    driver.type("reason.text", "Choc anaphylactique")
    driver.click("reason.go")
    driver.click("break_glass.confirm")
    driver.until(lambda: driver.house.access.mode is AccessMode.BREAK_GLASS)
    driver.see("preview.print")
    assert driver.find("preview.mask") is None
    assert "Choc anaphylactique" in says(driver, "emergency.band.reason")
    assert "signalé au patient" in says(driver, "emergency.band.traced")


@pytest.mark.parametrize(
    ("state", "code", "answers"),
    [
        (State.UNKNOWN, "OUTCOME_UNKNOWN", False),
        (State.QUEUED, "HOST_UNREACHABLE", False),
        (State.QUEUED, "CARD_REMOVED", None),
        (State.DONE, "FOUND_AT_HOST", True),
    ],
)
def test_a_lot_tells_whether_the_host_answers(driver: Driver, state: State, code: str, answers: bool | None) -> None:
    stage: Stage = driver.window.stage
    driver.house.do_send = lambda user: (Item(1, state, "Courrier", code=code),)
    before = stage.host_ok
    stage.start("send")
    driver.settle()
    assert stage.host_ok is (before if answers is None else answers)


def test_a_lot_found_at_the_host_is_said_verified_not_sent(driver: Driver) -> None:
    driver.open_session()
    driver.house.outbox.lots = [Item(1, State.DONE, "Courrier", code="FOUND_AT_HOST")]
    driver.house.do_send = lambda user: tuple(driver.house.outbox.lots)
    driver.click("rail.outbox")
    driver.settle()
    driver.click("outbox.send")
    driver.settle()
    assert "l'hôte l'avait déjà reçu" in says(driver, "outbox.message.sentence")
    driver.click("outbox.line.1.fold")
    assert says(driver, "outbox.line.1.history").splitlines()[-1].endswith("le document était déjà chez l'hôte")


def test_the_removed_card_is_named_and_nothing_is_said_to_be_under_way(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.house.simulation.remove(0)
    assert "carte CPS" in says(driver, "notice.sentence")
    assert "rien n'a été envoyé" in says(driver, "notice.remedy")


def test_the_chips_keep_their_width_whatever_the_host_does(driver: Driver) -> None:
    strip = driver.window.frame.strip
    widths = set()
    for answers, waiting in ((None, 0), (True, 1), (False, 12)):
        strip.show_host(answers)
        strip.show_waiting(waiting)
        strip.layout().activate()
        widths.add(tuple(driver.see(name).width() for name in ("chip.cps", "chip.vitale", "strip.host")))
    assert len(widths) == 1


def test_a_refused_card_has_every_word_in_its_tooltip(driver: Driver) -> None:
    chip = CardChip("card", "CPS", "chip")
    chip.error("Cette carte est une carte de test.", "Utilisez la vôtre.")
    assert "carte de test" in chip.toolTip()
    assert "Utilisez la vôtre" in chip.toolTip()
    assert "Utilisez la vôtre" in chip.accessibleName()
