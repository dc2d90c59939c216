"""Chapter one: the pharmacy counter."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from cps_bridge.storage.consents import Consents
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import user as words
from dossier.access import ConsentMode, DossierState, EmergencyChoices
from dossier.failure import Cancelled, Failure
from dossier.patient import IdentityStatus


def failure_of(practice: Any, use_case: str, user: Any = None, **request: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        practice.do(use_case, user, **request)
    return caught.value


def logged(practice: Any, transaction: str) -> int:
    log = practice.simulation.host.operate("log")
    lines = log if isinstance(log, list) else log["log"]
    return sum(line["transaction"] == transaction for line in lines)


def test_a_pharmacist_creates_a_dossier_and_hands_over_two_sheets(practice: Any, tmp_path: Path) -> None:
    assert practice.consult("pharmacien", "famille-marchand").state is DossierState.ABSENT
    outcome = practice.do("create")
    assert (outcome.dossier.state, outcome.dossier.account_open) == (DossierState.OPEN, True)
    for name, sheet, expected in (
        ("acknowledgement", outcome.acknowledgement, "MARCHAND"),
        ("secrets", outcome.secrets, "Identifiant"),
    ):
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(sheet)
        text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
        assert expected in text
    written = b"".join(path.read_bytes() for path in practice.directory.iterdir() if path.is_file())
    assert outcome.secrets not in written


def test_the_identity_comes_from_insi_and_is_not_the_number_of_the_card(practice: Any) -> None:
    practice.open("pharmacien")
    child = practice.meet("famille-marchand", rank=2)
    assert child.identity.status is IdentityStatus.QUALIFIED
    assert child.ins.oid == "1.2.250.1.213.1.4.10"
    assert child.ins.matricule != child.beneficiary.insured_nir.value


def test_the_name_that_the_card_shows_stays_beside_the_birth_name(practice: Any) -> None:
    practice.open("pharmacien")
    traits = practice.meet("odette").identity.traits
    assert (traits.birth_name, traits.usage_name, traits.shown_name) == ("LE GOFF", "ROUX", "ROUX")
    by_ins = practice.do("patient", source="ins", ins=practice.house.patient.ins.matricule)
    assert by_ins.identity.traits.usage_name == "ROUX"


@pytest.mark.parametrize(
    ("answers", "code"),
    [({"AskConsent": None}, "CONSENT_MISSING"), ({"ConfirmInformation": False}, "INFORMATION_MISSING")],
)
def test_without_information_or_consent_no_creation_is_asked(practice: Any, answers: Any, code: str) -> None:
    practice.consult("pharmacien", "famille-marchand")
    practice.user.answers |= answers
    assert failure_of(practice, "create").code == code
    assert logged(practice, "TD1.1") == 0


def test_a_creation_that_is_not_confirmed_is_not_asked(practice: Any) -> None:
    practice.consult("pharmacien", "famille-marchand")
    practice.user.answers["ConfirmCreation"] = False
    with pytest.raises(Cancelled):
        practice.do("create")
    assert logged(practice, "TD1.1") == 0


def test_the_emergency_boxes_are_shown_ticked_and_unticking_is_an_opposition(practice: Any) -> None:
    practice.consult("pharmacien", "famille-marchand")
    practice.user.answers["AskEmergencyChoices"] = EmergencyChoices(allow_break_glass=False)
    practice.do("create")
    (shown,) = [question.shown for question in practice.user.asked if isinstance(question, words.AskEmergencyChoices)]
    assert shown == EmergencyChoices(allow_break_glass=True, allow_regulation=True)
    kept = practice.do("administration").choices
    assert (kept.allow_break_glass, kept.allow_regulation) == (False, True)


def test_the_consent_is_stored_with_how_by_whom_and_when(practice: Any) -> None:
    context = (practice.consult("pharmacien", "famille-marchand"), practice.house.patient)[1]
    practice.user.answers["AskConsent"] = ConsentMode.WRITTEN
    practice.do("create")
    (kept,) = practice.house.desk.consents.of(context.ins)
    assert isinstance(practice.house.desk.consents, Consents)
    assert kept.consent.mode is ConsentMode.WRITTEN
    assert kept.consent.collected_by == practice.house.session.professional.id_nat


def test_an_existing_dossier_is_not_created_again(practice: Any) -> None:
    practice.consult("pharmacien", "jean")
    assert failure_of(practice, "create").code == "DOSSIER_EXISTS"


def test_a_closed_dossier_is_offered_for_reactivation(practice: Any) -> None:
    dossier = practice.consult("pharmacien", "odette")
    assert (dossier.state, dossier.closing_reason) == (DossierState.CLOSED, "Je ne veux plus de DMP")
    assert failure_of(practice, "create").code == "DOSSIER_CLOSED"
    assert practice.do("reactivate").state is DossierState.OPEN


def test_an_identity_that_insi_does_not_know_goes_no_further(practice: Any) -> None:
    practice.open("pharmacien")
    practice.insert(1, "lucie")
    assert failure_of(practice, "patient").code == "INSI_NOT_FOUND"
    assert practice.house.patient is None


def test_a_test_card_is_refused_in_production(make_practice: Any) -> None:
    practice = make_practice(settings=Settings(production=True))
    practice.insert(0, "pharmacien")
    assert failure_of(practice, "session").code == "TEST_CARD_REFUSED"


def test_a_test_identity_is_refused_in_production(make_practice: Any) -> None:
    practice = make_practice(settings=Settings(production=True))
    practice.open("pharmacien-reel")
    practice.insert(1, "jean")
    assert failure_of(practice, "patient").code == "TEST_IDENTITY_REFUSED"


def test_the_trace_of_exchanges_is_refused_in_production(make_practice: Any, tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        make_practice(settings=Settings(production=True), trace=tmp_path / "wire")
    assert caught.value.code == "TRACE_REFUSED"


def test_a_wrong_pin_says_how_many_tries_are_left_and_opens_nothing(practice: Any) -> None:
    practice.insert(0, "pharmacien")
    practice.user.answers["AskPin"] = lambda question: bytearray(b"9999")
    failure = failure_of(practice, "session")
    assert (failure.code, failure.facts["tries_left"]) == ("PIN_WRONG", 2)
    assert practice.house.session is None
