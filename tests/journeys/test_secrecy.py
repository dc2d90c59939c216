"""Nothing that names a patient, opens a card or travelled on the wire is left in logs or in clear on the disk."""

from __future__ import annotations

import logging
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from dossier.failure import Failure

REPORT = "11488-4"
NAMES = ("DUVAL", "MARCHAND", "SOPHIE", "ROUX", "ODETTE", "MARTIN", "CLAIRE", "BERNARD", "MERCIER")
TITLE, BECAUSE = "Consultation du genou", "inconscient"
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


def files(directory: Path) -> list[Path]:
    """The client's files: not those of the virtual host, nor of the fictional authority."""
    others = ("host", "authority")
    return [
        each for each in directory.rglob("*") if each.is_file() and each.relative_to(directory).parts[0] not in others
    ]
