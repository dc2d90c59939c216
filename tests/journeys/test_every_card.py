"""Every card of the cast goes as far as it honestly can; where it cannot, the person is told why and what to do."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from card_sim import cast
from card_sim.authority import Authority
from cps_bridge.storage.outbox import State
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import user as words
from dossier.access import DossierState
from dossier.failure import Failure

TYPE = "11488-4"
STUDENT = """
card = "professional"
kind = "CPF"
serial = "99000078"

[holder]
id = "899700000179"
family_name = "PERRIN"
given_name = "Hugo"
title = "Médecin en formation"
profession = "10"

[pin]
code = "24681357"

[[activities]]
number = 1
sector = "SA05"
structure = { id = "399900000300015", name = "Centre de santé du Canal" }
"""


def pin_of(practice: Any, name: str) -> None:
    """Let the person type the code of this card of the cast."""
    code = cast.professionals()[name].pin.encode()
    practice.user.answers["AskPin"] = lambda question: bytearray(code)


def log_of(practice: Any) -> list[dict[str, Any]]:
    log = practice.simulation.host.operate("log")
    return log if isinstance(log, list) else log["log"]


def told(practice: Any, use_case: str, **request: Any) -> Failure:
    """Give the failure that the person is told, which always has a sentence and something to do."""
    with pytest.raises(Failure) as caught:
        practice.do(use_case, **request)
    assert caught.value.sentence() and caught.value.remedy()
    return caught.value


def requests(wire: Path) -> dict[str, bytes]:
    """Give what left this computer, by the name of each exchange."""
    return {each.name: each.read_bytes() for each in sorted(wire.iterdir()) if "-request." in each.name}


def certificates_in(message: bytes) -> list[bytes]:
    """Give the certificates of the signatures in a message, as bytes of DER."""
    found = re.findall(rb"X509Certificate>([^<]+)</", message)
    return [base64.b64decode(b"".join(each.split())) for each in found]


WHOLE = {
    "generaliste": "CPS3",
    "medecin-cps4": "CPS4",
    "medecin-ancien": "CPS3",
    "interne": "CPS3",
    "pharmacien-reel": "CPS3",
}


@pytest.mark.parametrize("name", WHOLE)
def test_the_card_goes_all_the_way_with_each_key_in_its_place(
    make_practice: Any, tmp_path: Path, authority_dir: Path, name: str
) -> None:
    """A host that demands signed assertions and signed lots takes them: TLS by one key, signatures by the other."""
    practice = make_practice(trace=tmp_path / "wire")
    practice.simulation.host.operate("parameters", {"signature_required": True, "lot_signature_required": True})
    pin_of(practice, name)
    practice.consult(name, "jean")
    assert practice.house.session.card.model == WHOLE[name]
    assert practice.do("deposit", path=practice.pdf(), type_code=TYPE).state is State.DONE
    who = cast.professionals()[name]
    assert [(each["who"], each["outcome"]) for each in log_of(practice) if each["transaction"] == "TD2.1"] == [
        (who.id_nat, "ok")
    ]
    signing = Authority.open(authority_dir).card_material(name)[2]
    sent = requests(tmp_path / "wire")
    lot = next(each for exchange, each in sent.items() if "TD2.1" in exchange)
    assert certificates_in(lot) == [signing, signing]  # of the assertion, and of the lot
    assert all(set(certificates_in(each)) == {signing} for each in sent.values())


@pytest.mark.parametrize(("name", "kind"), [("generaliste", "CPS"), ("interne", "CPF"), ("medecin-cps4", "CPS")])
def test_what_was_deposited_comes_back_to_its_author(practice: Any, name: str, kind: str) -> None:
    pin_of(practice, name)
    practice.consult(name, "jean")
    practice.do("authorise")
    item = practice.do("deposit", path=practice.pdf(), type_code=TYPE)
    (entry,) = practice.do("list")
    assert practice.do("open", unique_id=entry.unique_id).body == practice.pdf().read_bytes()
    assert item.author == cast.professionals()[name].id_nat
    assert practice.house.session.professional.card_kind.value == kind


def test_the_code_of_eight_digits_of_a_card_in_training_is_asked_as_such(practice: Any) -> None:
    pin_of(practice, "interne")
    practice.open("interne")
    (asked,) = (question for question in practice.user.asked if isinstance(question, words.AskPin))
    assert (asked.minimum, asked.maximum) == (8, 8)


def test_a_code_of_four_digits_is_not_even_presented_to_a_card_that_wants_eight(practice: Any) -> None:
    practice.insert(0, "interne")
    assert told(practice, "session").code == "PIN_SHAPE"
    assert practice.do("card").card.pin.tries_left == 3


def test_a_student_acts_and_writes_as_in_training_without_a_specialty(make_practice: Any, tmp_path: Path) -> None:
    file = tmp_path / "etudiant.toml"
    file.write_text(STUDENT, "utf-8")
    practice = make_practice(trace=tmp_path / "wire")
    practice.user.answers["AskPin"] = lambda question: bytearray(b"24681357")
    practice.consult(str(file), "jean")
    assert practice.house.session.professional.in_training
    practice.do("authorise")
    assert practice.do("deposit", path=practice.pdf(), type_code=TYPE).state is State.DONE
    (entry,) = practice.do("list")
    assert [each.specialty.code for each in entry.authors] == ["G16_10"]
    for message in requests(tmp_path / "wire").values():
        assert b'codeSystem="1.2.250.1.71.1.2.8"' in message
        assert b'codeSystem="1.2.250.1.71.1.2.7"' not in message


EMPLOYEES = ("secretaire", "agent")


@pytest.mark.parametrize("name", EMPLOYEES)
def test_an_employee_without_a_name_on_the_card_creates_a_dossier_for_the_structure(practice: Any, name: str) -> None:
    practice.consult(name, "famille-marchand")
    who = cast.professionals()[name]
    holder = practice.house.session.professional
    assert (holder.id_nat, holder.profession) == (who.id_nat, "")
    assert who.family_name not in f"{holder.family_name} {holder.given_name}"
    assert holder.family_name == who.activities[0].structure.name
    assert practice.do("create").dossier.state is DossierState.OPEN
    assert [each["who"] for each in log_of(practice) if each["transaction"] == "TD1.1"] == [who.id_nat]


@pytest.mark.parametrize("name", EMPLOYEES)
def test_an_employee_is_told_before_anything_leaves_that_an_author_has_a_profession(practice: Any, name: str) -> None:
    practice.consult(name, "jean")
    failure = told(practice, "deposit", path=practice.pdf(), type_code=TYPE)
    assert (failure.code, failure.facts["card"]) == ("AUTHOR_NOT_PROFESSIONAL", cast.professionals()[name].card_kind)
    assert practice.house.outbox.items() == ()
    assert not any(each["transaction"].startswith("TD2") for each in log_of(practice))


@pytest.mark.parametrize("name", EMPLOYEES)
def test_an_employee_reads_no_document_and_hears_it_from_the_host(practice: Any, name: str) -> None:
    practice.consult(name, "jean")
    assert told(practice, "list").code == "ACCESS_DENIED"


STOPPED = {
    "medecin-perime": ("CARD_EXPIRED", "31/12/2023"),
    "medecin-sans-contact": ("CARD_CONTACTLESS", "contact"),
    "medecin-2ter": ("CARD_CPS2TER", "CPS2ter"),
}


@pytest.mark.parametrize("name", STOPPED)
def test_a_card_that_cannot_work_is_told_before_its_code_is_asked_or_the_host_is_called(
    practice: Any, name: str
) -> None:
    code, word = STOPPED[name]
    practice.insert(0, name)
    failure = told(practice, "session")
    assert (failure.code, word in failure.sentence()) == (code, True)
    assert practice.house.session is None
    assert practice.user.asked == []
    assert log_of(practice) == []


def test_an_expired_card_on_a_computer_whose_clock_is_late_is_refused_by_the_host(practice: Any) -> None:
    practice.house.desk.clock = lambda: datetime(2023, 6, 1, tzinfo=UTC)
    practice.open("medecin-perime")
    practice.insert(1, "jean")
    failure = told(practice, "patient")
    assert failure.code == "HOST_TLS_REFUSED"
    assert "en cours de validité" in failure.remedy()
    assert practice.house.patient is None


def test_what_an_expired_card_says_is_still_shown(practice: Any) -> None:
    practice.insert(0, "medecin-perime")
    report = practice.do("card")
    assert {each.validity.value for each in report.certificates} == {"expiré"}


USABLE = [name for name in cast.professionals() if name not in STOPPED]


@pytest.mark.parametrize("name", [*USABLE, "medecin-perime"])
def test_in_production_only_the_real_card_is_taken(make_practice: Any, name: str) -> None:
    practice = make_practice(settings=Settings(production=True))
    practice.insert(0, name)
    if name == "pharmacien-reel":
        assert practice.do("session").professional.is_test is False
        return
    assert told(practice, "session").code == "TEST_CARD_REFUSED"
    assert practice.user.asked == []


def test_a_first_generation_vitale_is_refused_with_its_remedy(practice: Any) -> None:
    practice.open("generaliste")
    practice.insert(1, "vitale-1")
    failure = told(practice, "patient")
    assert (failure.code, "Vitale" in failure.sentence()) == ("CARD_VITALE_1", True)
    assert practice.house.patient is None
    assert practice.meet("jean").identity.traits.birth_name == "DUVAL"


def test_a_demonstration_vitale_works_where_tests_are_made(practice: Any) -> None:
    practice.open("generaliste")
    assert practice.meet("vitale-demo").ins.matricule == cast.patients()["paul"].ins


def test_a_demonstration_vitale_is_refused_in_production(make_practice: Any) -> None:
    practice = make_practice(settings=Settings(production=True))
    practice.open("pharmacien-reel")
    practice.insert(1, "vitale-demo")
    assert told(practice, "patient").code == "TEST_CARD_REFUSED"
    assert practice.house.patient is None


def test_a_child_is_itself_from_its_creation_to_a_document(make_practice: Any, tmp_path: Path) -> None:
    """The number on the card is the insured's: after INSi it is never again the patient of anything."""
    practice = make_practice(trace=tmp_path / "wire")
    child, insured = cast.patients()["leo"].ins, cast.patients()["sophie"].ins
    practice.open("generaliste")
    assert practice.meet("famille-marchand", rank=2).ins.matricule == child
    assert practice.do("dossier").state is DossierState.ABSENT
    outcome = practice.do("create")
    assert (outcome.dossier.state, outcome.dossier.account_open) == (DossierState.OPEN, False)
    assert outcome.acknowledgement and not outcome.secrets  # no account of its own at that age
    practice.do("authorise")
    assert practice.do("deposit", path=practice.pdf(), type_code=TYPE).state is State.DONE
    (entry,) = practice.do("list")
    opened = practice.do("open", unique_id=entry.unique_id)
    assert (entry.patient_id.matricule, opened.header.patient.matricule) == (child, child)
    for exchange, message in requests(tmp_path / "wire").items():
        assert child.encode() in message or "insi" in exchange.lower(), exchange
        if "TD" in exchange:
            assert insured.encode() not in message, exchange
    assert practice.simulation.host.operate("documents", patient="sophie") == []


def test_the_end_of_a_creation_is_not_offered_to_a_child_too_young_for_an_account(practice: Any) -> None:
    practice.open("generaliste")
    practice.meet("famille-marchand", rank=2)
    practice.do("create")
    failure = told(practice, "open-account")
    assert failure.code == "ACCOUNT_TOO_YOUNG"
