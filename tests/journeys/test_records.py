"""Chapters two to six: consultation, imaging, rights, emergency, masking."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from cps_bridge.documents.imaging.relabel import relabel, sample_folder
from cps_bridge.storage.outbox import State
from cps_bridge.workflows import user as words
from dossier.access import AccessMode, AuthorisationState
from dossier.failure import Cancelled, Failure

REPORT, PRESCRIPTION = "11488-4", "57833-6"


def titles(practice: Any) -> list[str]:
    return sorted(entry.title for entry in practice.do("list"))


def test_a_report_given_by_path_comes_back_byte_for_byte(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    path = practice.pdf()
    assert practice.do("deposit", path=path, type_code=REPORT, title="Consultation").state is State.DONE
    (entry,) = practice.do("list")
    opened = practice.do("open", unique_id=entry.unique_id)
    assert opened.body == path.read_bytes()
    assert (opened.media_type, opened.header.patient) == ("application/pdf", practice.house.patient.ins)


def test_an_accepted_deposit_is_proved_on_paper_without_card_or_host(practice: Any, tmp_path: Path) -> None:
    practice.consult("generaliste", "jean")
    item = practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Consultation")
    (entry,) = practice.do("list")
    practice.remove(0)
    practice.simulation.host.stop()
    path = tmp_path / "preuve.pdf"
    path.write_bytes(practice.do("proof", number=item.id))
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    written = "".join(text.split())
    for proved in (entry.hash, item.unique_id, entry.unique_id, "DUVAL", "MARTIN"):
        assert proved in written


def test_a_deposit_of_unknown_outcome_is_not_proved(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    practice.simulation.host.operate(
        "faults", {"transaction": "TD2.1", "when": "before_commit", "effect": "drop", "times": 1}
    )
    item = practice.do("deposit", path=practice.pdf(), type_code=REPORT)
    with pytest.raises(Failure) as caught:
        practice.do("proof", number=item.id)
    assert caught.value.code == "DEPOSIT_NOT_ACCEPTED"


def test_an_access_is_declared_only_on_an_explicit_gesture(practice: Any) -> None:
    assert practice.consult("generaliste", "paul").authorisation is AuthorisationState.NONE
    practice.user.answers["AskAccess"] = words.AccessChoice.NOT_NOW
    assert practice.do("authorise").authorisation is AuthorisationState.NONE
    practice.user.answers["AskAccess"] = words.AccessChoice.ATTENDING
    dossier = practice.do("authorise")
    assert (dossier.authorisation, dossier.is_attending_doctor) == (AuthorisationState.VALID, True)


def test_a_blocked_professional_cannot_declare_an_access(practice: Any) -> None:
    practice.consult("generaliste-gare", "amelie")
    with pytest.raises(Failure) as caught:
        practice.do("authorise")
    assert caught.value.code == "ACCESS_FORBIDDEN"


def test_a_known_patient_is_found_by_the_ins_alone(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    ins = practice.house.patient.ins
    practice.remove(1)
    context = practice.do("patient", source="ins", ins=ins.matricule)
    assert (context.ins, context.epoch) == (ins, None)
    assert practice.do("deposit", path=practice.pdf(), type_code=REPORT).state is State.DONE


def test_a_radiologist_deposits_report_and_manifest_in_one_lot(practice: Any, tmp_path: Path) -> None:
    practice.consult("radiologue", "jean")
    study = relabel(sample_folder(), tmp_path / "images", practice.house.patient.identity, "ACC20261")
    shown = practice.do("study", folder=tmp_path / "images")
    assert len(shown.thumbnails) == len(study.series) > 1
    assert all(each.startswith(b"\x89PNG") for each in shown.thumbnails)
    item = practice.do("deposit-imaging", report=practice.pdf(), folder=tmp_path / "images", title="IRM")
    assert item.state is State.DONE
    practice.do("authorise")
    assert {entry.mime_type for entry in practice.do("list")} == {"text/xml", "application/dicom"}


def test_images_of_another_patient_are_refused_before_anything_leaves(practice: Any, tmp_path: Path) -> None:
    practice.consult("radiologue", "jean")
    relabel(sample_folder(), tmp_path / "images", practice.house.patient.identity, "ACC20261")
    practice.meet("paul")
    with pytest.raises(Failure) as caught:
        practice.do("deposit-imaging", report=practice.pdf(), folder=tmp_path / "images")
    assert caught.value.code == "STUDY_OTHER_PATIENT"
    assert practice.house.outbox.items() == ()


def test_the_host_decides_what_a_pharmacist_sees(practice: Any, tmp_path: Path) -> None:
    practice.consult("generaliste", "jean")
    practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Consultation")
    practice.do("deposit", path=practice.pdf(), type_code=PRESCRIPTION, title="Ordonnance")
    relabel(sample_folder(), tmp_path / "images", practice.house.patient.identity, "ACC20261")
    practice.consult("radiologue", "jean")
    practice.do("deposit-imaging", report=practice.pdf(), folder=tmp_path / "images", title="IRM")
    practice.consult("pharmacien", "jean")
    practice.do("authorise")
    assert titles(practice) == ["Ordonnance"]


def test_breaking_the_glass_is_journalled_before_the_first_request(practice: Any) -> None:
    practice.consult("generaliste-port", "paul")
    log = practice.simulation.host.operate
    seen: list[int] = []

    def confirm(question: words.ConfirmBreakGlass) -> bool:
        seen.append(len([line for line in _lines(log("log")) if line["purpose"] == "bris_de_glace"]))
        return True

    practice.user.answers["ConfirmBreakGlass"] = confirm
    practice.do("break-glass")
    assert seen == [0]
    entries = [entry for entry in practice.do("journal") if entry.action == "break-glass"]
    assert [entry.outcome for entry in entries] == ["begun", "done"]
    assert "inconscient" in entries[0].reason
    assert practice.house.access.mode is AccessMode.BREAK_GLASS
    urgent = [line for line in _lines(log("log")) if line["purpose"] == "bris_de_glace"]
    assert urgent and all("mode urgence" in str(line) for line in urgent)
    assert any("urgence" in str(line) for line in log("notifications", patient="paul"))
    practice.do("end-access")
    assert practice.house.access.mode is AccessMode.NORMAL


def _lines(log: Any) -> list[dict[str, Any]]:
    return log if isinstance(log, list) else log["log"]


def test_an_emergency_that_is_not_confirmed_asks_nothing_of_the_host(practice: Any) -> None:
    practice.consult("generaliste-port", "paul")
    practice.user.answers["ConfirmBreakGlass"] = False
    with pytest.raises(Cancelled):
        practice.do("break-glass")
    assert not any(entry.action == "break-glass" for entry in practice.do("journal"))


@pytest.mark.parametrize(("cps", "use_case"), [("generaliste-port", "break-glass"), ("regulateur", "regulation")])
def test_a_patient_who_opposed_emergency_access_is_obeyed(practice: Any, cps: str, use_case: str) -> None:
    practice.consult(cps, "karim")
    with pytest.raises(Failure) as caught:
        practice.do(use_case)
    assert caught.value.code == "EMERGENCY_OPPOSED"
    assert practice.house.access.mode is AccessMode.NORMAL
    assert practice.do("journal")[-1].outcome == "EMERGENCY_OPPOSED"


def test_the_regulator_opens_a_dossier_for_centre_15(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Consultation")
    practice.consult("regulateur", "jean")
    practice.do("regulation")
    assert titles(practice) == ["Consultation"]


def test_a_masked_document_is_for_its_author_the_attending_doctor_and_the_patient(practice: Any) -> None:
    practice.consult("generaliste", "jean")
    practice.do("deposit", path=practice.pdf(), type_code=REPORT, title="Consultation")
    (entry,) = practice.do("list")
    assert practice.do("mask", unique_id=entry.unique_id).is_masked
    assert titles(practice) == ["Consultation"]
    practice.consult("generaliste-port", "jean")
    practice.do("authorise")
    assert titles(practice) == []
    assert "Consultation" in practice.simulation.host.show("--as", "patient", "--patient", "jean")


def test_a_closed_dossier_receives_nothing(practice: Any) -> None:
    practice.consult("generaliste", "odette")
    with pytest.raises(Failure) as caught:
        practice.do("deposit", path=practice.pdf(), type_code=REPORT)
    assert caught.value.code == "DOSSIER_CLOSED"
