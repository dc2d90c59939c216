"""The administrative part of a dossier, who may open it, the patient's account, my patients, minors."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import user as words
from dossier.access import AuthorisationState, DossierState
from dossier.failure import Cancelled, Failure

REPORT = "11488-4"


def code_of(practice: Any, use_case: str, **request: Any) -> str:
    with pytest.raises(Failure) as caught:
        practice.do(use_case, **request)
    return str(caught.value.code)


def test_only_what_differs_is_changed_and_it_is_shown_before(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    before = practice.do("administration")
    after = practice.do("edit-administration", city="Vannes", postal_code="56000", break_glass=False)
    (question,) = [each for each in practice.user.asked if isinstance(each, words.ConfirmChanges)]
    assert [(each.field, each.after) for each in question.changes] == [
        ("Code postal", "56000"),
        ("Ville", "Vannes"),
        ("Bris de glace", "refusé"),
    ]
    assert (after.address.city, after.choices.allow_break_glass) == ("Vannes", False)
    assert (after.traits, after.contacts, after.address.lines) == (before.traits, before.contacts, before.address.lines)
    assert code_of(practice, "edit-administration", city="Vannes") == "NOTHING_CHANGED"
    assert code_of(practice, "edit-administration", title="DOC") == "TITLE_UNKNOWN"


def test_a_dossier_is_closed_with_its_word_and_reactivated(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    assert code_of(practice, "close", reason=" ") == "CLOSING_TEXT_MISSING"
    practice.user.answers["ConfirmTyped"] = "non"
    with pytest.raises(Cancelled):
        practice.do("close", reason="Je déménage")
    practice.user.answers["ConfirmTyped"] = "FERMER"
    closed = practice.do("close", reason="Je déménage")
    assert (closed.state, closed.closing_reason) == (DossierState.CLOSED, "Je déménage")
    assert code_of(practice, "list") == "DOSSIER_CLOSED"
    assert practice.do("reactivate").state is DossierState.OPEN


def test_what_the_patient_manages_in_the_national_space_is_not_touched_from_here(practice: Any) -> None:
    from card_sim.cast import patients

    facts = {
        **{"key": "nora", "ins": "261095612700174", "oid": "1.2.250.1.213.1.4.10", "birth_name": "PETIT"},
        **{"usage_name": "", "given_names": ["NORA"], "birth_date": "19610901", "sex": "F", "birth_place": "56127"},
        **{"address": "", "insi": "found", "state": "open", "account": True, "attached_to_ens": True},
    }
    assert facts["ins"] not in {each.ins for each in patients().values()}
    practice.simulation.host.operate("patients", [facts])
    practice.open("pharmacien")
    practice.do("patient", source="ins", ins=facts["ins"])
    for use_case, request in (
        ("edit-administration", {"city": "Vannes"}),
        ("close", {"reason": "Je déménage"}),
        ("channel", {"mobile": "0612345678"}),
        ("renew-secrets", {}),
    ):
        assert code_of(practice, use_case, **request) == "ATTACHED_TO_ENS"


def test_the_attending_doctor_comes_and_goes_and_stays_authorised(practice: Any) -> None:
    practice.consult("generaliste-port", "jean")
    assert code_of(practice, "attending", attending=False) == "NOT_ATTENDING"
    assert practice.do("attending").is_attending_doctor
    assert code_of(practice, "attending") == "ALREADY_ATTENDING"
    left = practice.do("attending", attending=False)
    assert (left.is_attending_doctor, left.authorisation) == (False, AuthorisationState.VALID)
    assert practice.do("withdraw").authorisation is AuthorisationState.NONE
    assert code_of(practice, "withdraw") == "NOT_AUTHORISED"
    practice.consult("pharmacien", "jean")
    assert code_of(practice, "attending") == "NOT_A_DOCTOR"


@pytest.mark.parametrize(("use_case", "request_"), [("withdraw", {}), ("attending", {"attending": False})])
def test_an_act_that_the_host_did_not_answer_is_in_the_journal(practice: Any, use_case: str, request_: Any) -> None:
    practice.consult("generaliste", "jean")
    fault = {"transaction": "TD0.3", "when": "before_commit", "effect": "soap_fault"}
    practice.simulation.host.operate("faults", fault)
    code_of(practice, use_case, **request_)
    last = practice.do("journal")[-1]
    assert (last.action, last.outcome) == ("not-attending" if request_ else use_case, "begun")


def test_the_authorised_and_the_blocked_are_listed(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    (party,) = practice.do("parties", which="active")
    assert (party.id_nat, party.is_attending_doctor) == (practice.house.session.professional.id_nat, True)
    assert practice.do("parties", which="blocked") == ()
    assert code_of(practice, "parties", which="anybody") == "LIST_UNKNOWN"


def test_channels_and_new_identifiers_are_given_for_an_open_account(practice: Any, tmp_path: Path) -> None:
    practice.consult("pharmacien", "famille-marchand")
    assert code_of(practice, "channel", email="autre@exemple.fr") == "DOSSIER_ABSENT"
    practice.do("create")
    assert code_of(practice, "channel", mobile="0612345678") == "CHANNEL_EXISTS"
    assert practice.do("channel", action="change", mobile="0698765432").value == "0698765432"
    practice.do("channel", action="remove", mobile="0698765432")
    assert code_of(practice, "channel") == "CONTACT_MISSING"
    sheet = tmp_path / "secrets.pdf"
    sheet.write_bytes(practice.do("renew-secrets").secrets)
    text = subprocess.run(["pdftotext", "-layout", sheet, "-"], capture_output=True, text=True, check=True).stdout
    assert "Identifiant" in text
    entries = [(each.action, each.outcome) for each in practice.do("journal")]
    assert entries[-2:] == [("renew-secrets", "begun"), ("renew-secrets", "done")]


def test_my_patients_are_listed_with_what_is_new_since_i_last_looked(practice: Any) -> None:
    practice.open("generaliste")
    practice.do("followed")
    assert [line.is_new for line in practice.do("followed") if line.dossier.family_name == "DUVAL"] == [False]
    practice.meet("jean")
    practice.do("deposit", path=practice.pdf(), type_code=REPORT)
    first = practice.do("followed")[0]
    assert (first.dossier.family_name, first.is_new, first.dossier.is_attending_doctor) == ("DUVAL", True, True)


def test_a_regulator_finds_people_without_an_ins_and_nobody_else_does(practice: Any) -> None:
    practice.open("regulateur")
    found = practice.do("search", family_name="DUVAL")
    assert "DUVAL" in {each.traits.birth_name for each in found}
    assert code_of(practice, "search", family_name=" ") == "SEARCH_TOO_VAGUE"
    assert all("DUVAL" not in str(entry) for entry in practice.do("journal"))
    practice.open("secretaire")
    assert code_of(practice, "search", family_name="DUVAL") == "SEARCH_FOR_REGULATION"


def test_the_address_of_a_web_page_is_the_patients(make_practice: Any) -> None:
    practice = make_practice(settings=Settings(web_url="https://web.dmp.exemple.fr"))
    practice.consult("generaliste", "jean")
    ins = practice.house.patient.ins.matricule
    assert practice.do("web-page", page="documents") == f"https://web.dmp.exemple.fr/AccesDirect/Documents/{ins}"
    assert code_of(practice, "web-page", page="autre") == "PAGE_UNKNOWN"
    assert practice.do("journal")[-1].subject == "documents"


def test_a_minor_is_seen_in_secret_and_representatives_learn_nothing(practice: Any) -> None:
    practice.open("generaliste")
    practice.meet("famille-marchand", rank=2)
    practice.do("create")
    practice.do("authorise")
    practice.do("secret-access")
    assert practice.house.access.secret
    item = practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Secret")
    assert item.state.name == "DONE", item
    (entry,) = practice.do("list")
    assert "INVISIBLE_REPRESENTANTS_LEGAUX" in {each.code for each in entry.confidentiality}
    practice.do("end-access")
    shown = practice.do("show", unique_id=entry.unique_id, representatives=True)
    assert {each.code for each in shown.confidentiality} == {"N"}
    assert not practice.house.access.secret


def test_an_adult_has_no_secret_connection(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    assert code_of(practice, "secret-access") == "NOT_A_MINOR"
    hidden = {"path": practice.pdf(), "type_code": REPORT, "hidden_from_representatives": True}
    assert code_of(practice, "deposit", **hidden) == "NOT_A_MINOR"


def test_the_age_of_majority_is_a_setting(make_practice: Any) -> None:
    practice = make_practice(settings=Settings(majority_age=99))
    practice.consult("generaliste", "jean")
    practice.do("secret-access")
    assert practice.house.access.secret
