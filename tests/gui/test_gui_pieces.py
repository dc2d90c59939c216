"""Each piece does what it says."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from scripted_house import ENTRIES, INS, SOPHIE, entry, pdf

from cps_bridge.workflows.user import AskPin
from dossier.access import AuthorisationState, Dossier, DossierState
from dossier.context import PatientContext, Source
from dossier.failure import Failure
from dossier.patient import IdentityStatus, PatientIdentity
from gui import gallery
from gui.pieces.documents import DocumentModel
from gui.pieces.message import Message
from gui.pieces.patient_bar import PatientBar, tags_of
from gui.pieces.pin_boxes import PinBoxes
from gui.pieces.sheets import SheetPreview
from gui.pieces.text import ElidedText, Text, tip
from gui.questions.pin import PinPanel
from gui.rendering import render


def test_the_gallery_shows_every_piece(app: QApplication) -> None:
    page = gallery.build()
    assert not page.grab().isNull()
    assert all(each.textFormat() is Qt.TextFormat.PlainText for each in page.findChildren(QLabel))


def test_a_label_never_reads_markup(app: QApplication) -> None:
    label = Text("<b>gras</b><img src='file:///etc/passwd'>")
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert label.text().startswith("<b>")


def test_a_tooltip_never_reads_markup(app: QApplication) -> None:
    label = Text("x")
    tip(label, "<img src=x>")
    assert "<img" not in label.toolTip()


def test_a_long_name_is_elided_and_whole_in_its_tooltip(app: QApplication) -> None:
    label = ElidedText("CASTELBAJAC-DE-SAINT-AUBIN-LES-FORGES Amélie")
    label.resize(120, 20)
    label._fit()
    assert label.text().endswith("…")
    assert label.toolTip() == label.whole()


def test_the_pin_is_kept_in_bytes_that_are_given_away(app: QApplication) -> None:
    boxes = PinBoxes()
    QTest.keyClicks(boxes, "12a34 5")
    assert boxes.count() == 4
    assert boxes.take() == bytearray(b"1234")
    assert boxes.count() == 0


def test_wiping_the_pin_overwrites_it(app: QApplication) -> None:
    boxes = PinBoxes()
    QTest.keyClicks(boxes, "12")
    kept = boxes._digits
    assert bytes(kept[:2]) == b"12"
    boxes.wipe()
    assert not any(kept)
    assert boxes.accessibleName().startswith("Code\u00a0: 0 saisis")


def test_backspace_takes_one_digit_back(app: QApplication) -> None:
    boxes = PinBoxes()
    QTest.keyClicks(boxes, "129")
    QTest.keyClick(boxes, Qt.Key.Key_Backspace)
    assert boxes.take() == bytearray(b"12")


@pytest.mark.parametrize(("tries", "words"), [(3, "Il reste 3"), (2, "Il reste 2"), (1, "Dernier essai")])
def test_the_pin_panel_says_how_many_tries_are_left(app: QApplication, tries: int, words: str) -> None:
    panel = PinPanel(AskPin("Paul MERCIER", tries))
    assert any(each.text().startswith(words) for each in panel.findChildren(QLabel))


def test_a_message_says_the_sentence_and_the_remedy_and_folds_the_code(app: QApplication) -> None:
    message = Message("m")
    failure = Failure("HOST_UNREACHABLE", host="x" * 5000)
    message.say_failure(failure)
    labels = {each.objectName(): each for each in message.findChildren(QLabel)}
    assert labels["m.sentence"].text()
    assert labels["m.remedy"].text()
    assert labels["m.details"].isHidden()
    assert "HOST_UNREACHABLE" in labels["m.details"].text()
    assert len(labels["m.details"].text()) < 400


def test_clearing_a_message_leaves_no_text_behind(app: QApplication) -> None:
    message = Message("m")
    message.say("MARCHAND Sophie", "remède")
    message.clear()
    assert all(not each.text() for each in message.findChildren(QLabel) if each.objectName() != "")


def context(status: IdentityStatus = IdentityStatus.QUALIFIED) -> PatientContext:
    return PatientContext(PatientIdentity(SOPHIE, status, INS), Source.VITALE)


def test_the_patient_bar_masks_the_ins_and_says_how_the_patient_is_known(app: QApplication) -> None:
    bar = PatientBar()
    bar.show_patient(context(), None)
    said = " ".join(each.text() for each in bar.findChildren(QLabel))
    assert "...538" in said
    assert INS.matricule not in said
    assert re.search(r"par.: Vitale", said)


def test_the_states_of_a_dossier_are_words() -> None:
    valid = Dossier(INS, DossierState.OPEN, AuthorisationState.VALID, is_attending_doctor=True)
    assert [words for words, _ in tags_of(context(), valid)] == ["Dossier ouvert", "Accès autorisé", "Médecin traitant"]
    assert [words for words, _ in tags_of(context(IdentityStatus.VALIDATED), None)] == ["Identité non qualifiée"]


def test_documents_are_grouped_by_year_newest_first(app: QApplication) -> None:
    model = DocumentModel()
    model.show_entries(ENTRIES)
    titles = [model.row_at(model.index(number)).title for number in range(model.rowCount())]
    assert [each for each in titles if each.isdigit()] == ["2026", "2025", "2024"]
    assert len(model.documents()) == 6


def test_a_search_keeps_documents_that_hold_every_word(app: QApplication) -> None:
    model = DocumentModel()
    model.show_entries(ENTRIES)
    model.keep("BERNARD thorax", "")
    assert [each.title for each in model.documents()] == [ENTRIES[2].title]
    model.keep("", "42")
    assert [each.title for each in model.documents()] == ["Ordonnance"]


def test_a_masked_document_says_so_in_words(app: QApplication) -> None:
    model = DocumentModel()
    model.show_entries(ENTRIES)
    masked = next(each for each in model.documents() if each.title == "Ordonnance")
    assert masked.states == (("masqué aux professionnels", "warning"),)


def test_five_thousand_documents_are_shown_as_six_are(app: QApplication) -> None:
    model = DocumentModel()
    model.show_entries(
        entry(number, f"Document {number}", "11488-4", "10", 2020 + number % 6) for number in range(5000)
    )
    model.keep("document 4999", "")
    assert [each.title for each in model.documents()] == ["Document 4999"]


def test_a_secret_sheet_is_blurred_until_it_is_asked_for(app: QApplication) -> None:
    image = render(pdf("Identifiants"), "application/pdf").pages[0]
    sheet = SheetPreview("s", "Identifiants", secret=True)
    sheet.show_sheet(image)
    assert not sheet.is_revealed()
    blurred = sheet.grab().toImage()
    sheet.reveal(True)
    assert sheet.is_revealed()
    assert sheet.grab().toImage() != blurred
    sheet.destroy_sheet("Imprimé une fois.")
    assert not sheet.is_revealed()


def test_a_click_beside_the_words_of_a_choice_chooses_it(app: QApplication) -> None:
    from gui.pieces.choice import RadioCards

    cards = RadioCards((("a", "Oui", "Une phrase."), ("b", "Non", "")))
    cards.resize(400, 200)
    assert cards.index() == -1
    QTest.mouseClick(cards.cards[1], Qt.MouseButton.LeftButton, pos=QPoint(300, 30))
    assert cards.index() == 1


@pytest.mark.parametrize("body", [b"", b"%PDF-1.4 nothing", b"\x00" * 100])
def test_a_document_that_cannot_be_drawn_is_a_failure(body: bytes) -> None:
    with pytest.raises(Failure, match="PREVIEW_UNREADABLE"):
        render(body, "application/pdf")


def test_a_text_is_shown_as_it_is() -> None:
    assert render("<b>é</b>".encode(), "text/plain").text == "<b>é</b>"
