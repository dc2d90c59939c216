"""TD0.3, TD1.5, INSi, and what the clock and the patient's refusals do to them."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path

import pytest
from host_wire import Answer, Stage, envelope, ins_of, state_of

from card_sim import cast
from host_sim.store import Store

INSI = "urn:ServiceIdentiteCertifiee:1.0.0:"
RESULT = "{http://www.cnamts.fr/INSiResultat}"
DENIED = "soap:DMPAccessDeniedByRightsService"
EMERGENCY = {"purpose": "bris_de_glace", "reason": "Patient inconscient"}


def status_of(answer: Answer) -> str:
    return str(answer.root.xpath("string(//*[local-name()='output']/*[local-name()='status'])"))


def field(answer: Answer, name: str) -> str:
    return str(answer.root.xpath(f"string(//*[local-name()='{name}'])"))


def test_td03_answers_in_its_own_form(stage: Stage) -> None:
    answer = stage.authorise("generaliste", "paul")
    action = "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorizationResponse"
    assert answer.one("//a:Action").text == action
    output = answer.one("/s:Envelope/s:Body/r:setAuthorizationResponse/r:output")
    assert [child.tag.rpartition("}")[2] for child in output] == ["status", "context"]
    assert status_of(answer) == "DMPOk"


def test_td03_authorises_then_withdraws(stage: Stage) -> None:
    assert state_of(stage.query("generaliste", "paul")) == "NON_EXISTE"
    stage.authorise("generaliste", "paul")
    assert state_of(stage.query("generaliste", "paul")) == "VALIDE"
    stage.authorise("generaliste", "paul", "SUPPRESSION")
    assert state_of(stage.query("generaliste", "paul")) == "NON_EXISTE"


def test_td03_twice_is_no_error(stage: Stage) -> None:
    stage.authorise("generaliste", "paul")
    answer = stage.authorise("generaliste", "paul")
    assert status_of(answer) == "DMPOk"
    assert field(answer, "context")


def test_td03_makes_and_unmakes_a_treating_doctor(stage: Stage) -> None:
    stage.authorise("generaliste", "paul", role="MEDECIN_TRAITANT")
    line = "//h:attentionLine[h:keyWordText/@code='STATUT_MT']/h:value/@value"
    assert stage.query("generaliste", "paul").one(line) == "true"
    stage.authorise("generaliste", "paul", "SUPPRESSION", "MEDECIN_TRAITANT")
    seen = stage.query("generaliste", "paul")
    assert (seen.one(line), state_of(seen)) == ("false", "VALIDE")


def test_td03_only_a_doctor_treats(stage: Stage) -> None:
    assert stage.authorise("pharmacien", "paul", role="MEDECIN_TRAITANT").subcode == DENIED


def test_td03_is_refused_to_a_blocked_professional(stage: Stage) -> None:
    assert stage.authorise("generaliste-gare", "amelie").subcode == DENIED


def test_td03_needs_an_open_dossier(stage: Stage) -> None:
    assert stage.authorise("generaliste", "sophie").subcode == "soap:DMPUnknownPatient"
    assert stage.authorise("generaliste", "odette").subcode == "soap:DMPClosed"


def test_td03_is_not_declared_during_an_emergency(stage: Stage) -> None:
    assert stage.authorise("generaliste", "paul", **EMERGENCY).subcode == DENIED


def test_a_secretary_authorises_the_whole_structure(stage: Stage) -> None:
    stage.authorise("secretaire", "paul")
    assert state_of(stage.query("radiologue", "paul")) == "VALIDE"


def test_an_authorisation_lasts_a_year(stage: Stage) -> None:
    stage.authorise("generaliste", "paul")
    stage.admin("clock", {"advance_days": 364})
    assert state_of(stage.query("generaliste", "paul")) == "VALIDE"
    stage.admin("clock", {"advance_days": 1})
    assert state_of(stage.query("generaliste", "paul")) == "EXPIRE"
    stage.authorise("generaliste", "paul")
    assert state_of(stage.query("generaliste", "paul")) == "VALIDE"


def test_the_life_of_an_authorisation_is_a_parameter(stage: Stage) -> None:
    stage.authorise("generaliste", "paul")
    stage.admin("parameters", {"authorisation_days": 10})
    stage.admin("clock", {"advance_days": 11})
    assert state_of(stage.query("generaliste", "paul")) == "EXPIRE"


def test_a_blocked_professional_is_refused_all_but_existence(stage: Stage) -> None:
    assert stage.query("generaliste-gare", "amelie", "CNSLT_DATA").subcode == DENIED


def test_break_glass_overrides_a_block_and_is_told_to_the_patient(stage: Stage) -> None:
    answer = stage.query("generaliste-gare", "amelie", "CNSLT_DATA", **EMERGENCY)
    assert answer.status == 200
    assert [each["kind"] for each in stage.admin("notifications?patient=amelie")] == ["break_glass"]


def test_an_emergency_is_told_once_a_day(stage: Stage) -> None:
    for _ in range(3):
        stage.query("generaliste-gare", "amelie", **EMERGENCY)
    stage.query("radiologue", "amelie", **EMERGENCY)
    assert len(stage.admin("notifications?patient=amelie")) == 2


@pytest.mark.parametrize("purpose", ["bris_de_glace", "centre_15"])
@pytest.mark.parametrize("reason", ["TEST_EXST", "CNSLT_DATA"])
def test_an_opposed_patient_refuses_every_transaction(stage: Stage, purpose: str, reason: str) -> None:
    answer = stage.query("regulateur", "karim", reason, purpose=purpose, reason="Urgence vitale")
    assert answer.subcode == DENIED
    assert b"HADDAD" not in answer.body


def test_an_emergency_is_logged_as_one_with_its_reason(stage: Stage) -> None:
    stage.query("generaliste", "paul", **EMERGENCY)
    (row,) = stage.admin("log?patient=paul")
    assert (row["word"], row["reason"], row["outcome"]) == ("mode urgence", "Patient inconscient", "ok")
    assert (row["who"], row["transaction"], row["purpose"]) == ("899700000021", "TD0.2", "bris_de_glace")


def test_td15a_gives_a_login_and_a_password_once(stage: Stage) -> None:
    answer = stage.specific("pharmacien", "paul", "createPatientAccess", "<type>SMS</type><canal>0612345678</canal>")
    output = answer.one("/s:Envelope/s:Body/p:createPatientAccessResponse/p:output")
    assert [child.tag.rpartition("}")[2] for child in output] == ["login", "password", "status", "context"]
    assert field(answer, "login")
    assert len(field(answer, "password")) >= 12
    again = stage.specific("pharmacien", "paul", "createPatientAccess", "<type>SMS</type><canal>0612345678</canal>")
    assert status_of(again) == "DMPPatientAccessAlreadyExists"
    assert not field(again, "password")
    account = "//h:administrativeObservation[h:code/@code='COMPTE_INTERNET_OUVERT']/h:value/@value"
    assert stage.query("pharmacien", "paul").one(account) == "true"


def test_td15a_keeps_no_password(stage: Stage) -> None:
    answer = stage.specific(
        "pharmacien", "paul", "createPatientAccess", "<type>EMAIL</type><canal>paul@example.org</canal>"
    )
    password = field(answer, "password").encode()
    for path in stage.house.store.directory.glob("host.sqlite*"):
        assert password not in path.read_bytes()


def test_td15a_refuses_a_wrong_channel(stage: Stage) -> None:
    for kind, canal in (("SMS", "0112345678"), ("EMAIL", "nobody"), ("FAX", "0612345678")):
        inner = f"<type>{kind}</type><canal>{canal}</canal>"
        assert status_of(stage.specific("pharmacien", "paul", "createPatientAccess", inner)) == "DMPInvalidChannel"


def test_td15a_is_not_for_young_children(stage: Stage) -> None:
    who = cast.patients()["leo"]
    seed = {
        "key": "leo", "ins": who.ins, "birth_name": who.birth_name, "given_names": list(who.given_names),
        "birth_date": who.birth_date, "sex": who.sex, "state": "open",
    }  # fmt: skip
    stage.admin("patients", seed)
    inner = "<type>SMS</type><canal>0612345678</canal>"
    assert status_of(stage.specific("pharmacien", "leo", "createPatientAccess", inner)) == "DMPPatientTooYoung"


def test_td15b_manages_the_channels(stage: Stage) -> None:
    def ask(action: str, canal: str = "0612345678") -> str:
        inner = f"<type>SMS</type><canal>{canal}</canal><action>{action}</action>"
        return status_of(stage.specific("pharmacien", "jean", "patientOTPUpdate", inner))

    assert ask("MODIFICATION") == "DMPPatientAccessOTPNotFound"
    assert ask("AJOUT") == "DMPOk"
    assert ask("AJOUT") == "DMPPatientAccessOTPAlreadyExists"
    assert ask("MODIFICATION", "0712345678") == "DMPOk"
    assert ask("SUPPRESSION", "0712345678") == "DMPOk"


def test_small_services_refuse_other_fields(stage: Stage) -> None:
    answer = stage.specific("pharmacien", "paul", "createPatientAccess", "<canal>0612345678</canal><type>SMS</type>")
    assert answer.subcode == "soap:DMPInvalidMessage"


def contexts() -> str:
    blocks = (("urn:siram:bam:ctxbam", "ContexteBAM", "01_02"), ("urn:siram:lps:ctxlps", "ContexteLPS", "01_00"))
    return "".join(
        f'<{name} xmlns="{uri}" Version="{version}"><Id>{uuid.uuid4()}</Id></{name}>' for uri, name, version in blocks
    )


def insi(stage: Stage, action: str, body: str, more: str | None = None) -> Answer:
    who = stage.who("pharmacien")
    assertion = who.assertion().render()
    return who.post("insi", envelope(assertion, INSI + action, body, more=contexts() if more is None else more))


def by_vitale(stage: Stage, nir: str, rank: int, birth: str, given: str, more: str | None = None) -> Answer:
    body = (
        f'<RECVITALE xmlns="http://www.cnamts.fr/INSiRecVit"><NirOD>{nir}</NirOD><RangBeneficiaire>{rank}'
        f"</RangBeneficiaire><DateNaissance>{birth}</DateNaissance><Prenom>{given}</Prenom></RECVITALE>"
    )
    return insi(stage, "rechercherInsAvecCarteVitale", body, more)


def test_insi_by_vitale_gives_the_childs_own_number(quiet_stage: Stage) -> None:
    child = cast.vitale_cards()["famille-marchand"].beneficiaries[1]
    answer = by_vitale(quiet_stage, child.insured_nir, child.rank, child.birth_date, child.given_name)
    assert answer.one("//a:Action").text == f"{INSI}rechercherInsAvecCarteVitaleResponse"
    result = answer.root.find(f".//{RESULT}RESULTAT")
    assert result.findtext(f"{RESULT}CR/{RESULT}CodeCR") == "00"
    number = result.findtext(f".//{RESULT}NumIdentifiant"), result.findtext(f".//{RESULT}Cle")
    assert number == (ins_of("leo")[:13], ins_of("leo")[13:])
    assert ins_of("leo") != child.insured_nir
    assert result.findtext(f".//{RESULT}OID") == "1.2.250.1.213.1.4.10"
    assert [child.tag.removeprefix(RESULT) for child in result.find(f".//{RESULT}TIQ")] == [
        "NomNaissance", "Prenom", "ListePrenom", "Sexe", "DateNaissance", "LieuNaissance",
    ]  # fmt: skip
    assert result.findtext(f".//{RESULT}DateNaissance") == "2017-03-09"


def test_insi_does_not_find_lucie(quiet_stage: Stage) -> None:
    card = cast.vitale_cards()["lucie"].beneficiaries[0]
    answer = by_vitale(quiet_stage, card.insured_nir, card.rank, card.birth_date, card.given_name)
    result = answer.root.find(f".//{RESULT}RESULTAT")
    assert result.findtext(f"{RESULT}CR/{RESULT}CodeCR") == "01"
    assert result.find(f"{RESULT}INDIVIDU") is None


def test_insi_by_traits(quiet_stage: Stage) -> None:
    body = (
        '<RECSANSVITALE xmlns="http://www.cnamts.fr/INSiRecSans"><NomNaissance>Le Goff</NomNaissance>'
        "<Prenom>Odette</Prenom><Sexe>F</Sexe><DateNaissance>1948-02-17</DateNaissance></RECSANSVITALE>"
    )
    answer = insi(quiet_stage, "rechercherInsAvecTraitsIdentite", body)
    assert answer.root.findtext(f".//{RESULT}NumIdentifiant") == ins_of("odette")[:13]
    other = insi(quiet_stage, "rechercherInsAvecTraitsIdentite", body.replace("Le Goff", "Le Gall"))
    assert other.root.findtext(f".//{RESULT}CodeCR") == "01"


def test_insi_wants_its_contexts(quiet_stage: Stage) -> None:
    answer = by_vitale(quiet_stage, ins_of("jean"), 1, "19590422", "JEAN", more="")
    assert answer.subcode == "soap:DMPInvalidMessage"


def test_the_store_is_durable_by_its_settings(tmp_path: Path) -> None:
    with Store.open(tmp_path, "sqlite").transaction() as cursor:
        assert cursor.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert sqlite3.threadsafety >= 1
