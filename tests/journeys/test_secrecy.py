"""Nothing that names a patient, opens a card or travelled on the wire is left in logs or in clear on the disk."""

from __future__ import annotations

import logging
import re
import tempfile
import traceback
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from card_sim import cast
from card_sim.authority import Authority
from card_sim.structure_certificates import PASSWORD
from cps_bridge.storage.settings import Settings
from dossier.failure import Failure

REPORT = "11488-4"
NAMES = ("DUVAL", "MARCHAND", "SOPHIE", "ROUX", "ODETTE", "MARTIN", "CLAIRE", "BERNARD", "MERCIER")
TITLE, BECAUSE = "Consultation du genou", "inconscient"
MOBILE, CITY = "0698765432", "Ploumanac'h"
LOCK, WRONG_LOCK = "Tournesol-77", "Capucine-88"
# Also the beginnings of what travels: SOAP, SAML, ebXML, CDA, MIME, PKCS and PDF.
WIRE = (
    "<?xml",
    "Envelope>",
    "saml:",
    ":SubmitObjectsRequest>",
    "ClinicalDocument",
    "--uuid",
    "BEGIN",
    "%PDF",
    "sophie@",
    "061234",
)


@pytest.fixture
def spoken(caplog: pytest.LogCaptureFixture) -> Any:
    """Everything that every logger says, at its most talkative; libraries too."""
    caplog.set_level(logging.DEBUG)
    for name in ("zeep", "requests", "urllib3", "pydicom", "filelock", "keyring", "PIL", "asn1crypto", "fontTools"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    formatter = logging.Formatter("%(name)s %(levelname)s %(message)s")
    return lambda: "\n".join(formatter.format(each) for each in caplog.records)


def matricules(practice: Any) -> list[str]:
    return [each.patient.matricule for each in practice.do("journal") if each.patient]


def live_a_day(practice: Any) -> list[str]:
    """Creation, deposit, reading, masking, emergency, and things that go wrong; gives the matricules it was about."""
    practice.consult("pharmacien", "famille-marchand")
    practice.do("create")
    practice.consult("generaliste", "jean")
    practice.do("administration")
    practice.do("deposit", path=practice.pdf("DUVAL Jean.pdf"), type_code=REPORT, title=TITLE)
    (entry,) = practice.do("list")
    practice.do("open", unique_id=entry.unique_id)
    practice.do("mask", unique_id=entry.unique_id)
    fault = {"transaction": "TD2.1", "when": "after_commit", "effect": "drop", "times": 1}
    practice.simulation.host.operate("faults", fault)
    practice.do("deposit", path=practice.pdf(), type_code=REPORT, title=TITLE)
    practice.do("send")
    practice.consult("generaliste-port", "paul")
    practice.do("break-glass")
    practice.meet("odette")
    goes_wrong(practice, "deposit", path=practice.pdf(), type_code=REPORT)
    goes_wrong(practice, "open", unique_id=None)
    practice.insert(1, "lucie")
    goes_wrong(practice, "patient")
    practice.remove(0)
    practice.insert(0, "generaliste")
    practice.user.answers["AskPin"] = lambda question: bytearray(b"9182")
    goes_wrong(practice, "session")
    return matricules(practice)


def manage_a_dossier(practice: Any) -> list[str]:
    """Account, management data, closing, what is new, a minor in secret, a search; each also as it is refused."""
    practice.consult("pharmacien", "famille-marchand")
    goes_wrong(practice, "channel", email="autre@exemple.fr")
    practice.do("create")
    practice.do("channel", action="change", mobile=MOBILE)
    goes_wrong(practice, "channel", mobile=MOBILE)
    practice.do("renew-secrets")
    practice.consult("generaliste", "jean")
    practice.do("edit-administration", city=CITY, postal_code="56000")
    goes_wrong(practice, "edit-administration", city=CITY)
    practice.do("news")
    practice.do("followed")
    practice.do("close", reason=BECAUSE)
    goes_wrong(practice, "close", reason=BECAUSE)
    practice.meet("famille-marchand", rank=2)
    practice.do("create")
    practice.do("authorise")
    practice.do("secret-access")
    people = matricules(practice)
    practice.open("regulateur")
    practice.do("search", family_name="DUVAL")
    goes_wrong(practice, "search", family_name=" ")
    practice.open("secretaire")
    goes_wrong(practice, "search", family_name="DUVAL")
    return people


def goes_wrong(practice: Any, use_case: str, **request: Any) -> None:
    with pytest.raises(Failure) as caught:
        practice.do(use_case, **request)
    told = caught.value.sentence() + caught.value.remedy()
    assert not any(name in told for name in NAMES)


def found(text: str, secrets: list[str]) -> list[str]:
    return [each for each in secrets if re.search(rf"(?<![\w.]){re.escape(each)}", text, re.IGNORECASE)]


def test_a_day_leaves_no_secret_in_any_log_nor_in_clear_on_the_disk(
    practice: Any, spoken: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    people = live_a_day(practice)
    assert len(set(people)) > 3
    secrets = [*people, *(each[:13] for each in people), *NAMES, TITLE, BECAUSE]
    said = spoken()
    assert len(said) > 200, "nothing was said: this test proves nothing"
    assert found(said, [*secrets, *WIRE, "1234", "9182"]) == []
    kept = [each for each in files(practice.directory) if each.suffix != ".pdf"]
    assert {"vault.db", "vault.db-wal"} <= {each.name for each in kept}
    for path in [*kept, *files(temporary)]:
        clear = path.read_bytes().decode("latin-1")
        assert [each for each in secrets if each in clear] == [], path.name
    assert not any(temporary.iterdir())


def test_the_management_of_a_dossier_leaves_no_secret_in_any_log(practice: Any, spoken: Any) -> None:
    people = manage_a_dossier(practice)
    assert len(set(people)) > 2
    said = spoken()
    assert len(said) > 200, "nothing was said: this test proves nothing"
    secrets = [*people, *(each[:13] for each in people), *NAMES, MOBILE, CITY, BECAUSE]
    assert found(said, [*secrets, *WIRE, "1234"]) == []


def relocked(source: Path, target: Path) -> Path:
    """The same keys behind a password that is no common word: it can be looked for."""
    key, certificate, others = pkcs12.load_key_and_certificates(source.read_bytes(), PASSWORD)
    locked = serialization.BestAvailableEncryption(LOCK.encode())
    target.write_bytes(pkcs12.serialize_key_and_certificates(b"", key, certificate, others, locked))
    return target


def test_the_password_of_the_keys_of_a_structure_is_told_nowhere(
    make_practice: Any, authority_dir: Path, spoken: Any, tmp_path: Path
) -> None:
    keys, place = Authority.open(authority_dir).structure_files("hopital"), cast.structures()["hopital"]
    settings = Settings(
        structure=f"{place.id_nat}|{place.name}|SA01",
        structure_connection=str(relocked(keys.auth_p12, tmp_path / "connection.p12")),
        structure_signature=str(relocked(keys.sign_p12, tmp_path / "signature.p12")),
    )
    practice = make_practice(settings=settings)
    person = cast.professionals()["generaliste-port"]
    who = f"{person.id_nat}|{person.family_name}|{person.given_name}|{person.profession}/{person.specialty}"
    asked = {"professional": who, "mode": "indirecte", "method": "mot-de-passe"}
    with pytest.raises(Failure) as caught:
        practice.do("structure-session", **asked, password=bytearray(WRONG_LOCK.encode()))
    wrong = "".join(traceback.format_exception(caught.value)) + str(caught.value.facts)
    assert found(wrong, [LOCK, WRONG_LOCK]) == []
    practice.do("structure-session", **asked, password=bytearray(LOCK.encode()))
    ins = cast.patients()["jean"].ins
    practice.do("patient", source="ins", ins=ins)
    practice.do("dossier")
    practice.do("deposit", path=practice.pdf(), type_code=REPORT, title=TITLE)
    secrets = [LOCK, WRONG_LOCK, ins, ins[:13], *NAMES, TITLE]
    said = spoken()
    assert len(said) > 200, "nothing was said: this test proves nothing"
    assert found(said, [*secrets, *WIRE]) == []
    for path in [each for each in files(practice.directory) if each.suffix != ".pdf"]:
        clear = path.read_bytes().decode("latin-1")
        assert [each for each in secrets if each in clear] == [], path.name


def files(directory: Path) -> list[Path]:
    """The client's files: not those of the virtual host, nor of the fictional authority."""
    others = ("host", "authority")
    return [
        each for each in directory.rglob("*") if each.is_file() and each.relative_to(directory).parts[0] not in others
    ]
