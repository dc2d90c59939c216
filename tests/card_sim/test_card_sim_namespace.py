"""The private corner: what a command finds inside, what it gives back, what is left afterwards (nothing)."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE = 60
INSIDE = 'echo "$(cat /run/pcscd/pcscd.pid)"; read line'


def arguments(*command: str, pairs: int = 1) -> list[str]:
    return [sys.executable, "-m", "card_sim", "namespace", "--pairs", str(pairs), "--", *command]


def run(*command: str, pairs: int = 1) -> subprocess.CompletedProcess:
    return subprocess.run(
        arguments(*command, pairs=pairs), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.fixture(scope="module", autouse=True)
def _possible():
    answer = run("true")
    if answer.returncode == 69:
        pytest.skip(answer.stderr.strip())


class Inside:
    """A shell that waits inside, and the pcscd beside it."""

    def __init__(self, script: str = INSIDE) -> None:
        self.process = subprocess.Popen(
            arguments("sh", "-c", script), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.service = os.pidfd_open(int(self.process.stdout.readline()))

    def service_ended(self) -> bool:
        ready, _, _ = select.select([self.service], [], [], PATIENCE)
        return bool(ready)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        os.close(self.service)


@pytest.fixture
def inside():
    started = []

    def start(script: str = INSIDE) -> Inside:
        started.append(Inside(script))
        return started[-1]

    yield start
    for each in started:
        each.close()


def test_the_exit_code_of_the_command_comes_back():
    assert run("sh", "-c", "exit 7").returncode == 7
    assert run("sh", "-c", "kill -KILL $$").returncode == 128 + signal.SIGKILL


def test_the_command_learns_addresses_and_reader_names():
    answer = run("sh", "-c", 'echo "$CPS_BRIDGE_VPCD"; echo "$CPS_BRIDGE_VPCD_READERS"', pairs=2)
    addresses, names = answer.stdout.splitlines()
    assert addresses == "127.0.0.1:35963,127.0.0.1:35964;127.0.0.1:35973,127.0.0.1:35974"
    assert [len(pair.split(",")) for pair in names.split(";")] == [2, 2]
    assert len(set(names.replace(";", ",").split(","))) == 4


def test_the_names_are_those_that_another_pcsc_client_sees():
    script = 'echo "$CPS_BRIDGE_VPCD_READERS"; opensc-tool --list-readers'
    names, *listing = run("sh", "-c", script, pairs=2).stdout.splitlines()
    for name in names.replace(";", ",").split(","):
        assert any(line.endswith(name) for line in listing), listing


def test_only_the_loopback_exists_inside_and_it_is_up():
    answer = run(sys.executable, "-c", "import socket; print([n for _, n in socket.if_nameindex()])")
    assert answer.stdout.strip() == "['lo']"


def test_the_command_runs_as_the_same_user_with_the_same_files(tmp_path):
    target = tmp_path / "made-inside"
    assert run("sh", "-c", f"id -u > {target}").returncode == 0
    assert target.read_text().strip() == str(os.geteuid())
    assert target.stat().st_uid == os.geteuid()


def test_nothing_is_left_on_the_machine():
    def trace():
        return Path("/run/pcscd").exists(), {path.name for path in Path("/run").iterdir()}

    before = trace()
    run("true")
    assert trace() == before


def test_the_service_ends_with_the_command(inside):
    one = inside()
    one.process.stdin.write("\n")
    one.process.stdin.flush()
    assert one.process.wait(PATIENCE) == 0
    assert one.service_ended()


def test_a_polite_end_reaches_the_command_and_the_service(inside):
    one = inside("trap 'exit 5' TERM; " + INSIDE)
    one.process.terminate()
    assert one.process.wait(PATIENCE) in (5, 128 + signal.SIGTERM)
    assert one.service_ended()


def test_an_interruption_reaches_the_command_and_the_service(inside):
    one = inside()
    one.process.send_signal(signal.SIGINT)
    assert one.process.wait(PATIENCE) == 128 + signal.SIGINT
    assert one.service_ended()


def test_a_killed_runner_takes_the_service_along(inside):
    one = inside()
    one.process.kill()
    assert one.service_ended()


def test_two_copies_live_side_by_side(inside):
    one, other = inside(), inside()
    for each in (one, other):
        assert not select.select([each.service], [], [], 0)[0]
        each.process.stdin.write("\n")
        each.process.stdin.flush()
        assert each.process.wait(PATIENCE) == 0


def test_a_missing_command_is_said():
    answer = run("no-such-command")
    assert answer.returncode == 127
    assert answer.stderr.strip() == "La commande no-such-command est introuvable."
    assert run().returncode == 64


def test_a_missing_command_is_said_even_without_namespaces():
    script = (
        "import sys, card_sim.namespace as space\n"
        "def refused(): raise space.NamespaceError('essai')\n"
        "space.enter = refused\n"
        "from card_sim.__main__ import main; sys.exit(main(['namespace', '--or-without', '--', 'no-such-command']))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert answer.returncode == 127
    assert "Traceback" not in answer.stderr


def test_a_machine_without_the_virtual_driver_is_told_in_one_french_line():
    script = (
        "import sys, card_sim.pcsc_service as service; service._LIBRARIES = ()\n"
        "from card_sim.__main__ import main; sys.exit(main(['namespace', '--', 'true']))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert answer.returncode == 69
    assert answer.stderr.count("\n") == 1
    assert answer.stderr.startswith("Le service PC/SC privé n'a pas démarré")
