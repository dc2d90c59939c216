"""The panels over the page are whole at the two reference sizes, with and without what they may have to say."""

from __future__ import annotations

import pytest
from gui_driver import Driver
from PySide6.QtCore import QCoreApplication
from scripted_house import AMELIE
from test_gui_layout import cut

from cps_bridge.workflows import user as q
from cps_bridge.workflows.acts import Act
from dossier.failure import Failure
from gui.questions.catalogue import PANELS, panel_for
from gui.questions.pin import ReaderPanel

LONG = "Marie-Amélie DE LA ROCHEFOUCAULD-MONTBEL"
QUESTIONS = (
    q.AskPin(LONG, 2, 4, 8),
    q.AskPin(LONG, None),
    q.ConfirmLastTry(LONG, "DERNIER ESSAI"),
    q.ConfirmLastTry(LONG, "DERNIER ESSAI", "puk"),
    q.AskUnblockingCode(LONG, 1),
    q.AskNewPin(LONG, 4, 8),
    q.AskDatamatrix(),
    q.AskTraits(),
    q.AskVitaleApplication(by_qr=True, by_nfc=True),
    q.AskVitaleApplication(by_qr=False, by_nfc=True),
    q.ConfirmAct(Act.SHOW_TO_REPRESENTATIVES, AMELIE, LONG),
    q.ConfirmTyped(Act.CLOSE, AMELIE, "FERMER", LONG),
    q.ConfirmChanges(AMELIE, tuple(q.Change(f"Champ {n}", LONG, LONG) for n in range(5))),
)


@pytest.mark.parametrize("failed", [False, True], ids=["plain", "with a message"])
@pytest.mark.parametrize("size", [(1280, 720), (1024, 720)], ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: type(each).__name__)
def test_a_panel_is_whole(driver: Driver, question: q.Question[object], size: tuple[int, int], failed: bool) -> None:
    driver.window.resize(*size)
    panel = panel_for(question)
    overlay = driver.window.frame.asking.overlay
    overlay.show_content(panel)
    if failed:
        panel.message.say_failure(Failure("BIRTH_PLACE_SHAPE"))
    for _ in range(3):
        QCoreApplication.processEvents()
    assert driver.window.size().toTuple() == size
    assert cut(overlay) == []
    assert overlay.rect().contains(panel.geometry())


def test_the_panel_of_the_reader_is_whole(driver: Driver) -> None:
    driver.window.resize(1024, 720)
    overlay = driver.window.frame.asking.overlay
    overlay.show_content(ReaderPanel(q.PinOnReader(LONG, 1)))
    QCoreApplication.processEvents()
    assert cut(overlay) == []


def test_every_question_has_its_panel() -> None:
    asked = {each for each in vars(q).values() if isinstance(each, type) and issubclass(each, q.Question)}
    assert asked - {q.Question} == set(PANELS)
