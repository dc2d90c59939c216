"""The panels over the page are whole at the two reference sizes, with and without what they may have to say."""

from __future__ import annotations

import pytest
from gui_driver import Driver
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QLabel
from scripted_house import AMELIE, DOCTOR, INS, PLACES
from test_gui_layout import cut

from cps_bridge.workflows import user as q
from cps_bridge.workflows.acts import Act
from dossier.access import BreakGlass, BreakGlassReason, ChannelKind, Contact, EmergencyChoices
from dossier.failure import Failure
from dossier.patient import Beneficiary, Nir
from gui.questions.catalogue import PANELS, panel_for
from gui.questions.pin import ReaderPanel

LONG = "Marie-Amélie DE LA ROCHEFOUCAULD-MONTBEL"
CONTACTS = (Contact(ChannelKind.EMAIL, "amelie.castelbajac@exemple.fr"), Contact(ChannelKind.SMS, "0612345678"))
REASON = BreakGlass(BreakGlassReason.LIFE_THREAT, LONG)
FIELDS = (
    *("Civilité", "Nom d'usage", "Adresse", "Code postal", "Ville", "Pays", "Téléphone fixe"),
    *("Adresse électronique", "Mobile", "Bris de glace", "Accès du centre 15"),
)
CHANGES = tuple(q.Change(name, LONG, "" if name == "Ville" else LONG) for name in FIELDS)
TYPED = (Act.DELETE, Act.CLOSE)
QUESTIONS = (
    q.AskPin(LONG, 2, 4, 8),
    q.AskPin(LONG, None),
    q.ConfirmLastTry(LONG, "DERNIER ESSAI"),
    q.ConfirmLastTry(LONG, "DERNIER ESSAI", "puk"),
    q.AskUnblockingCode(LONG, 1),
    q.AskNewPin(LONG, 4, 8),
    q.ChooseActivity(PLACES[DOCTOR.id_nat]),
    q.ChooseBeneficiary(tuple(Beneficiary(LONG, "LEO", "20190203", Nir(INS.matricule), n) for n in (1, 2))),
    q.AskDatamatrix(),
    q.AskTraits(),
    q.AskVitaleApplication(by_qr=True, by_nfc=True),
    q.AskVitaleApplication(by_qr=False, by_nfc=True),
    q.ConfirmInformation(AMELIE),
    q.AskConsent(AMELIE, LONG),
    q.AskEmergencyChoices(EmergencyChoices()),
    q.AskContact(),
    q.ConfirmCreation(AMELIE, CONTACTS),
    q.ConfirmReactivation(AMELIE, LONG),
    q.AskAccess(AMELIE, True),
    q.AskBreakGlass(AMELIE),
    q.ConfirmBreakGlass(AMELIE, REASON),
    q.ConfirmDeposit(AMELIE, (LONG,) * 11),
    q.ConfirmMask(LONG, True),
    *(q.ConfirmAct(each, AMELIE, LONG) for each in Act if each not in TYPED),
    *(q.ConfirmTyped(each, AMELIE, "FERMER", LONG) for each in TYPED),
    q.ConfirmChanges(AMELIE, CHANGES[:5]),
    q.ConfirmChanges(AMELIE, CHANGES),
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


def test_every_question_has_its_panel_and_is_shown_here() -> None:
    asked = {each for each in vars(q).values() if isinstance(each, type) and issubclass(each, q.Question)}
    assert asked - {q.Question} == set(PANELS) == {type(each) for each in QUESTIONS}


def show(driver: Driver, question: q.Question[object]) -> list[object]:
    given: list[object] = []
    panel = panel_for(question)
    panel.answered.connect(given.append)
    panel.given_up.connect(lambda: given.append("given up"))
    driver.window.frame.asking.overlay.show_content(panel)
    return given


def test_a_deletion_waits_for_its_word(driver: Driver) -> None:
    given = show(driver, q.ConfirmTyped(Act.DELETE, AMELIE, "SUPPRIMER", "Ordonnance"))
    driver.type("typed.word", "SUPPRIM")
    driver.press("typed.word", Qt.Key.Key_Return)
    assert given == []
    assert not driver.see("typed.confirm").isEnabled()
    driver.type("typed.word", "er")
    driver.click("typed.confirm")
    assert given == ["SUPPRIMer"]


def test_every_difference_can_be_read_before_it_is_sent(driver: Driver) -> None:
    given = show(driver, q.ConfirmChanges(AMELIE, CHANGES))
    panel = driver.window.frame.asking.overlay
    assert [each.text() for each in panel.findChildren(QLabel, "changes.field")] == list(FIELDS)
    assert f"{LONG} → (rien)" in [each.text() for each in panel.findChildren(QLabel, "changes.values")]
    driver.click("changes.confirm")
    assert given == [True]


def test_titles_that_find_no_room_are_counted(driver: Driver) -> None:
    show(driver, q.ConfirmDeposit(AMELIE, ("Ordonnance",) * 11))
    told = [each.text().replace("\u00a0", " ") for each in driver.window.frame.asking.overlay.findChildren(QLabel)]
    assert "et 3 autres documents" in told
