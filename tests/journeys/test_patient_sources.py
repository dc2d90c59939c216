"""Five ways to know the patient: what each may do, and what none may do."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from journey_parts import datamatrix, own_readers
from test_command_line import Terminal, complaint

from connectors import output
from cps_bridge.storage.outbox import State
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import user as words
from dossier.context import Source
from dossier.failure import Failure
from dossier.patient import INS_NIR, INS_NIR_DEMO, INS_NIR_TEST, IdentityStatus, Sex, Traits

REPORT = "11488-4"
JEAN = ("159041411890362", INS_NIR_TEST, "JEAN MICHEL RENE", "DUVAL", "M", "19590422", "14118")
LEO = ("117035612190208", INS_NIR_TEST, "LEO", "MARCHAND", "M", "20170309", "56121")
TYPED = Traits("Duval", ("Jean",), "22/04/1959", Sex.MALE)
SENDING = {
    "dossier": {},
    "administration": {},
    "create": {},
    "reactivate": {},
    "authorise": {},
    "list": {},
    "open": {"unique_id": "1.2.3"},
    "mask": {"unique_id": "1.2.3"},
    "break-glass": {},
    "regulation": {},
    "deposit": {"path": Path("absent.pdf"), "type_code": REPORT},
    "deposit-imaging": {"report": Path("absent.pdf"), "folder": Path("absent")},
}


def code_of(practice: Any, use_case: str, **request: Any) -> str:
    with pytest.raises(Failure) as caught:
        practice.do(use_case, **request)
    return caught.value.code


def sent(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Name the transactions that left since the last look."""
    found = [record.args[0] for record in caplog.records if record.msg.startswith("%s status")]
    caplog.clear()
    return found


def test_a_scanned_datamatrix_is_a_qualified_patient_whose_dossier_is_read_and_fed(practice: Any) -> None:
    practice.open("generaliste")
    practice.user.answers["AskDatamatrix"] = datamatrix(*JEAN) + "\r\n"
    patient = practice.do("patient", source="datamatrix")
    assert (patient.source, patient.identity.status) == (Source.DATAMATRIX, IdentityStatus.QUALIFIED)
    assert patient.ins.matricule == JEAN[0]
    assert practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Scanné").state is State.DONE
    assert [entry.title for entry in practice.do("list")] == ["Scanné"]


def test_the_datamatrix_of_a_child_is_the_child(practice: Any) -> None:
    practice.open("pharmacien")
    patient = practice.do("patient", source="datamatrix", datamatrix=datamatrix(*LEO))
    assert (patient.ins.matricule, patient.identity.traits.birth_date) == (LEO[0], LEO[5])


@pytest.mark.parametrize("oid", [INS_NIR_TEST, INS_NIR])
def test_a_datamatrix_whose_ins_is_not_the_one_of_its_traits_is_refused(practice: Any, oid: str) -> None:
    practice.open("pharmacien")
    matricule = LEO[0] if oid == INS_NIR_TEST else JEAN[0]
    text = datamatrix(matricule, oid, *JEAN[2:])
    assert code_of(practice, "patient", source="datamatrix", datamatrix=text) == "INS_TRAITS_DIFFER"
    assert practice.house.patient is None


def test_a_datamatrix_can_be_no_reason_to_create_a_dossier(practice: Any) -> None:
    practice.open("pharmacien")
    practice.do("patient", source="datamatrix", datamatrix=datamatrix(*LEO))
    assert code_of(practice, "create") == "VITALE_NEEDED"


def test_typed_traits_that_insi_knows_are_retrieved_and_nothing_is_ever_sent_for_them(
    practice: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "soap_clients")
    practice.open("generaliste")
    practice.user.answers["AskTraits"] = TYPED
    patient = practice.do("patient", source="traits")
    assert (patient.source, patient.identity.status) == (Source.TRAITS, IdentityStatus.RETRIEVED)
    assert sent(caplog) == ["INSi"]
    practice.user.asked.clear()
    for use_case, request in SENDING.items():
        assert code_of(practice, use_case, **request) == "IDENTITY_NOT_QUALIFIED", use_case
    assert (sent(caplog), practice.user.asked, practice.house.outbox.items()) == ([], [], ())


def test_typed_traits_that_insi_does_not_know_are_provisional(practice: Any) -> None:
    practice.open("generaliste")
    patient = practice.do("patient", source="traits", traits=Traits("Inconnu", ("Jean",), "22/04/1959", Sex.MALE))
    assert (patient.identity.status, patient.identity.ins) == (IdentityStatus.PROVISIONAL, None)
    assert output.text_lines("patient", patient) == [
        "INCONNU JEAN, né(e) le 22/04/1959, sans INS, identité provisoire (saisie)"
    ]
    assert code_of(practice, "list") == "IDENTITY_NOT_QUALIFIED"


def test_a_typed_patient_becomes_qualified_by_the_card_and_is_written_without_a_number(practice: Any) -> None:
    practice.open("generaliste")
    practice.do("patient", source="traits", traits=TYPED)
    practice.meet("jean")
    assert practice.do("dossier").is_attending_doctor
    typed, read = (entry for entry in practice.do("journal") if entry.action == "patient")
    assert (typed.patient, typed.subject) == (None, "saisie")
    assert (str(read.patient), read.subject) == ("...362", "Vitale")


@pytest.mark.parametrize("born", ["31/02/1959", "01/01/2150"])
def test_traits_that_cannot_be_are_refused_before_anything_leaves(
    practice: Any, caplog: pytest.LogCaptureFixture, born: str
) -> None:
    caplog.set_level(logging.INFO, "soap_clients")
    practice.open("generaliste")
    wrong = Traits("Duval", ("Jean",), born, Sex.MALE)
    assert code_of(practice, "patient", source="traits", traits=wrong) == "TRAITS_INVALID"
    assert sent(caplog) == []


@pytest.mark.parametrize(("rank", "name"), [(1, "SOPHIE"), (2, "LEO")])
def test_the_application_names_its_person_and_never_takes_the_insured_for_the_child(
    practice: Any, rank: int, name: str
) -> None:
    practice.open("pharmacien")
    practice.user.answers["AskVitaleApplication"] = practice.simulation.application.shown("famille-marchand", rank)
    patient = practice.do("patient", source="application")
    assert practice.user.asked[-1] == words.AskVitaleApplication(by_qr=True, by_nfc=False)
    assert (patient.source, patient.identity.traits.first_given_name) == (Source.APPLICATION, name)
    assert (patient.ins.matricule == patient.beneficiary.insured_nir.value) is (rank == 1)


def test_something_else_than_the_application_is_told_as_such(practice: Any) -> None:
    practice.open("pharmacien")
    practice.user.answers["AskVitaleApplication"] = "https://exemple.fr"
    assert code_of(practice, "patient", source="application") == "APPLICATION_UNREADABLE"


def test_without_a_provider_the_application_is_honestly_not_available(practice: Any) -> None:
    practice.house.desk.application = None
    practice.open("pharmacien")
    with pytest.raises(Failure) as caught:
        practice.do("patient", source="application")
    assert caught.value.code == "APPLICATION_NOT_AVAILABLE"
    assert "ne sont pas publics" in caught.value.sentence()
    assert not practice.user.was_asked(words.AskVitaleApplication)


def test_an_unknown_source_is_a_usage_error_that_leaves_the_patient(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    assert code_of(practice, "patient", source="fax") == "PATIENT_SOURCE_UNKNOWN"
    assert practice.house.patient is not None


@pytest.mark.parametrize(
    "request_",
    [
        {"source": "datamatrix", "datamatrix": datamatrix(*JEAN)},
        {"source": "datamatrix", "datamatrix": datamatrix(JEAN[0], INS_NIR_DEMO, *JEAN[2:])},
        {"source": "ins", "ins": JEAN[0], "oid": INS_NIR_TEST},
        {"source": "traits", "traits": TYPED},
        {"source": "application"},
    ],
    ids=lambda request: f"{request['source']} {len(str(request))}",
)
def test_test_identities_are_refused_in_production(make_practice: Any, request_: dict[str, Any]) -> None:
    practice = make_practice(settings=Settings(production=True))
    practice.open("pharmacien-reel")
    practice.user.answers["AskVitaleApplication"] = practice.simulation.application.shown("jean", 1)
    assert code_of(practice, "patient", **request_) == "TEST_IDENTITY_REFUSED"
    assert practice.house.patient is None


def test_a_demonstration_vitale_is_refused_in_production(make_practice: Any) -> None:
    practice = make_practice(settings=Settings(production=True))
    practice.open("pharmacien-reel")
    practice.insert(1, "vitale-demo")
    assert code_of(practice, "patient") == "TEST_CARD_REFUSED"


def test_a_demonstration_vitale_is_read_elsewhere(practice: Any) -> None:
    practice.open("pharmacien")
    assert practice.meet("vitale-demo").identity.traits.birth_name == "ROUSSEL"


@pytest.fixture
def terminal(tmp_path: Path, authority_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    own_readers(monkeypatch)
    (tmp_path / "authority").symlink_to(authority_dir)
    return Terminal(tmp_path)


def test_the_command_line_scans_a_patient_from_an_option_or_from_its_input(terminal: Terminal) -> None:
    text = datamatrix(*JEAN)
    for options, typed in ((("--datamatrix", text), ""), (("--datamatrix", "-"), f"{text}\r\n")):
        done = terminal.bare("patient", *options, "--activity", "1", typed=typed)
        shown = json.loads(done.stdout)
        assert (shown["source"], shown["identity"]["status"]) == ("datamatrix", "qualifiée"), done.stderr


def test_the_command_line_names_a_patient_by_traits_and_cannot_feed_the_dossier(terminal: Terminal) -> None:
    traits = ("--traits", "Duval;Jean;22/04/1959;M")
    done = terminal.run("patient", *traits)
    assert json.loads(done.stdout)["identity"]["status"] == "récupérée", done.stderr
    refused = terminal.run("dossier", *traits)
    assert (refused.returncode, complaint(refused)["failure"]) == (6, "IDENTITY_NOT_QUALIFIED")


def test_the_command_line_takes_the_text_of_the_application(terminal: Terminal) -> None:
    done = terminal.run("dossier", "--application", "CPSBRIDGE-SIMULATION-APCV:jean:1")
    assert json.loads(done.stdout)["state"] == "ouvert", done.stderr


@pytest.mark.parametrize(
    ("options", "exit_code", "failure"),
    [
        (("--datamatrix", ""), 2, "ANSWER_MISSING"),
        (("--datamatrix", "ISà&àààà"), 6, "DATAMATRIX_KEYBOARD"),
        (("--traits", "Duval"), 2, "TRAITS_SHAPE"),
        (("--traits", "Duval;Jean;22/04/1959;M", "--ins", JEAN[0]), 2, "COMMAND_LINE"),
        (("--application", "bonjour"), 6, "APPLICATION_UNREADABLE"),
    ],
)
def test_a_patient_that_is_badly_named_is_told_so(
    terminal: Terminal, options: tuple[str, ...], exit_code: int, failure: str
) -> None:
    done = terminal.run("patient", *options)
    assert (done.returncode, complaint(done)["failure"]) == (exit_code, failure)
