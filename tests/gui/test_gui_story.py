"""The window, driven as a person would: each desk from the card to the answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gui_driver import Driver
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from scripted_house import AMELIE, INS, SOPHIE, Item, State, pdf

from dossier.access import (
    AccessMode,
    AuthorisationState,
    BreakGlassReason,
    ChannelKind,
    ConsentMode,
    Contact,
    Dossier,
    DossierState,
    EmergencyChoices,
)
from dossier.failure import Failure
from gui import tokens
from gui.style import Appearance
from gui.window import Window


def opened(driver: Driver, **changes: object) -> None:
    driver.house.states[SOPHIE.birth_name] = Dossier(INS, DossierState.OPEN, **changes)


def says(driver: Driver, name: str) -> str:
    label = driver.see(name)
    assert isinstance(label, QLabel)
    return label.text().replace("\u00a0", " ")


def put(driver: Driver, name: str, text: str) -> None:
    field = driver.see(name)
    assert isinstance(field, QLineEdit)
    field.setText(text)


class Paper:
    def __init__(self) -> None:
        self.printed = 0

    def print_pages(self, pages: object) -> None:
        self.printed += 1


def create(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("counter.state.go")
    driver.click("information.tick")
    driver.click("information.go")
    driver.click("consent.oral")
    driver.click("consent.tick")
    driver.click("consent.go")
    driver.click("choices.go")
    driver.type("contact.value", "sophie@exemple.fr")
    driver.click("contact.go")
    driver.click("create.go")
    driver.settle()
    driver.until(lambda: driver.see("secrets.show").isEnabled())


def test_a_pharmacist_creates_a_dossier_and_hands_two_sheets_over(driver: Driver) -> None:
    paper = Paper()
    driver.window.frame.stage.printer = paper
    create(driver)
    assert driver.house.answers[-5:] == [
        True,
        ConsentMode.ORAL,
        EmergencyChoices(True, True),
        (Contact(ChannelKind.EMAIL, "sophie@exemple.fr"),),
        True,
    ]
    driver.click("acknowledgement.print")
    assert says(driver, "acknowledgement.printed") == "L'accusé est imprimé."
    driver.click("secrets.print")
    assert paper.printed == 2
    assert not driver.see("secrets.print").isEnabled()
    assert not driver.see("secrets.show").isEnabled()
    driver.click("counter.next")
    driver.until(lambda: driver.house.patient is None)
    driver.settle()
    assert driver.window.frame.page("counter")._hand_over._pages == {}


def test_without_a_printer_the_secrets_are_kept_and_the_person_is_told(driver: Driver) -> None:
    create(driver)
    driver.click("secrets.print")
    assert "imprimante" in says(driver, "hand_over.message.sentence")
    assert driver.see("secrets.print").isEnabled()


def test_the_consent_waits_for_the_mode_and_for_the_box(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("counter.state.go")
    driver.click("information.tick")
    driver.click("information.go")
    assert not driver.see("consent.go").isEnabled()
    driver.click("consent.written")
    assert not driver.see("consent.go").isEnabled()
    driver.click("consent.tick")
    assert driver.see("consent.go").isEnabled()


def test_the_two_emergency_boxes_are_shown_ticked_and_may_be_unticked(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("counter.state.go")
    for name in ("information.tick", "information.go", "consent.oral", "consent.tick", "consent.go"):
        driver.click(name)
    assert driver.see("choices.break_glass").isChecked()
    assert driver.see("choices.regulation").isChecked()
    driver.click("choices.break_glass")
    driver.click("choices.go")
    driver.see("contact.value")
    assert driver.house.answers[-1] == EmergencyChoices(False, True)


def test_a_wrong_contact_is_told_and_the_question_stays(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("counter.state.go")
    for name in ("information.tick", "information.go", "consent.oral", "consent.tick", "consent.go", "choices.go"):
        driver.click(name)
    put(driver, "contact.mobile", "01 23 45 67 89")
    driver.click("contact.go")
    assert "mobile" in says(driver, "question.message.sentence")
    put(driver, "contact.mobile", "06 12 34 56 78")
    driver.click("contact.go")
    driver.see("create.go")
    assert driver.house.answers[-1] == (Contact(ChannelKind.SMS, "0612345678"),)


def test_giving_up_in_the_middle_creates_nothing(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("counter.state.go")
    driver.see("information.tick")
    driver.click("question.cancel")
    driver.settle()
    assert "rien n'a été envoyé" in says(driver, "counter.message.sentence")
    assert driver.house.dossier.state is DossierState.ABSENT
    driver.click("counter.state.go")
    driver.see("information.tick")


def test_an_open_dossier_is_told_at_once(driver: Driver) -> None:
    opened(driver)
    driver.open_session("pharmacien")
    driver.bring_sophie()
    assert says(driver, "counter.state.sentence") == "Cette personne a déjà un dossier"


def test_with_an_open_dossier_only_the_steps_taken_are_told_and_the_next_person_may_come(driver: Driver) -> None:
    opened(driver)
    driver.open_session("pharmacien")
    driver.bring_sophie()
    told = driver.see("counter.steps").accessibleName()
    assert told == "1 Identification : fait\n2 Identité qualifiée : fait"
    driver.click("counter.next")
    driver.until(lambda: driver.house.patient is None)
    driver.settle()
    assert driver.find("counter.next") is None


def test_a_closed_dossier_is_offered_its_reactivation(driver: Driver) -> None:
    reason = "Je ne veux plus de DMP"
    driver.house.states[SOPHIE.birth_name] = Dossier(INS, DossierState.CLOSED, closing_reason=reason)
    driver.open_session("pharmacien")
    driver.bring_sophie()
    assert reason in says(driver, "counter.state.hint")
    driver.click("counter.state.go")
    driver.click("reactivate.tick")
    driver.click("reactivate.go")
    driver.settle()
    assert driver.house.dossier.state is DossierState.OPEN


@pytest.mark.parametrize("code", ["INSI_NOT_FOUND", "TEST_IDENTITY_REFUSED"])
def test_an_identity_that_is_refused_is_said_with_its_remedy(driver: Driver, code: str) -> None:
    driver.house.refusals["patient"] = Failure(code)
    driver.open_session("pharmacien")
    driver.house.simulation.insert(1, "amelie")
    driver.until(lambda: driver.find("counter.state.go") is not None and driver.window.stage.jobs.is_idle())
    assert says(driver, "counter.state.sentence") == "L'identité n'est pas qualifiée"
    assert says(driver, "notice.sentence") == Failure(code).sentence().replace("\u00a0", " ")
    assert says(driver, "notice.remedy") == Failure(code).remedy().replace("\u00a0", " ")


def test_a_card_that_is_refused_says_why_on_its_chip(driver: Driver) -> None:
    driver.house.cards.readers[0] = replace(driver.house.cards.readers[0], failure="TEST_CARD_REFUSED")
    driver.house.tell("slots")
    driver.until(lambda: driver.window.frame.strip.cps.state() == "error")
    assert says(driver, "session.sentence") == Failure("TEST_CARD_REFUSED").sentence().replace("\u00a0", " ")


def test_a_wrong_pin_is_asked_again_with_the_tries_left(driver: Driver) -> None:
    driver.house.simulation.insert(0, "pharmacien")
    driver.type("pin.box", "9999")
    driver.press("pin.box", Qt.Key.Key_Return)
    driver.until(lambda: driver.house.tries == 2)
    driver.until(lambda: driver.find("pin.tries") and "2" in says(driver, "pin.tries"))
    assert "faux" in says(driver, "question.message.sentence")


def test_a_person_who_gives_the_pin_up_is_not_pestered(driver: Driver) -> None:
    driver.house.simulation.insert(0, "pharmacien")
    driver.press("pin.box", Qt.Key.Key_Escape)
    driver.gone("pin.box")
    driver.settle()
    driver.house.tell("slots")
    driver.settle()
    assert driver.find("pin.box") is None
    driver.click("session.go")
    driver.see("pin.box")


def test_the_card_taken_out_locks_everything_and_forgets_the_patient(driver: Driver) -> None:
    opened(driver, authorisation=AuthorisationState.VALID)
    driver.open_session()
    driver.bring_sophie()
    view = driver.window.frame.page("consultation").documents
    driver.until(view.model.documents)
    view.open_row(0)
    driver.until(view.preview.pages)
    driver.house.simulation.remove(0)
    driver.until(lambda: driver.window.frame.current() == "home")
    assert view.model.documents() == []
    assert view.preview.pages() == 0
    driver.house.tell("session")
    driver.house.tell("slots")
    driver.settle()
    assert "retirée" in says(driver, "notice.sentence")
    visible = " ".join(each.text() for each in driver.window.findChildren(QLabel) if each.isVisible())
    assert "MARCHAND" not in visible


def test_the_card_taken_out_takes_the_question_away(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("counter.state.go")
    driver.see("information.tick")
    driver.house.simulation.remove(0)
    driver.until(lambda: driver.window.frame.current() == "home")
    driver.gone("information.tick")


def test_a_doctor_declares_an_access_only_by_an_explicit_gesture(driver: Driver) -> None:
    opened(driver)
    driver.open_session()
    driver.bring_sophie()
    assert driver.find("consultation.declare") is None
    assert driver.see("consultation.deposit").property("kind") == "quiet"
    driver.click("consultation.state.go")
    assert not driver.see("access.go").isEnabled()
    driver.click("access.attending")
    driver.click("access.go")
    driver.until(lambda: driver.window.frame.page("consultation").documents.model.documents())
    assert driver.house.dossier.is_attending_doctor
    assert driver.see("consultation.deposit").property("kind") == "primary"


def test_a_pharmacist_is_not_offered_to_be_the_attending_doctor(driver: Driver) -> None:
    opened(driver)
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("rail.consultation")
    driver.click("consultation.state.go")
    driver.see("access.authorised")
    assert driver.find("access.attending") is None


def test_a_patient_may_be_named_by_an_ins(driver: Driver) -> None:
    driver.open_session()
    put(driver, "consultation.ins", "255081416802538")
    driver.click("consultation.ins.go")
    driver.until(lambda: driver.house.patient is not None)


def test_a_wrong_ins_is_told(driver: Driver) -> None:
    driver.open_session()
    put(driver, "consultation.ins", "255081416802599")
    driver.click("consultation.ins.go")
    driver.settle()
    assert says(driver, "notice.sentence") == Failure("INS_KEY").sentence().replace("\u00a0", " ")


def test_a_document_is_deposited_from_its_path(driver: Driver, tmp_path: Path) -> None:
    opened(driver)
    driver.open_session()
    driver.bring_sophie()
    file = tmp_path / "Ordonnance_du_12_mars.pdf"
    file.write_bytes(pdf("Ordonnance"))
    seen: list[dict[str, object]] = []
    deposit = driver.house.do_deposit
    driver.house.do_deposit = lambda user, **request: (seen.append(request), deposit(user, **request))[1]
    driver.click("consultation.deposit")
    assert not driver.see("deposit.send").isEnabled()
    put(driver, "deposit.path", str(file))
    driver.click("visibility.masked")
    driver.click("deposit.send")
    assert "MARCHAND" in says(driver, "deposit.patient")
    driver.click("deposit.confirm")
    driver.settle()
    assert seen == [
        {
            "path": file,
            "type_code": "57833-6",
            "title": "Ordonnance du 12 mars",
            "masked": True,
            "hidden_from_patient": False,
        }
    ]
    assert "dans le dossier" in says(driver, "consultation.message.sentence")


def test_a_document_is_opened_masked_and_shown_again(driver: Driver) -> None:
    opened(driver, authorisation=AuthorisationState.VALID, is_attending_doctor=True)
    driver.open_session()
    driver.bring_sophie()
    view = driver.window.frame.page("consultation").documents
    driver.until(view.model.documents)
    view.open_row(0)
    driver.until(view.preview.pages)
    for name, masked in (("Masquer", True), ("Démasquer", False)):
        assert name in driver.see("preview.mask").accessibleName()
        driver.click("preview.mask")
        driver.click("mask.confirm")
        driver.settle()
        assert view.preview.entry.is_masked is masked


def test_a_list_read_again_keeps_the_document_that_is_open(driver: Driver) -> None:
    opened(driver, authorisation=AuthorisationState.VALID)
    driver.open_session()
    driver.bring_sophie()
    view = driver.window.frame.page("consultation").documents
    driver.until(lambda: view.model.documents())
    driver.settle()
    view.open_row(1)
    driver.settle()
    chosen = view.model.row_at(view.list.currentIndex()).entry
    driver.click("consultation.refresh")
    driver.settle()
    assert chosen is not None
    assert view.model.row_at(view.list.currentIndex()).entry == chosen


def test_a_focused_field_is_as_high_as_the_others(driver: Driver) -> None:
    driver.open_session()
    field = driver.see("consultation.ins")
    field.clearFocus()
    before = field.sizeHint()
    field.setFocus()
    driver.until(field.hasFocus)
    assert field.sizeHint().height() == before.height()


def test_an_emergency_needs_a_reason_a_text_and_a_second_confirmation(driver: Driver) -> None:
    opened(driver)
    driver.open_session()
    driver.bring_sophie()
    driver.click("rail.emergency")
    driver.click("emergency.break_glass")
    driver.click("reason.life_threat")
    assert not driver.see("reason.go").isEnabled()
    driver.type("reason.text", "Choc anaphylactique")
    driver.click("reason.go")
    driver.see("break_glass.confirm")
    assert driver.house.access.mode is AccessMode.NORMAL
    driver.click("break_glass.confirm")
    driver.see("emergency.band")
    assert driver.house.access.justification.reason is BreakGlassReason.LIFE_THREAT
    driver.click("rail.journal")
    assert driver.see("emergency.band").width() == driver.window.frame.bar.parentWidget().width() - 176
    driver.click("emergency.end")
    driver.gone("emergency.band")
    assert driver.house.access.mode is AccessMode.NORMAL


def test_an_opposition_is_said_clearly(driver: Driver) -> None:
    driver.house.refusals["break-glass"] = Failure("EMERGENCY_OPPOSED")
    opened(driver)
    driver.open_session()
    driver.bring_sophie()
    driver.click("rail.emergency")
    driver.click("emergency.break_glass")
    assert "opposé" in says(driver, "emergency.message.sentence")
    assert driver.find("emergency.band") is None


def test_a_regulator_opens_the_dossier_of_a_call(driver: Driver) -> None:
    driver.house.states[AMELIE.birth_name] = Dossier(INS, DossierState.OPEN)
    driver.open_session("regulateur")
    driver.house.simulation.insert(1, "amelie")
    driver.until(lambda: driver.house.dossier is not None)
    driver.click("rail.emergency")
    driver.click("emergency.regulation")
    driver.see("emergency.band")
    assert "CENTRE 15" in says(driver, "emergency.band.title")


def test_only_a_place_that_may_be_a_samu_offers_the_regulation(driver: Driver) -> None:
    opened(driver)
    driver.open_session()
    driver.bring_sophie()
    driver.click("rail.emergency")
    driver.see("emergency.break_glass")
    assert driver.find("emergency.regulation") is None


def test_a_report_and_its_study_leave_as_one_lot(driver: Driver, tmp_path: Path) -> None:
    opened(driver)
    report = tmp_path / "cr.pdf"
    report.write_bytes(pdf("CR"))
    driver.open_session("radiologue")
    driver.bring_sophie()
    put(driver, "imaging.report", str(report))
    put(driver, "imaging.folder", str(tmp_path))
    driver.click("imaging.add")
    assert says(driver, "imaging.line.0.state") == "prêt"
    driver.see("thumbnail.2")
    driver.click("imaging.send")
    driver.click("deposit.confirm")
    driver.until(lambda: says(driver, "imaging.line.0.state") == "envoyé")
    assert "est dans le dossier du patient" in says(driver, "imaging.message.sentence")
    assert len(driver.house.outbox.lots) == 1


def test_a_study_of_somebody_else_is_marked_to_be_looked_at(driver: Driver, tmp_path: Path) -> None:
    opened(driver)
    report = tmp_path / "cr.pdf"
    report.write_bytes(pdf("CR"))
    driver.house.refusals["deposit-imaging"] = Failure("STUDY_PATIENT_DIFFERS")
    driver.open_session("radiologue")
    driver.bring_sophie()
    put(driver, "imaging.report", str(report))
    put(driver, "imaging.folder", str(tmp_path))
    driver.click("imaging.add")
    driver.click("imaging.send")
    driver.until(lambda: driver.find("imaging.line.0.state") and says(driver, "imaging.line.0.state") == "à vérifier")


def test_the_outbox_shows_each_group_with_its_reason_and_its_history(driver: Driver) -> None:
    driver.open_session()
    driver.house.outbox.lots = [
        Item(1, State.QUEUED, "Ordonnance", code="HOST_UNREACHABLE"),
        Item(2, State.UNKNOWN, "Consultation", code="OUTCOME_UNKNOWN"),
        Item(3, State.REFUSED, "Scanner", code="XDS_REFUSED"),
        Item(4, State.DONE, "Bilan"),
    ]
    driver.house.tell("outbox")
    driver.click("rail.outbox")
    driver.settle()
    for number, word in ((1, "à envoyer"), (2, "incertain"), (3, "refusé"), (4, "envoyé")):
        assert says(driver, f"outbox.line.{number}.state") == word
    assert "?" not in says(driver, "outbox.line.3.sentence")
    driver.click("outbox.line.2.fold")
    assert "incertain" in says(driver, "outbox.line.2.history")
    driver.click("outbox.line.1.go")
    driver.settle()
    assert says(driver, "outbox.line.1.state") == "envoyé"


def test_desks_follow_the_profession(driver: Driver) -> None:
    driver.open_session("pharmacien")
    assert driver.window.frame.current() == "counter"
    assert driver.find("rail.imaging") is None
    driver.house.simulation.insert(0, "radiologue")
    driver.until(lambda: driver.window.frame.current() == "home")
    driver.type("pin.box", "1234")
    driver.click("pin.go")
    driver.until(lambda: driver.window.frame.current() == "imaging")
    driver.see("rail.imaging")


def test_another_vitale_opens_another_patient(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("patient.change")
    driver.until(lambda: driver.house.patient is None)
    driver.settle()
    driver.house.simulation.insert(1, "amelie")
    driver.until(lambda: driver.house.patient is not None)
    assert driver.house.patient.identity.traits is AMELIE


def test_the_simulation_drawer_puts_cards_in_and_takes_them_out(driver: Driver) -> None:
    driver.click("strip.simulation")
    driver.click("simulation.insert.0")
    driver.see("pin.box")
    driver.press("pin.box", Qt.Key.Key_Escape)
    driver.gone("pin.box")
    driver.click("simulation.remove.0")
    driver.until(lambda: driver.house.simulation.inserted[0] == "")
    driver.click("simulation.close")
    driver.gone("simulation.close")


def test_the_lock_ends_the_session(driver: Driver) -> None:
    driver.open_session()
    driver.click("strip.lock")
    driver.until(lambda: driver.window.frame.current() == "home")
    assert driver.find("notice.sentence") is None
    driver.see("session.go")


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("idle", "Session fermée après 15 minutes sans activité."),
        ("user_changed", "Session fermée : l'ordinateur a été verrouillé ou a changé d'utilisateur."),
    ],
)
def test_a_session_that_the_house_ends_says_why(driver: Driver, why: str, words: str) -> None:
    driver.open_session()
    getattr(driver.house, why)()
    driver.until(lambda: driver.window.frame.current() == "home")
    assert says(driver, "notice.sentence") == words
    driver.settle()
    assert driver.find("pin.box") is None


def test_somebody_at_the_keyboard_is_told_to_the_house_and_not_at_each_key(driver: Driver) -> None:
    driver.open_session()
    driver.window.frame.presence._touched = 0.0
    before = driver.house.touched
    for _ in range(5):
        QTest.keyClick(driver.window.windowHandle(), Qt.Key.Key_Shift)
    assert driver.house.touched == before + 1


def test_the_appearance_changes_at_once(driver: Driver) -> None:
    driver.open_session()
    driver.click("rail.settings")
    try:
        driver.click("settings.look.dark")
        assert Appearance.palette is tokens.DARK
        assert not driver.window.grab().isNull()
    finally:
        driver.click("settings.look.light")
    assert Appearance.palette is tokens.LIGHT


def test_a_pharmacist_is_told_who_reads_what(driver: Driver) -> None:
    opened(driver, authorisation=AuthorisationState.VALID)
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.click("rail.consultation")
    assert "profession" in says(driver, "consultation.rights")
    driver.click("consultation.rights.more")
    assert "Pharmacien" in says(driver, "help.rights.yours")


def test_a_house_that_cannot_be_opened_says_why(app: QApplication) -> None:
    window = Window()
    window.fail_to_start(Failure("VAULT_KEY"))
    window.show()
    said = " ".join(each.text() for each in window.findChildren(QLabel) if each.isVisible())
    assert Failure("VAULT_KEY").sentence() in said
    window.close()


def test_a_vitale_that_stays_names_the_patient_for_the_next_professional(driver: Driver) -> None:
    opened(driver)
    driver.open_session("pharmacien")
    driver.bring_sophie()
    driver.house.simulation.insert(0, "radiologue")
    driver.until(lambda: driver.window.frame.current() == "home")
    driver.type("pin.box", "1234")
    driver.click("pin.go")
    driver.click("beneficiary.0")
    driver.click("beneficiary.go")
    driver.until(lambda: driver.house.dossier is not None)
    assert driver.house.session.professional.family_name == "BENALI"
