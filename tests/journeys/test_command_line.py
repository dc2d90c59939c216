"""The same story from a terminal: one process per command, exit codes and JSON lines as documented."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from journey_parts import own_readers

REPORT = "11488-4"


class Terminal:
    """Runs ``cps-bridge`` on one data directory, as a program would."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def run(self, command: str, *arguments: str, cps: str = "generaliste", pin: bytes = b"1234") -> Any:
        return self.bare(command, *arguments, "--activity", "1", cps=cps, pin=pin)

    def bare(
        self, command: str, *arguments: str, cps: str = "generaliste", pin: bytes = b"1234", typed: str = ""
    ) -> Any:
        reading, writing = os.pipe()
        os.write(writing, pin + b"\n")
        os.close(writing)
        try:
            return subprocess.run(
                [
                    *(sys.executable, "-m", "connectors.command_line", command, *arguments, "--simulated", "--json"),
                    *("--data", str(self.directory), "--cps", cps, "--pin-fd", str(reading)),
                ],
                input=typed,
                capture_output=True,
                text=True,
                pass_fds=(reading,),
                check=False,
                timeout=120,
            )
        finally:
            os.close(reading)

    def objects(self, command: str, *arguments: str, cps: str = "generaliste") -> list[dict[str, Any]]:
        done = self.run(command, *arguments, cps=cps)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def complaint(done: Any) -> dict[str, Any]:
    return dict(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture
def terminal(tmp_path: Path, authority_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    own_readers(monkeypatch)
    (tmp_path / "authority").symlink_to(authority_dir)
    return Terminal(tmp_path)


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    from reportlab.pdfgen.canvas import Canvas

    path = tmp_path / "compte-rendu.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(72, 720, "Consultation du 23/11/2026")
    canvas.save()
    return path


def test_a_deposit_is_listed_opened_and_found_in_outbox_and_journal(terminal: Terminal, pdf: Path) -> None:
    jean = ("--vitale", "jean")
    (item,) = terminal.objects("deposit", str(pdf), "--type", REPORT, "--title", "Consultation", "--yes", *jean)
    assert item["state"] == "envoyé"
    (entry,) = terminal.objects("list", *jean)
    assert entry["title"] == "Consultation"
    out = terminal.directory / "lu.pdf"
    terminal.objects("open", entry["unique_id"], "--out", str(out), *jean)
    assert out.read_bytes() == pdf.read_bytes()
    assert [each["title"] for each in terminal.objects("outbox")] == ["Consultation"]
    proof = terminal.directory / "preuve.pdf"
    terminal.objects("proof", str(item["id"]), "--out", str(proof))
    assert proof.read_bytes().startswith(b"%PDF")
    actions = [each["action"] for each in terminal.objects("journal")]
    assert actions.count("deposit") == 2


def test_a_creation_writes_two_sheets_the_secret_one_for_its_owner_alone(terminal: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "feuilles"
    (dossier,) = terminal.objects(
        *("create", "--informed", "--consent", "oral", "--email", "sophie@exemple.fr", "--yes"),
        *("--out", str(out), "--vitale", "famille-marchand", "--beneficiary", "1"),
        cps="pharmacien",
    )
    assert dossier["state"] == "ouvert"
    assert (out / "accuse-creation.pdf").read_bytes().startswith(b"%PDF")
    assert (out / "secrets-patient.pdf").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("command", "arguments", "exit_code", "failure"),
    [
        ("dossier", ("--vitale", "lucie"), 3, "INSI_NOT_FOUND"),
        ("dossier", ("--ins", "123"), 6, "INS_SHAPE"),
        (
            "break-glass",
            ("--vitale", "karim", "--reason", "OTHER", "--because", "x" * 12, "--yes"),
            3,
            "EMERGENCY_OPPOSED",
        ),
        (
            "break-glass",
            ("--vitale", "paul", "--reason", "OTHER", "--because", "bref", "--yes"),
            6,
            "BREAK_GLASS_REASON_MISSING",
        ),
        ("create", ("--vitale", "famille-marchand", "--out", "x"), 2, "ANSWER_MISSING"),
        ("deposit", ("absent.pdf", "--type", REPORT, "--yes", "--vitale", "jean"), 6, "DOCUMENT_UNREADABLE"),
        (
            "session",
            ("--trace", "wire", "--host", "https://127.0.0.1:1", "--host-ca", "absent.pem"),
            2,
            "HOST_CA_MISSING",
        ),
        ("session", ("--host", "https://x:99999"), 6, "HOST_ADDRESS_INVALID"),
    ],
)
def test_each_kind_of_failure_has_its_exit_code_and_a_french_sentence(
    terminal: Terminal, command: str, arguments: tuple[str, ...], exit_code: int, failure: str
) -> None:
    done = terminal.run(command, *arguments)
    told = complaint(done)
    assert (told["failure"], done.returncode, done.stdout) == (failure, exit_code, "")
    assert told["sentence"] and told["remedy"]
    assert "Traceback" not in done.stderr


def test_a_wrong_pin_is_a_card_failure(terminal: Terminal) -> None:
    done = terminal.run("session", pin=b"9999")
    assert (done.returncode, complaint(done)["failure"]) == (4, "PIN_WRONG")


def test_a_host_that_is_not_there_is_a_network_failure(terminal: Terminal, authority_dir: Path) -> None:
    from card_sim.authority import Authority

    authorities = Authority.open(authority_dir).ca_file
    done = terminal.run(
        "dossier", "--host", "https://127.0.0.1:1", "--host-ca", str(authorities), "--ins", "159041411890362"
    )
    assert (done.returncode, complaint(done)["failure"]) == (7, "HOST_UNREACHABLE")


def test_every_use_case_is_a_command_with_its_help() -> None:
    helped = subprocess.run(
        [sys.executable, "-m", "connectors.command_line", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in ("window", "session", "patient", "dossier", "create", "authorise", "deposit", "deposit-imaging"):
        assert f"    {command}" in helped
    for command in ("list", "open", "break-glass", "mask", "outbox", "journal", "send", "reactivate"):
        assert f"    {command}" in helped


def test_a_pin_is_never_an_argument(terminal: Terminal) -> None:
    assert terminal.run("list", "--pin", "1234").returncode == 2


def test_a_card_that_never_comes_is_a_card_failure(terminal: Terminal) -> None:
    done = terminal.run("dossier", "--wait", "1")
    assert (done.returncode, complaint(done)["failure"]) == (4, "CARD_NOT_INSERTED")


def test_a_document_is_kept_and_deleted_from_the_terminal(terminal: Terminal, pdf: Path) -> None:
    jean = ("--vitale", "jean")
    terminal.objects("deposit", str(pdf), "--type", REPORT, "--title", "Consultation", "--yes", *jean)
    (found,) = terminal.objects("news", *jean)
    (document,) = found["documents"]
    assert terminal.objects("news", *jean)[0]["documents"] == []
    assert terminal.objects("list", "--types", "57833-6", "--since", "01/01/2026", *jean) == []
    terminal.objects("archive", document["unique_id"], "--yes", *jean)
    assert terminal.objects("list", *jean) == []
    refused = terminal.run("delete", document["unique_id"], "--yes", *jean)
    assert (refused.returncode, complaint(refused)["failure"]) == (2, "ANSWER_MISSING")
    terminal.objects("delete", document["unique_id"], "--word", "SUPPRIMER", *jean)
    assert terminal.objects("list", "--archived", *jean) == []


def test_the_dossier_is_managed_from_the_terminal(terminal: Terminal, tmp_path: Path) -> None:
    jean = ("--vitale", "jean")
    (data,) = terminal.objects("edit-administration", "--city", "Vannes", "--break-glass", "non", "--yes", *jean)
    assert (data["address"]["city"], data["choices"]["allow_break_glass"]) == ("Vannes", False)
    sheet = tmp_path / "secrets.pdf"
    terminal.objects("renew-secrets", "--out", str(sheet), "--yes", *jean)
    assert sheet.read_bytes().startswith(b"%PDF") and sheet.stat().st_mode & 0o077 == 0
    assert terminal.objects("parties", *jean)[0]["is_attending_doctor"] is True
    assert [line["dossier"]["family_name"] for line in terminal.objects("followed")] == ["DUVAL"]
    (page,) = terminal.objects("web-page", "--page", "historique", *jean)
    assert page["value"].startswith("https://127.0.0.1") and "/AccesDirect/HistoriqueAcces/" in page["value"]
    closed = terminal.objects("close", "--text", "Je déménage", "--word", "FERMER", *jean)
    assert closed[0]["state"] == "fermé"
