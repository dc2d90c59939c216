"""What becomes of a document: filters, what is new, archive, deletion, replacement, visibility; rules told before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cps_bridge.storage.outbox import State
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import user as words
from dossier.failure import Cancelled, Failure
from dossier.metadata import Availability

REPORT, PRESCRIPTION = "11488-4", "57833-6"


def titles(practice: Any, **wanted: Any) -> list[str]:
    return sorted(entry.title for entry in practice.do("list", **wanted))


def code_of(practice: Any, use_case: str, **request: Any) -> str:
    with pytest.raises(Failure) as caught:
        practice.do(use_case, **request)
    return str(caught.value.code)


def deposit(practice: Any, title: str = "Consultation", **more: Any) -> Any:
    """Deposit a report and give its entry."""
    more.setdefault("type_code", REPORT)
    assert practice.do("deposit", path=practice.pdf(), title=title, **more).state is State.DONE
    return next(entry for entry in practice.do("list") if entry.title == title)


def actions(practice: Any) -> list[tuple[str, str]]:
    return [(entry.action, entry.outcome) for entry in practice.do("journal")]


def test_a_list_is_limited_by_type_class_author_and_day(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    deposit(practice)
    deposit(practice, "Ordonnance", type_code=PRESCRIPTION)
    assert titles(practice) == ["Consultation", "Ordonnance"]
    assert titles(practice, types=(PRESCRIPTION,)) == ["Ordonnance"]
    assert titles(practice, classes=("10",)) == ["Consultation"]
    assert titles(practice, author="martin") == ["Consultation", "Ordonnance"]
    assert titles(practice, author="BENALI") == []
    assert titles(practice, until="20200101") == []
    assert titles(practice, masked=True) == []
    assert code_of(practice, "list", since="20260230") == "DAY_INVALID"
    assert code_of(practice, "list", since="20260202", until="20260201") == "PERIOD_INVALID"


def test_what_is_new_is_what_came_since_this_professional_last_looked(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    deposit(practice)
    first = practice.do("news")
    assert (first.since, [each.title for each in first.documents]) == (None, ["Consultation"])
    assert practice.do("news").documents == ()
    deposit(practice, "Ordonnance", type_code=PRESCRIPTION)
    assert [each.title for each in practice.do("news", remember=False).documents] == ["Ordonnance"]
    assert [each.title for each in practice.do("news").documents] == ["Ordonnance"]
    practice.consult("generaliste-port", "jean")
    practice.do("authorise")
    assert len(practice.do("news").documents) == 2


def test_an_archived_document_leaves_the_list_and_comes_back(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    entry = deposit(practice)
    assert practice.do("archive", unique_id=entry.unique_id).status is Availability.ARCHIVED
    assert (titles(practice), titles(practice, archived=True)) == ([], ["Consultation"])
    assert code_of(practice, "archive", unique_id=entry.unique_id) == "DOCUMENT_STATE_OTHER"
    practice.do("archive", unique_id=entry.unique_id, archived=False)
    assert titles(practice) == ["Consultation"]
    assert ("archive", "begun") in actions(practice) and ("unarchive", "done") in actions(practice)


def test_a_deletion_needs_its_word_and_is_for_good(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    entry = deposit(practice)
    practice.user.answers["ConfirmTyped"] = "oui"
    with pytest.raises(Cancelled):
        practice.do("delete", unique_id=entry.unique_id)
    practice.user.answers["ConfirmTyped"] = " supprimer "
    practice.do("delete", unique_id=entry.unique_id)
    assert titles(practice, archived=True, obsolete=True) == []


def test_the_document_of_another_author_is_refused_before_the_host_is_asked(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    entry = deposit(practice)
    practice.do("mask", unique_id=deposit(practice, "Ordonnance", type_code=PRESCRIPTION).unique_id)
    practice.consult("generaliste-port", "jean")
    practice.do("authorise")
    for use_case in ("archive", "delete"):
        assert code_of(practice, use_case, unique_id=entry.unique_id) == "DOCUMENT_NOT_YOURS"
    assert code_of(practice, "replace", unique_id=entry.unique_id, path=practice.pdf()) == "REPLACED_NOT_YOURS"
    assert not practice.user.was_asked(words.ConfirmTyped)


def test_the_attending_doctor_archives_and_unmasks_what_others_wrote(practice: Any) -> None:
    practice.consult("generaliste-port", "jean")
    practice.do("authorise")
    entry = deposit(practice)
    practice.do("mask", unique_id=entry.unique_id)
    practice.consult("generaliste", "jean")
    assert not practice.do("mask", unique_id=entry.unique_id, masked=False).is_masked
    assert practice.do("archive", unique_id=entry.unique_id).status is Availability.ARCHIVED
    assert code_of(practice, "delete", unique_id=entry.unique_id) == "DOCUMENT_NOT_YOURS"


def test_a_replaced_document_is_obsolete_and_its_successor_says_so(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    entry = deposit(practice)
    assert code_of(practice, "replace", unique_id=entry.unique_id, path=practice.pdf()) == "DOCUMENT_UNCHANGED"
    path = practice.pdf("corrige.pdf", practice.pdf().read_bytes().replace(b"200 200", b"210 297"))
    item = practice.do("replace", unique_id=entry.unique_id, path=path)
    assert (item.state, item.kind) == (State.DONE, "replacement")
    (new,) = practice.do("list")
    assert (new.title, new.unique_id != entry.unique_id) == ("Consultation", True)
    assert titles(practice, obsolete=True) == ["Consultation", "Consultation"]
    opened = practice.do("open", unique_id=new.unique_id)
    assert (opened.header.replaces, opened.header.version, opened.body) == (entry.unique_id, "2", path.read_bytes())


def test_a_replacement_that_waited_finds_its_target_when_it_leaves(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    entry = deposit(practice)
    practice.simulation.host.operate(
        "faults", {"transaction": "TD2.1b", "when": "before_commit", "effect": "drop", "times": 1}
    )
    path = practice.pdf("corrige.pdf", practice.pdf().read_bytes().replace(b"200 200", b"210 297"))
    assert practice.do("replace", unique_id=entry.unique_id, path=path).state is State.UNKNOWN
    practice.do("mask", unique_id=entry.unique_id)
    assert practice.do("send")[0].state is State.DONE
    assert [each.is_masked for each in practice.do("list")] == [False]


def test_an_author_deletes_without_being_authorised(practice: Any) -> None:
    practice.consult("generaliste-port", "jean")
    item = practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Consultation")
    assert item.state is State.DONE
    practice.consult("generaliste", "jean")
    (entry,) = practice.do("list")
    practice.consult("generaliste-port", "jean")
    assert practice.do("delete", unique_id=entry.unique_id) is None
    practice.consult("generaliste", "jean")
    assert titles(practice) == []


def test_a_document_hidden_from_the_patient_is_shown_for_good(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    entry = deposit(practice, hidden_from_patient=True)
    assert "Consultation" not in practice.simulation.host.show("--as", "patient", "--patient", "jean")
    assert code_of(practice, "mask", unique_id=entry.unique_id) == "CONFIDENTIALITY_BOTH"
    assert not practice.do("show", unique_id=entry.unique_id).is_hidden_from_patient
    assert "Consultation" in practice.simulation.host.show("--as", "patient", "--patient", "jean")
    assert code_of(practice, "show", unique_id=entry.unique_id) == "ALREADY_VISIBLE"


def test_both_masks_together_are_a_setting_of_the_practice(make_practice: Any) -> None:
    practice = make_practice(settings=Settings(both_masks=True))
    practice.simulation.host.operate("parameters", {"masked_and_hidden_exclusive": False})
    practice.consult("generaliste", "jean")
    entry = deposit(practice, masked=True, hidden_from_patient=True)
    assert (entry.is_masked, entry.is_hidden_from_patient) == (True, True)


def test_a_secretary_deposits_for_a_professional_of_the_structure(make_practice: Any) -> None:
    from card_sim.cast import professionals

    radiologist = professionals()["radiologue"]
    author = f"{radiologist.id_nat}|BENALI|Nadia|10/SM44"
    practice = make_practice(settings=Settings(authors=(author,)))
    practice.consult("secretaire", "jean")
    item = practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Courrier")
    assert (item.state, item.code) == (State.DONE, "")
    practice.consult("generaliste", "jean")
    (entry,) = practice.do("list")
    assert [each.person.id for each in entry.authors] == [radiologist.id_nat]
    practice.consult("secretaire", "jean")
    again = {"unique_id": entry.unique_id, "path": practice.pdf()}
    assert code_of(practice, "replace", **again) == "REPLACED_UNREAD"
    assert practice.do("replace", **again, type_code=REPORT, title="Courrier corrigé").state is State.DONE
    practice.consult("generaliste", "jean")
    (entry,) = practice.do("list")
    assert entry.title == "Courrier corrigé"
    practice.consult("secretaire", "jean")
    assert practice.do("delete", unique_id=entry.unique_id) is None
    practice.consult("generaliste", "jean")
    assert titles(practice) == []


def test_a_secretary_without_an_author_deposits_nothing(practice: Any, tmp_path: Path) -> None:
    practice.consult("secretaire", "jean")
    assert code_of(practice, "deposit", path=practice.pdf(), type_code=REPORT) == "AUTHOR_NOT_PROFESSIONAL"
