"""A terminal that is used wrongly, or by a program that goes away: one French sentence, a documented exit code."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from journey_parts import PDF, own_readers

CODES = (0, 2, 3, 4, 5, 6, 7, 8, 130)
REPORT = "11488-4"
JEAN = ("--vitale", "jean")
SOPHIE = ("--vitale", "famille-marchand", "--beneficiary", "1")
CREATION = ("create", "--informed", "--consent", "oral", "--email", "sophie@exemple.fr", "--yes", *SOPHIE)


def door(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "connectors.command_line", *map(str, arguments)]


class Door:
    """Starts ``cps-bridge`` on one data directory, with the PIN of a file as its standard input's neighbour."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.pdf = directory / "compte-rendu.pdf"
        self.pdf.write_bytes(PDF)

    def simulated(self, *arguments: object, cps: str = "generaliste") -> list[str]:
        return door(*arguments, "--simulated", "--data", self.directory, "--cps", cps)

    def start(self, *arguments: object, pin: bytes = b"1234\n", **how) -> subprocess.Popen[str]:
        """The PIN is given on descriptor 0, which is no terminal."""
        reading, writing = os.pipe()
        os.write(writing, pin)
        os.close(writing)
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | how
        try:
            return subprocess.Popen([*self.simulated(*arguments), "--pin-fd", "0"], stdin=reading, **how)
        finally:
            os.close(reading)

    def run(self, *arguments: object, activity: bool = True, **how) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, *(("--activity", "1") if activity else ()), **how)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def here(tmp_path: Path, authority_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    own_readers(monkeypatch)
    (tmp_path / "authority").symlink_to(authority_dir)
    return Door(tmp_path)


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that tells of the failure: the cards are in, none is asked for."""
    lines = done.stderr.splitlines()
    assert done.returncode in CODES and done.returncode != 0
    assert "Traceback" not in done.stderr
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "COMMANDE"),
        (("inconnue",), "COMMANDE doit être l'un de ces mots"),
        (("deposit",), "il manque path, --type"),
        (("outbox-history", "abc"), "number doit être un nombre"),
        (("session", "--pin-fd"), "--pin-fd attend une valeur"),
        (("session", "--pin", "1234"), "--pin n'existe pas ici"),
        (("session", "--pin=1234"), "--pin n'existe pas ici"),
        (("session", "159041411890362"), "un argument de trop"),
        (("session", "--wait", "nan"), "--wait doit être un nombre"),
        (("session", "--wait", "-1"), "--wait doit être un nombre"),
    ],
)
def test_a_command_that_is_not_understood_is_told_in_french_without_what_was_typed(
    arguments: tuple[str, ...], told: str
) -> None:
    done = subprocess.run(door(*arguments), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert told in sentence(done)
    assert "1234" not in done.stderr and "159041411890362" not in done.stderr


def test_a_program_reads_its_wrong_command_as_json() -> None:
    done = subprocess.run(door("session", "--nothing", "--json"), capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stderr)["failure"]) == (2, "COMMAND_LINE")


@pytest.mark.parametrize("place", ["a file", "nowhere"])
def test_a_data_directory_that_cannot_be_had_is_a_storage_failure(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    directory = tmp_path / "file" if place == "a file" else Path("/proc/cps-bridge")
    done = subprocess.run(
        door("session", "--simulated", "--data", directory), capture_output=True, text=True, check=False
    )
    assert done.returncode == 8
    assert "dossier de données" in sentence(done)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_change_no_exit_code(here: Door, closed: str) -> None:
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh"]
    quiet = subprocess.run([*shell, *here.simulated("outbox")], capture_output=True, text=True, check=False)
    assert quiet.returncode == 0, quiet.stderr
    asking = subprocess.run(
        [*shell, *here.simulated("session")], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert asking.returncode == 2
    assert "Traceback" not in asking.stderr and "ne connaît pas" not in asking.stderr


def test_an_unknown_lot_has_no_history(here: Door) -> None:
    assert "n'existe pas" in sentence(here.run("outbox-history", "99"))
    assert "n'existe pas" in sentence(here.run("outbox-history", "9" * 40))


def test_a_journal_is_exported_to_a_file_only(here: Door) -> None:
    done = here.run("journal-export", here.directory)
    assert done.returncode == 8
    assert "export" in sentence(done)


def test_a_trace_that_cannot_be_written_is_told_before_anything_is_done(here: Door) -> None:
    done = here.run("session", "--trace", here.pdf)
    assert done.returncode == 2
    assert "--trace" in sentence(done)


def test_an_empty_ins_is_not_the_card_in_the_reader(here: Door) -> None:
    done = here.run("dossier", "--ins", "", *JEAN)
    assert done.returncode == 6
    assert "INS" in sentence(done)


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("deposit", "{pdf}", "--type", REPORT, *JEAN), "--yes"),
        (("break-glass", "--vitale", "paul", "--yes"), "--reason"),
        (("dossier", "--vitale", "famille-marchand"), "--beneficiary"),
    ],
)
def test_a_missing_answer_names_the_option_and_nobody(here: Door, arguments: tuple[str, ...], option: str) -> None:
    done = here.run(*(each.format(pdf=here.pdf) for each in arguments))
    assert done.returncode == 2
    assert option in sentence(done)
    assert not any(name in done.stderr for name in ("DUVAL", "MARCHAND", "NOEL"))


def test_a_justification_that_no_message_can_hold_is_refused(here: Door) -> None:
    done = here.run(
        "break-glass", "--vitale", "paul", "--yes", "--reason", "OTHER", "--because", "malaise\x02 dans la rue"
    )
    assert done.returncode == 6
    assert "justification" in sentence(done)


@pytest.mark.parametrize("number", ["77", "-1", "9" * 30])
def test_a_descriptor_that_is_not_open_is_told(here: Door, number: str) -> None:
    done = subprocess.run(
        [*here.simulated("session"), f"--pin-fd={number}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "descripteur" in sentence(done)


@pytest.mark.parametrize("pin", [b"", b"\n", b"7" * 60_000, b"12 4\n", "１２３４\n".encode()])
def test_what_is_no_pin_is_never_shown_to_the_card(here: Door, pin: bytes) -> None:
    done = here.run("session", pin=pin)
    assert done.returncode == 4
    assert "7777" not in sentence(done)
    assert here.run("session", "--json").returncode == 0


def test_a_creation_whose_sheets_could_not_be_written_is_not_begun(here: Door) -> None:
    done = here.run(*CREATION, "--out", here.pdf)
    assert done.returncode == 2
    assert "Rien n'a été fait" in sentence(done)
    assert "absent" in here.run("dossier", *SOPHIE).stdout


def test_a_creation_never_writes_over_the_sheets_of_another_patient(here: Door) -> None:
    (here.directory / "secrets-patient.pdf").write_bytes(b"another patient's")
    assert here.run(*CREATION, "--out", here.directory).returncode == 2
    assert (here.directory / "secrets-patient.pdf").read_bytes() == b"another patient's"


def test_nobody_reading_the_answer_is_no_failure_of_the_act(here: Door) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = here.run("deposit", here.pdf, "--type", REPORT, "--yes", *JEAN, stdout=writing)
    os.close(writing)
    assert done.returncode == 0
    assert "Broken" not in done.stderr
    assert "envoyé" in here.run("outbox").stdout


def test_an_answer_that_a_full_disk_refuses_is_told(here: Door) -> None:
    with Path("/dev/full").open("w") as full:
        done = here.run("outbox", "--json", stdout=full)
        assert done.returncode == 0  # nothing to write yet
        done = here.run("journal", *JEAN, stdout=full)
    assert done.returncode == 2
    assert "n'a pas pu être écrit" in sentence(done)


def test_an_interruption_at_a_question_ends_the_command_at_once(here: Door) -> None:
    """A person presses Ctrl-C instead of answering: exit 130, nothing kept, nothing sent."""
    answer = _interrupted_at(here, b"(o/n)")
    assert answer == (130, True)
    assert "Rien" in here.run("outbox").stdout


def _interrupted_at(here: Door, prompt: bytes) -> tuple[int, bool]:
    command = here.simulated("deposit", here.pdf, "--type", REPORT, *JEAN, "--activity", "1")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    seen = b""
    while b"Code porteur" not in seen:
        seen += os.read(terminal, 4096)
    os.write(terminal, b"1234\n")
    while prompt not in seen:
        seen += os.read(terminal, 4096)
    os.write(terminal, b"\x03")
    try:
        while more := os.read(terminal, 4096):
            seen += more
    except OSError:
        pass  # the terminal of a child that has ended
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert b"1234" not in seen
    return os.waitstatus_to_exitcode(status), b"Traceback" not in seen


def test_an_interruption_while_a_lot_is_under_way_loses_nothing(here: Door) -> None:
    trace = here.directory / "trace"
    process = here.start("deposit", here.pdf, "--type", REPORT, "--yes", *JEAN, "--activity", "1", "--trace", trace)
    while not any(trace.glob("*-TD2.1-request*")):
        if process.poll() is not None:
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode in (0, 130)
    assert "Traceback" not in err
    assert here.run("send").returncode == 0
    (line,) = here.run("outbox").stdout.splitlines()
    assert "envoyé" in line
    assert len(here.run("list", *JEAN).stdout.splitlines()) == 1
