"""A session through the PKCS#11 module that the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import user as words
from dossier.failure import Failure

OPENSC = Path("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so")


def test_a_module_that_is_not_there_is_told_before_anything_opens(make_practice: Any, tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        make_practice(settings=Settings(card_backend="pkcs11", pkcs11_module=str(tmp_path / "absent.so")))
    assert caught.value.code == "PKCS11_MODULE_MISSING"
    assert not (tmp_path / "cabinet" / "vault.db").exists()


@pytest.mark.pcsc
@pytest.mark.skipif(not OPENSC.exists(), reason="OpenSC is not installed")
def test_with_opensc_the_session_opens_and_the_key_that_it_cannot_use_is_told(
    make_practice: Any, opensc_conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENSC_CONF", str(opensc_conf))
    settings = Settings(card_backend="pkcs11", pkcs11_module=str(OPENSC), vihf_signed=False)
    practice = make_practice(settings=settings)
    session = practice.open("generaliste")
    assert (session.professional.family_name, session.activity.structure.name) == ("MARTIN", "Cabinet des Lilas")
    practice.do("session")
    assert sum(isinstance(question, words.AskPin) for question in practice.user.asked) == 1
    practice.meet("jean")
    assert practice.do("dossier").is_attending_doctor
    with pytest.raises(Failure) as caught:
        practice.do("deposit", path=practice.pdf(), type_code="11488-4")
    assert caught.value.code == "KEY_NOT_USABLE"
    assert practice.house.outbox.items() == ()


@pytest.mark.pcsc
@pytest.mark.skipif(not OPENSC.exists(), reason="OpenSC is not installed")
def test_with_opensc_a_wrong_pin_is_presented_once_and_locking_asks_again(
    make_practice: Any, opensc_conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENSC_CONF", str(opensc_conf))
    settings = Settings(card_backend="pkcs11", pkcs11_module=str(OPENSC), vihf_signed=False)
    practice = make_practice(settings=settings)
    practice.insert(0, "generaliste")
    practice.user.answers["AskPin"] = lambda question: bytearray(b"9999")
    with pytest.raises(Failure) as caught:
        practice.do("session")
    assert caught.value.code == "PIN_WRONG"
    practice.user.answers["AskPin"] = lambda question: bytearray(b"1234")
    # After a wrong PIN this module says only that few tries are left: each of them may be the last.
    practice.user.answers["ConfirmLastTry"] = lambda question: question.word
    practice.do("session")
    practice.house.lock()
    practice.user.asked.clear()
    practice.do("session")
    assert practice.user.was_asked(words.AskPin)
