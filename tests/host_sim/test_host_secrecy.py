"""Nothing that names a patient, nor an assertion, is left in what the host says, however badly a request ends."""

from __future__ import annotations

import http.client
import logging
import re
import sqlite3
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from host_wire import QUERY_ACTION, Stage, ins_of, state_of

from card_sim import cast
from card_sim.authority import Authority
from host_sim import accounts, messages
from host_sim.messages import Carrier
from host_sim.serving import Host

JEAN = ins_of("jean")
MAIL = "jean@example.org"
SECRETS = (
    *(each.ins[:13] for each in cast.patients().values()),
    *("DUVAL", "MONTMORENCY", "MARTIN", "CLAIRE", "BERNARD", "BENALI", "Nadia", "jean@"),
    *("Assertion", "saml", "Envelope", "NameID", "AccesDirect/", "<?xml", "BEGIN"),
)

Spoken = Callable[[], str]


@pytest.fixture
def spoken(caplog: pytest.LogCaptureFixture) -> Spoken:
    """Everything that every logger says, at its most talkative, with the tracebacks."""
    caplog.set_level(logging.DEBUG)
    for name in ("werkzeug", "waitress", "waitress.queue", "flask"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    formatter = logging.Formatter("%(name)s %(levelname)s %(message)s")
    return lambda: "\n".join(formatter.format(each) for each in caplog.records)


@pytest.fixture
def stage(authority: Authority, tmp_path: Path) -> Iterator[Stage]:
    """A host with its patient's site; its tables in SQLite, whose triggers these tests use."""
    host = Host(tmp_path / "data", authority, database="sqlite", patient_site=True)
    stage = Stage(authority, host.start(), host.house, tmp_path / "pem")
    yield stage
    stage.close()
    host.stop()


def found(text: str) -> list[str]:
    return [each for each in SECRETS if re.search(re.escape(each), text, re.IGNORECASE)]


def page(stage: Stage, path: str) -> int:
    """TD0.9 by the card of the general practitioner; 0 when the connection ends without an answer."""
    parts = urlsplit(stage.facts["endpoints"]["patients"])
    context = stage.who("generaliste").tls_context
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=context, timeout=30)
    try:
        connection.request("GET", f"/AccesDirect/{path}")
        return connection.getresponse().status
    except (http.client.HTTPException, OSError):
        return 0
    finally:
        connection.close()


def sign_in(stage: Stage, mistake: str = "") -> int:
    """Login and password of the patient, with a mistake or without, on the site; gives the status."""
    made = accounts.renew(stage.house.store, JEAN)
    assert made
    parts = urlsplit(stage.facts["patient_site"])
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request("GET", "/connexion")
        shown = connection.getresponse()
        cookie = shown.headers["Set-Cookie"].partition(";")[0]
        csrf = re.search(r'name="csrf" value="([^"]+)"', shown.read().decode())
        assert csrf
        form = urlencode({"csrf": csrf[1], "login": made.login, "password": made.password + mistake})
        kind = "application/x-www-form-urlencoded"
        connection.request("POST", "/connexion", form, {"Cookie": cookie, "Content-Type": kind})
        return connection.getresponse().status
    finally:
        connection.close()


def break_tables(folder: Path, *tables: str) -> None:
    """The database refuses to write, with a message that quotes a patient, as those of databases do."""
    (file,) = [each for each in (folder / "data").rglob("*") if is_database(each)]
    with sqlite3.connect(file) as base:
        said = f"Key (ins)=({JEAN}) of DUVAL already exists"
        for each in tables:
            act = f"SELECT RAISE(ABORT, '{said}')"
            base.execute(f"CREATE TRIGGER broken_{each} BEFORE INSERT ON {each} BEGIN {act}; END")
    base.close()


def is_database(path: Path) -> bool:
    return path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"


def test_calls_pages_and_refusals_leave_no_patient_in_the_log(stage: Stage, spoken: Spoken) -> None:
    assert state_of(stage.query("generaliste", "jean")) == "VALIDE"
    assert stage.query("generaliste", "jean", "CNSLT_DATA").status == 200
    assert stage.authorise("generaliste-port", "amelie").status == 200
    assert stage.query("generaliste", "jean", name_id="899700999999").status == 500
    who = stage.who("generaliste")
    assert who.post("patients", f"<Envelope><broken>DUVAL {JEAN}".encode()).status == 500
    assert who.call("patients", QUERY_ACTION, f"<broken>DUVAL {JEAN}</broken>", who.assertion("jean")).status == 500
    assert page(stage, f"DossierPatient/{JEAN}") == 200
    assert page(stage, f"DossierPatient/{JEAN}/autre") == 404
    assert sign_in(stage) == 303
    said = spoken()
    assert "host_sim INFO refused patients" in said
    assert found(said) == []


def test_an_unexpected_error_is_told_by_its_type_and_place_only(stage: Stage, spoken: Spoken, tmp_path: Path) -> None:
    break_tables(tmp_path, "access_chain", "site_failures")
    assert stage.query("generaliste", "jean").status == 500
    assert page(stage, f"DossierPatient/{JEAN}") == 0
    assert sign_in(stage, "x") == 500
    said = spoken()
    assert "host_sim ERROR unexpected IntegrityError in " in said
    assert re.search("host_sim ERROR unexpected IntegrityError in .* on a page", said)
    assert "connection ended badly: IntegrityError in " in said
    assert found(said) == []


def test_messages_of_the_spool_are_for_their_owner_only(tmp_path: Path) -> None:
    carrier = Carrier(tmp_path / "messages")
    for kind, address in ((messages.EMAIL, MAIL), (messages.SMS, "0612345678")):
        carrier.send(kind, address, "Votre code est 123456.", datetime(2026, 1, 5, tzinfo=UTC))
    kept = [each for each in (tmp_path / "messages").rglob("*") if each.is_file()]
    assert len(kept) == 2
    assert {stat.S_IMODE(each.stat().st_mode) for each in kept} == {0o600}
    assert {stat.S_IMODE(each.parent.stat().st_mode) for each in kept} == {0o700}


def test_a_message_that_cannot_be_sent_is_told_without_its_address(tmp_path: Path, spoken: Spoken) -> None:
    (tmp_path / "messages").write_bytes(b"")
    with pytest.raises(messages.NotSent):
        Carrier(tmp_path / "messages").send(messages.EMAIL, MAIL, "Votre code est 123456.", datetime.now(UTC))
    said = spoken()
    assert "a message was not sent" in said
    assert found(said) == []
    assert "123456" not in said
