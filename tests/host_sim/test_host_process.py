"""The host as a process: its first line, its end, and what it still knows after a sudden death."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from host_wire import Professional, Stage, state_of

from card_sim.authority import Authority
from host_sim.clock import Clock

REPOSITORY = Path(__file__).parents[2]
Start = Callable[..., "Running"]


class Running:
    """A host process and a stage to talk to it."""

    def __init__(self, data: Path, authority: Authority, authority_dir: Path, *options: str) -> None:
        command = [
            sys.executable,
            "-m",
            "host_sim",
            "serve",
            "--data",
            data,
            "--port",
            "0",
            "--authority",
            authority_dir,
        ]
        self.process = subprocess.Popen([*map(str, command), *options], stdout=subprocess.PIPE, cwd=REPOSITORY)
        assert self.process.stdout is not None
        self.facts: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.stage = RemoteStage(authority, self.facts, data.parent / f"pem-{self.process.pid}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def end(self) -> None:
        self.stage.close()
        if self.process.poll() is None:
            self.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()


class RemoteStage(Stage):
    """A stage whose house is in another process: only its clock is known here, and it is the real one."""

    def __init__(self, authority: Authority, facts: dict[str, Any], folder: Path) -> None:
        self.authority, self.facts, self._folder = authority, facts, folder
        self._people: dict[str, Professional] = {}
        self.house: Any = type("RemoteHouse", (), {"clock": Clock()})


@pytest.fixture
def start(tmp_path: Path, authority: Authority, authority_dir: Path) -> Iterator[Start]:
    running: list[Running] = []

    def begin(*options: str) -> Running:
        running.append(Running(tmp_path / "data", authority, authority_dir, *options))
        return running[-1]

    yield begin
    for each in running:
        each.end()


def test_sigterm_ends_with_zero(start: Start) -> None:
    host = start()
    host.stage.query("generaliste", "jean")
    assert host.stop() == 0


def test_the_first_line_tells_where_everything_is(start: Start) -> None:
    facts = start("--matrix", "2023").facts
    assert set(facts) >= {"endpoints", "ca", "admin", "web"}
    assert Path(facts["ca"]).is_file()


def test_what_was_acknowledged_survives_a_kill(start: Start) -> None:
    host = start()
    for name in ("generaliste", "radiologue", "infirmiere"):
        assert host.stage.authorise(name, "paul").status == 200
    host.kill()
    again = start()
    for name in ("generaliste", "radiologue", "infirmiere"):
        assert state_of(again.stage.query(name, "paul")) == "VALIDE"
    assert [row["transaction"] for row in again.stage.admin("log")] == ["TD0.3"] * 3 + ["TD0.2"] * 3


@pytest.mark.parametrize(("when", "state"), [("before_commit", "NON_EXISTE"), ("after_commit", "VALIDE")])
def test_a_death_around_the_commit_leaves_all_or_nothing(start: Start, when: str, state: str) -> None:
    host = start("--fault", json.dumps({"transaction": "TD0.3", "when": when, "effect": "exit"}))
    with pytest.raises(ConnectionError):
        host.stage.authorise("generaliste", "paul")
    assert host.process.wait(20) == 99
    again = start()
    assert state_of(again.stage.query("generaliste", "paul")) == state


def test_clock_and_parameters_survive(start: Start) -> None:
    host = start("--matrix", "2023")
    host.stage.admin("clock", {"advance_days": 400})
    host.stage.admin("parameters", {"hidden_days": 14})
    host.kill()
    again = start()
    parameters = again.stage.admin("parameters")
    assert (parameters["matrix"], parameters["hidden_days"]) == ("2023", 14)
    assert parameters["clock_offset_seconds"] == pytest.approx(400 * 86400, abs=5)


def show(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "host_sim", "show", "--data", str(tmp_path / "data"), *options]
    return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False, timeout=60)


def test_show_as_the_patient_beside_a_running_host(start: Start, tmp_path: Path) -> None:
    host = start()
    host.stage.query("generaliste", "paul", purpose="bris_de_glace", reason="Patient inconscient")
    shown = show(tmp_path, "--as", "patient", "--patient", "paul")
    assert shown.returncode == 0
    assert "mode urgence" in shown.stdout
    assert "Claire MARTIN a ouvert votre dossier en mode urgence" in shown.stdout


def test_show_as_a_doctor_in_json(start: Start, tmp_path: Path) -> None:
    start()
    seen = json.loads(show(tmp_path, "--as", "doctor", "--patient", "jean", "--json").stdout)
    assert (seen["authorisation"], seen["attending"], seen["documents"]) == ("autorisé", True, [])
    other = show(tmp_path, "--as", "doctor", "--professional", "radiologue", "--patient", "jean")
    assert "Nadia BENALI : non autorisé" in other.stdout


def test_show_of_nobody_says_so(start: Start, tmp_path: Path) -> None:
    start()
    shown = show(tmp_path, "--patient", "nobody")
    assert (shown.returncode, shown.stderr) == (1, "Inconnu\u00a0: nobody\n")


def test_show_makes_no_host_where_there_is_none(tmp_path: Path) -> None:
    shown = show(tmp_path, "--patient", "jean")
    assert shown.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_a_fault_that_is_none_is_refused_on_the_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "host_sim", "serve", "--data", str(tmp_path), "--fault", "{}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False, timeout=60)
    assert done.returncode == 2
