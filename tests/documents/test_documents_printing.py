"""The printed sheets, read back as text by another program."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from cps_bridge.documents.cda.level1 import build_level1
from cps_bridge.documents.check import check_pdf
from cps_bridge.documents.printing import acknowledgement_sheet, proof_of_deposit, secrets_sheet
from cps_bridge.documents.printing.wording import french, spelled
from dossier.access import AccountSecrets, Consent, ConsentMode, EmergencyChoices
from dossier.document import BytesContent

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


@pytest.fixture
def text_of(run, tmp_path):
    def read(data: bytes) -> str:
        check_pdf(BytesContent(data))
        path = tmp_path / "sheet.pdf"
        path.write_bytes(data)
        assert b"Pages:           1\n" in run("pdfinfo", path)
        return " ".join(run("pdftotext", "-layout", path, "-").decode().replace("\u00a0", " ").split())

    return read


def test_the_acknowledgement_says_who_what_and_which_rights(patient, doctor, surgery, text_of):
    consent = Consent(ConsentMode.WRITTEN, doctor.id_nat, NOW)
    data = acknowledgement_sheet(patient, doctor, surgery, consent, EmergencyChoices(True, False), NOW)
    text = text_of(data)
    for expected in (
        *("PAT-TROIS", "L'ÉTÉ & <FILS>", "28/03/1979", "2 79 03 51 215 189", "Claire MARTIN, Médecin"),
        *("Cabinet des Lilas", "Écrit, recueilli le", "autocollant « DMP »", "Masquer.", "Fermer.", "bris de glace"),
        *("Accès en urgence Autorisé", "Refusé par le patient", "IDENTITÉ DE TEST"),
    ):
        assert expected in text


def test_the_secrets_are_on_paper_and_spelled(patient, doctor, surgery, text_of):
    secrets = AccountSecrets("O0Il-7K", "tR8<&!x")
    text = text_of(secrets_sheet(patient.traits, patient.ins, secrets, doctor, surgery, NOW))
    for expected in (
        *("O0Il-7K", "tR8<&!x", "chiffre 0", "O majuscule", "l minuscule", "signe -"),
        *("Imprimé une seule fois, à remettre en main propre", "PAT-TROIS"),
    ):
        assert expected in text


def test_the_proof_names_the_identifiers_and_the_fingerprint(make_report, patient, doctor, surgery, text_of):
    document = build_level1(make_report(title="Compte rendu d'été"), "1.2.250.1.999.1.1.7898.12345")
    text = text_of(proof_of_deposit(patient, doctor, surgery, [document.entry], "1.2.3.4", NOW, host="Hébergeur"))
    for expected in (document.entry.hash, document.entry.unique_id, "1.2.3.4", "Compte rendu d'été", "Hébergeur"):
        assert expected in text
    assert len(document.entry.hash) == hashlib.sha1().digest_size * 2


def test_french_typography_and_spelling():
    assert french("« a » : b ?") == "«\u00a0a\u00a0»\u00a0: b\u00a0?"
    assert spelled("a0!").replace("\u00a0", " ") == "a minuscule, chiffre 0, signe !"
