"""What is done to a document that is in the dossier, what is closed and why, and what is new in the list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gui_driver import Driver
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QLabel
from scripted_house import DOCTOR, ENTRIES, INS, SOPHIE
from test_gui_layout import cut

from dossier.access import AuthorisationState, Dossier, DossierState
from dossier.failure import Failure
from dossier.metadata import Author, Availability, Code, Institution, Person
from gui.pages.documents_view import DocumentsView

MINE = Author(Person(DOCTOR.id_nat, "MARTIN", "Claire"), None, Institution("Cabinet des Lilas", "1990000002"))


def mine(**changes: object) -> tuple:
    return (replace(ENTRIES[0], authors=(MINE,), **changes), *ENTRIES[1:])


def consult(driver: Driver, entries: tuple = ENTRIES, **dossier: object) -> DocumentsView:
    driver.house.entries = entries
    state = Dossier(INS, DossierState.OPEN, authorisation=AuthorisationState.VALID, **dossier)
    driver.house.states[SOPHIE.birth_name] = state
    driver.open_session()
    driver.bring_sophie()
    view = driver.window.frame.page("consultation").documents
    driver.until(view.model.documents)
    view.open_row(0)
    driver.until(view.preview.pages)
    driver.settle()
    return view


def tags(view: DocumentsView) -> list[tuple[str, str]]:
    return [state for row in view.model.documents() for state in row.states]


def why(driver: Driver) -> list[str]:
    found = driver.window.findChildren(QLabel, "preview.acts.why")
    return [each.text().replace("\u00a0", " ") for each in found if each.isVisible()]


def plain(code: str) -> str:
    return Failure(code).sentence("fr").replace("\u00a0", " ")


def test_the_document_of_another_is_closed_and_says_why(driver: Driver) -> None:
    consult(driver)
    driver.click("preview.more")
    for name in ("replace", "archive", "delete"):
        button = driver.see(f"preview.acts.{name}")
        assert not button.isEnabled()
        assert button.accessibleDescription()
    assert why(driver) == [
        f"Remplacer : {plain('REPLACED_NOT_YOURS')}",
        f"Archiver, Supprimer : {plain('DOCUMENT_NOT_YOURS')}",
    ]
    assert driver.find("preview.acts.show") is None


def test_a_masked_document_of_another_is_not_shown_again_and_says_why(driver: Driver) -> None:
    consult(driver, (replace(ENTRIES[0], confidentiality=(Code("MASQUE_PS", "x"),)), *ENTRIES[1:]))
    button = driver.see("preview.mask")
    assert not button.isEnabled()
    assert button.toolTip().replace("\u00a0", " ") == plain("UNMASKING_NOT_YOURS")


def test_what_is_hidden_from_the_patient_is_not_masked_too(driver: Driver) -> None:
    consult(driver, mine(confidentiality=(Code("INVISIBLE_PATIENT", "x"),)))
    button = driver.see("preview.mask")
    assert not button.isEnabled()
    assert button.toolTip() == Failure("CONFIDENTIALITY_BOTH").sentence("fr")


def test_a_document_is_archived_and_taken_back(driver: Driver) -> None:
    view = consult(driver, mine())
    driver.click("preview.more")
    assert why(driver) == []
    driver.click("preview.acts.archive")
    driver.click("act.confirm")
    driver.see("preview.acts.unarchive")
    driver.settle()
    assert ("archivé", "info") in tags(view)
    driver.click("consultation.refresh")
    driver.settle()
    assert ("archivé", "info") not in tags(view)
    driver.click("consultation.archived")
    driver.settle()
    assert ("archivé", "info") in tags(view)
    view.open_row(0)
    driver.click("preview.acts.unarchive")
    driver.click("act.confirm")
    driver.see("preview.acts.archive")
    assert driver.house.entries[0].status is Availability.APPROVED


def test_a_deleted_document_leaves_the_list_and_the_screen(driver: Driver) -> None:
    view = consult(driver, mine())
    driver.click("preview.more")
    driver.click("preview.acts.delete")
    driver.type("typed.word", "SUPPRIMER")
    driver.click("typed.confirm")
    driver.until(lambda: view.preview.entry is None)
    driver.settle()
    assert len(view.model.documents()) == len(ENTRIES) - 1
    assert "supprimé" in driver.see("preview.message.sentence").text()


@pytest.mark.parametrize(
    ("name", "code"), [("show", "INVISIBLE_PATIENT"), ("show_all", "INVISIBLE_REPRESENTANTS_LEGAUX")]
)
def test_a_hidden_document_is_made_visible(driver: Driver, name: str, code: str) -> None:
    view = consult(driver, mine(confidentiality=(Code("N", "n"), Code(code, "x"))))
    driver.click("preview.more")
    driver.click(f"preview.acts.{name}")
    driver.click("act.confirm")
    driver.gone(f"preview.acts.{name}")
    assert {each.code for each in view.preview.entry.confidentiality} == {"N"}


def test_a_document_is_replaced_by_a_file(driver: Driver, tmp_path: Path) -> None:
    consult(driver, mine())
    path = tmp_path / "nouveau.pdf"
    path.write_bytes(b"%PDF-1.4")
    driver.click("preview.more")
    driver.click("preview.acts.replace")
    assert driver.see("deposit.title").text() == ENTRIES[0].title
    assert driver.find("deposit.type") is None
    driver.see("deposit.path").setText(str(path))
    driver.click("deposit.send")
    driver.click("deposit.confirm")
    driver.until(lambda: driver.house.entries[0].status is Availability.DEPRECATED)
    assert "dans le dossier" in driver.see("consultation.message.sentence").text()


def test_a_refusal_of_the_host_is_said_beside_the_document(driver: Driver) -> None:
    consult(driver, mine())
    driver.house.refusals["archive"] = Failure("DOCUMENT_NOT_LISTED")
    driver.click("preview.more")
    driver.click("preview.acts.archive")
    assert driver.see("preview.message.sentence").text() == Failure("DOCUMENT_NOT_LISTED").sentence("fr")


def test_what_came_since_the_last_look_is_marked_counted_and_filtered(driver: Driver) -> None:
    driver.house.looked_at = datetime(2026, 10, 12, 9, tzinfo=UTC)
    driver.house.news = frozenset({ENTRIES[0].unique_id, ENTRIES[2].unique_id})
    view = consult(driver, mine())
    assert tags(view).count(("nouveau", "success")) == 1  # the other one is of the doctor who looks
    assert "1 nouveau depuis le 12/10/2026" in driver.see("consultation.count").text().replace("\u00a0", " ")
    driver.click("consultation.filter.new")
    assert [row.entry.unique_id for row in view.model.documents()] == [ENTRIES[2].unique_id]
    driver.house.news = frozenset()
    driver.click("consultation.refresh")
    driver.settle()
    assert tags(view).count(("nouveau", "success")) == 1


def test_at_the_first_look_nothing_is_called_new(driver: Driver) -> None:
    driver.house.news = frozenset(each.unique_id for each in ENTRIES)
    view = consult(driver)
    assert ("nouveau", "success") not in tags(view)
    assert driver.find("consultation.filter.new") is None
    driver.house.news = frozenset()
    driver.click("consultation.refresh")
    driver.settle()
    assert driver.see("consultation.count").text().replace("\u00a0", " ") == "6 documents"


def test_news_that_cannot_be_read_are_said(driver: Driver) -> None:
    driver.house.refusals["news"] = Failure("HOST_UNREACHABLE")
    consult(driver)
    assert "nouveautés non lues" in driver.see("consultation.count").text()


@pytest.mark.parametrize("size", [(1280, 720), (1024, 720)], ids=lambda size: "x".join(map(str, size)))
def test_the_actions_are_whole_with_all_their_reasons(driver: Driver, size: tuple[int, int]) -> None:
    driver.window.resize(*size)
    hidden = tuple(Code(each, "x") for each in ("INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"))
    consult(driver, (replace(ENTRIES[0], confidentiality=hidden), *ENTRIES[1:]))
    driver.click("preview.more")
    for _ in range(3):
        QCoreApplication.processEvents()
    assert cut(driver.window) == []
    assert driver.window.size().toTuple() == size
