"""In a hospital the certificates of the establishment speak for a professional who has no card in a reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from card_sim import cast
from card_sim.authority import Authority
from card_sim.structure_certificates import PASSWORD
from cps_bridge.storage.outbox import State
from cps_bridge.storage.settings import Settings
from dossier.access import AuthorisationState, DossierState
from dossier.failure import Failure

REPORT = "11488-4"


def who(key: str = "generaliste-port") -> str:
    person = cast.professionals()[key]
    return f"{person.id_nat}|{person.family_name}|{person.given_name}|{person.profession}/{person.specialty}"


@pytest.fixture
def hospital(make_practice: Any, authority_dir: Path) -> Any:
    files, place = Authority.open(authority_dir).structure_files("hopital"), cast.structures()["hopital"]
    return make_practice(
        settings=Settings(
            structure=f"{place.id_nat}|{place.name}|SA01",
            structure_connection=str(files.auth_p12),
            structure_signature=str(files.sign_p12),
        )
    )


def enter(practice: Any, mode: str, method: str) -> Any:
    secret = bytearray(PASSWORD)
    session = practice.do("structure-session", professional=who(), mode=mode, method=method, password=secret)
    assert secret == bytes(len(secret))
    practice.do("patient", source="ins", ins=cast.patients()["jean"].ins)
    return session


def code_of(practice: Any, use_case: str, **request: Any) -> str:
    with pytest.raises(Failure) as caught:
        practice.do(use_case, **request)
    return str(caught.value.code)


def test_a_hospital_feeds_for_its_doctor_without_a_card_and_reads_nothing(hospital: Any) -> None:
    assert enter(hospital, "indirecte", "mot-de-passe").professional.family_name == "BERNARD"
    assert hospital.do("dossier").state is DossierState.OPEN
    item = hospital.do("deposit", path=hospital.pdf(), type_code=REPORT, title="Sortie")
    assert (item.state, item.code) == (State.DONE, "")
    assert code_of(hospital, "list") == "ACCESS_DENIED"


def test_a_strong_login_lets_the_doctor_of_a_hospital_read_without_a_card(hospital: Any) -> None:
    enter(hospital, "renforcee", "telephone")
    assert hospital.do("authorise").authorisation is AuthorisationState.VALID
    assert hospital.do("list") == ()
    hospital.insert(0, "pharmacien")
    hospital.remove(0)
    assert hospital.house.session is not None
    hospital.house.lock()
    assert hospital.house.session is None


def test_what_cannot_be_is_told_before_anything_leaves(hospital: Any) -> None:
    asked = {"professional": who(), "mode": "renforcee", "method": "mot-de-passe"}
    assert code_of(hospital, "structure-session", **asked) == "STRUCTURE_WEAK_LOGIN"
    assert code_of(hospital, "structure-session", professional=who(), mode="directe") == "STRUCTURE_MODE_UNKNOWN"
    assert code_of(hospital, "structure-session", professional="personne") == "AUTHOR_SETTING_INVALID"
    assert code_of(hospital, "structure-session", professional=who()) == "STRUCTURE_KEY_LOCKED"
