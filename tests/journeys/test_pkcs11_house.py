"""A house whose settings name a PKCS#11 module: OpenSC on the real stack, which cannot use the signature key of a CPS3.

What ends a session, and what a wrong code costs, is told twice: by the module, and by our own APDUs. An outside program
of the same computer says what the card really thinks.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cps_bridge.storage.outbox import State
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import user as words
from dossier.access import DossierState
from dossier.failure import Cancelled, Failure

_PLACES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib")
MODULE = next((str(path) for each in _PLACES if (path := Path(each, "opensc-pkcs11.so")).is_file()), "")
MASTER_FILE, ASK_PIN = "00:A4:09:0C:02:3F:00", "00:20:00:01"
TYPE = "11488-4"
UNLOCKED = "9000"

pytestmark = [
    pytest.mark.pcsc,
    pytest.mark.skipif(not MODULE, reason="the PKCS#11 module of OpenSC is not installed (apt-get install opensc)"),
    pytest.mark.skipif(not shutil.which("opensc-tool"), reason="opensc-tool is not installed (apt-get install opensc)"),
]
BACKENDS = ["apdu", "pkcs11"]


def settings(backend: str, *, signed: bool = False) -> Settings:
    return Settings(card_backend=backend, pkcs11_module=MODULE, vihf_signed=signed)


@pytest.fixture
def own_pair(vpcd_pair: Any, opensc_conf: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The names of the readers of this worker, the only ones that OpenSC sees."""
    monkeypatch.setenv("OPENSC_CONF", str(opensc_conf))
    return vpcd_pair[2]


@pytest.fixture
def pin_seen_from_outside(own_pair: tuple[str, str]) -> Callable[[], str]:
    """Asks the card, by another program, what it thinks of its PIN: 9000 in force, 63Cx x tries left, 6983 blocked."""

    def ask() -> str:
        command = ["opensc-tool", "-c", "default", "-r", own_pair[0], "-s", MASTER_FILE, "-s", ASK_PIN]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        one, two = re.findall(r"SW1=0x(..), SW2=0x(..)", done.stdout)[-1]
        return f"{one}{two}".upper()

    return ask


@pytest.fixture
def practice_by(make_practice: Any, own_pair: Any) -> Callable[..., Any]:
    """Makes a practice that reaches professional cards by a back end."""
    return lambda backend, signed=False: make_practice(backend, settings=settings(backend, signed=signed))


def log_of(practice: Any) -> list[dict[str, Any]]:
    log = practice.simulation.host.operate("log")
    return log if isinstance(log, list) else log["log"]


def told(practice: Any, use_case: str, **request: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        practice.do(use_case, **request)
    assert caught.value.sentence() and caught.value.remedy()
    return caught.value


def types(practice: Any, code: bytes) -> None:
    """Let the person type this code from now on."""
    practice.user.answers["AskPin"] = lambda question: bytearray(code)


def test_the_module_opens_the_session_and_reads_the_practice_situations(practice_by: Any) -> None:
    practice = practice_by("pkcs11")
    session = practice.open("generaliste")
    (asked,) = (question for question in practice.user.asked if isinstance(question, words.ChooseActivity))
    assert [(each.structure.name, each.sector) for each in asked.activities] == [
        ("Cabinet des Lilas", "SA08"),
        ("Centre de santé du Canal", "SA05"),
    ]
    assert (session.professional.family_name, session.professional.specialty) == ("MARTIN", "SM26")
    assert session.card.pin.tries_left is None  # a module flags, it does not count


def test_the_authentication_key_opens_tls_and_the_dossier_is_consulted(practice_by: Any) -> None:
    practice = practice_by("pkcs11")
    assert practice.consult("generaliste", "jean").is_attending_doctor
    assert practice.do("list") == ()
    assert {(each["who"], each["outcome"]) for each in log_of(practice)} == {("899700000021", "ok")}


def test_with_signed_assertions_the_key_it_cannot_use_is_told_and_nothing_leaves(practice_by: Any) -> None:
    practice = practice_by("pkcs11", signed=True)
    practice.open("generaliste")
    practice.insert(1, "jean")
    failure = told(practice, "patient")
    assert failure.code == "KEY_NOT_USABLE"
    assert practice.house.patient is None
    assert log_of(practice) == []
    assert told(practice, "dossier").code == "PATIENT_NEEDED"


def test_a_deposit_that_cannot_be_signed_is_told_and_leaves_nothing_behind(practice_by: Any) -> None:
    practice = practice_by("pkcs11")
    practice.consult("generaliste", "jean")
    failure = told(practice, "deposit", path=practice.pdf(), type_code=TYPE)
    assert failure.code == "KEY_NOT_USABLE"
    assert practice.house.outbox.items() == ()
    assert practice.simulation.host.operate("documents", patient="jean") == []
    assert not any(each["transaction"].startswith("TD2") for each in log_of(practice))
    assert practice.do("list") == ()  # and the session goes on


def test_what_needs_no_signature_of_the_card_is_done_through_the_module(practice_by: Any) -> None:
    practice = practice_by("pkcs11")
    practice.consult("pharmacien", "famille-marchand")
    assert practice.do("create").dossier.state is DossierState.OPEN


@pytest.mark.parametrize("backend", BACKENDS)
def test_taking_the_card_out_ends_the_session_and_its_return_asks_the_code(practice_by: Any, backend: str) -> None:
    practice = practice_by(backend)
    practice.consult("generaliste", "jean")
    practice.remove(0)
    practice.wait(lambda: practice.house.session is None)
    assert (practice.house.ended_because, practice.house.patient) == ("card", None)
    assert told(practice, "dossier").code == "SESSION_NEEDED"
    practice.user.asked.clear()
    practice.open("generaliste")
    assert practice.user.was_asked(words.AskPin)
    practice.meet("jean")
    assert practice.do("dossier").state is DossierState.OPEN


@pytest.mark.parametrize("backend", BACKENDS)
def test_another_professional_never_works_in_the_session_of_the_first(practice_by: Any, backend: str) -> None:
    practice = practice_by(backend)
    practice.consult("generaliste", "jean")
    practice.insert(0, "generaliste-gare")
    practice.wait(lambda: practice.house.session is None)
    assert told(practice, "dossier").code == "SESSION_NEEDED"
    assert practice.do("session").professional.family_name == "FAURE"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_card_taken_out_while_its_code_is_typed_opens_nothing(practice_by: Any, backend: str) -> None:
    practice = practice_by(backend)
    practice.insert(0, "generaliste")
    typed = bytearray(b"1234")

    def leave(question: words.AskPin) -> bytearray:
        practice.remove(0)
        return typed

    practice.user.answers["AskPin"] = leave
    assert told(practice, "session").code == "CARD_REMOVED"
    assert (practice.house.session, bytes(typed)) == (None, bytes(4))


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_wrong_code_costs_one_try_and_the_last_waits_for_the_words(
    practice_by: Any, pin_seen_from_outside: Any, backend: str
) -> None:
    practice = practice_by(backend)
    practice.insert(0, "generaliste")
    types(practice, b"9999")
    for left in ("63C2", "63C1"):
        assert told(practice, "session").code == "PIN_WRONG"
        assert pin_seen_from_outside() == left
    practice.user.answers["ConfirmLastTry"] = "oui"
    with pytest.raises(Cancelled):
        practice.do("session")
    assert pin_seen_from_outside() == "63C1"
    types(practice, b"1234")
    practice.user.answers["ConfirmLastTry"] = lambda question: question.word
    assert practice.do("session").professional.family_name == "MARTIN"


ENDS: dict[str, Callable[[Any], None]] = {
    "lock": lambda practice: practice.house.lock(),
    "user": lambda practice: practice.house.user_changed(),
    "lock by hand": lambda practice: practice.do("lock"),
    "closing the program": lambda practice: practice.house.close(),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_no_other_program_can_use_the_card_after_the_session(
    practice_by: Any, pin_seen_from_outside: Any, backend: str, end: str
) -> None:
    practice = practice_by(backend)
    practice.open("generaliste")
    assert pin_seen_from_outside() == UNLOCKED
    ENDS[end](practice)
    assert pin_seen_from_outside() == "63C3"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_session_that_could_not_open_leaves_the_card_locked(
    practice_by: Any, pin_seen_from_outside: Any, backend: str
) -> None:
    practice = practice_by(backend)

    def give_up(question: words.ChooseActivity) -> None:
        raise Cancelled

    practice.user.answers["ChooseActivity"] = give_up
    practice.insert(0, "generaliste")
    with pytest.raises(Cancelled):
        practice.do("session")
    assert pin_seen_from_outside() == "63C3"


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_person_changes_the_code_and_it_opens_the_next_session(practice_by: Any, backend: str) -> None:
    practice = practice_by(backend)
    practice.insert(0, "generaliste")
    practice.user.answers["AskNewPin"] = lambda question: bytearray(b"2468")
    practice.do("change-pin")
    assert told(practice, "session").code == "PIN_WRONG"
    types(practice, b"2468")
    assert practice.do("session").professional.family_name == "MARTIN"


def test_what_the_remedy_says_helps(practice_by: Any) -> None:
    practice = practice_by("pkcs11", signed=True)
    practice.open("generaliste")
    practice.insert(1, "jean")
    assert "l'accès direct à la carte dans les réglages" in told(practice, "patient").remedy()
    practice.remove(0)
    practice.remove(1)
    practice.house.close()
    direct = practice_by("apdu", signed=True)
    direct.consult("generaliste", "jean")
    assert direct.do("deposit", path=direct.pdf(), type_code=TYPE).state is State.DONE
