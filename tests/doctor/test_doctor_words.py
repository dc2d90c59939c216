"""What leaves the computer holds nothing of it or of anybody."""

from __future__ import annotations

import pytest

from cps_bridge.doctor.words import of_failure, reader_model, redacted
from dossier.failure import Failure


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Gemalto PC Twin Reader (D0A2B1C3) 00 00", "Gemalto PC Twin Reader"),
        (
            "SCM Microsystems SCR3310v2.0 USB SC Reader (21120612310587) 00 00",
            "SCM Microsystems SCR3310v2.0 USB SC Read",
        ),
        ("OMNIKEY AG CardMan 3121 01 00", "OMNIKEY AG CardMan 3121"),
        ("ACS ACR38U-CCID 00 00", "ACS ACR38U-CCID"),
        ("Lecteur US12345678X", "Lecteur"),
        ("Lecteur A1B2C3D4E5", "Lecteur"),
        ("Lecteur simulé 1", "Lecteur simulé 1"),
        ("\u202e(12)", "?"),
    ],
)
def test_a_reader_is_named_by_its_model(given: str, kept: str) -> None:
    assert reader_model(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("carte 8025000001/0123456789", "carte …01/…89"),
        ("NIR 2 55 08 14 168 025 38", "NIR …38"),
        ("INS 255081416802538", "INS …38"),
        ("/home/jean dupont/module.so manque", "… manque"),
        ("« /home/jean dupont/module.so » manque", "« … » manque"),
        (r"C:\Users\dupont\lib.dll manque", "… manque"),
        ("~/secret.pem", "…"),
        ("dupont@cabinet.fr écrit", "… écrit"),
        (
            "PC/SC, TLS 1.2, 31/12/2049, 127.0.0.1:40123, HTTP 501",
            "PC/SC, TLS 1.2, 31/12/2049, 127.0.0.1:40123, HTTP 501",
        ),
    ],
)
def test_paths_numbers_and_addresses_are_cut(given: str, kept: str) -> None:
    assert redacted(given) == kept


def test_the_home_of_the_person_is_cut_whatever_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/les gens/jean dupont")
    assert "dupont" not in redacted("le fichier /srv/les gens/jean dupont/x.pem")


def test_a_failure_is_told_in_its_own_words_without_its_numbers() -> None:
    finding = of_failure("host", Failure("SETTING_UNKNOWN", name="255081416802538"))
    assert "…38" in finding.cause and "2550" not in finding.cause
    assert finding.remedy
