"""``cps-bridge doctor`` as a program and as a person run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from doctor_stage import BAD, GOOD, WARNING, Issuer, write_pem

from connectors.doctor import text_lines
from cps_bridge.doctor.words import ORDER, say, title
from cps_bridge.storage.cipher import Vault
from cps_bridge.storage.keys import key_from_passphrase

ROOT = Path(__file__).parents[2]


class Terminal:
    """Runs the command on a data directory, without keyring and without PC/SC."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        hidden = ("CPS_BRIDGE_VPCD", "CPS_BRIDGE_VPCD_READERS")
        kept = {name: value for name, value in os.environ.items() if name not in hidden}
        # pyscard looks for the service where this says: nobody is there.
        self.environment = kept | {
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PCSCLITE_CSOCK_NAME": str(directory / "no-pcscd"),
        }

    def run(self, *arguments: str, passphrase: bytes | None = None) -> Any:
        reading, writing = os.pipe()
        os.write(writing, (passphrase or b"") + b"\n")
        os.close(writing)
        given = ("--passphrase-fd", str(reading)) if passphrase else ()
        try:
            return subprocess.run(
                [
                    *(sys.executable, "-m", "connectors.command_line", "doctor", *arguments, *given),
                    *("--data", str(self.directory)),
                ],
                capture_output=True,
                text=True,
                pass_fds=(reading,),
                stdin=subprocess.DEVNULL,
                check=False,
                timeout=120,
                cwd=ROOT,
                env=self.environment,
            )
        finally:
            os.close(reading)

    def rows(self, *arguments: str, passphrase: bytes | None = None) -> tuple[int, dict[str, dict[str, str]]]:
        done = self.run("--json", *arguments, passphrase=passphrase)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert [each["id"] for each in rows] == list(ORDER), done.stderr
        assert all(list(each) == ["id", "state", "cause", "remedy"] for each in rows)
        assert done.stderr == ""
        return done.returncode, {each["id"]: each for each in rows}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def states(rows: dict[str, dict[str, str]], *ids: str) -> tuple[str, ...]:
    return tuple(rows[each]["state"] for each in ids)


def test_a_simulated_practice_is_in_good_health(terminal: Terminal, authority_dir: Path) -> None:
    (terminal.directory / "authority").symlink_to(authority_dir)
    code, rows = terminal.rows("--simulated", "--cps", "generaliste", "--vitale", "jean")
    assert code == 0
    assert {each["state"] for each in rows.values()} == {"good", "warning"}
    assert [each for each in rows if rows[each]["state"] == "warning"] == ["clock"]


def test_a_simulated_card_that_has_expired_makes_a_card_exit_code(terminal: Terminal, authority_dir: Path) -> None:
    (terminal.directory / "authority").symlink_to(authority_dir)
    code, rows = terminal.rows("--simulated", "--cps", "medecin-perime")
    assert (code, rows["certificates"]["state"]) == (4, "bad")


def test_a_computer_without_service_host_and_vault_is_examined_all_the_same(terminal: Terminal) -> None:
    code, rows = terminal.rows()
    assert code == 4
    assert states(rows, "pcsc", "host", "outbox", "keyring") == ("bad", "bad", "good", "warning")
    assert list(terminal.directory.iterdir()) == [], "an examination makes nothing"


@pytest.mark.parametrize("text", ["production = peut-être", "inconnu = 1", "host_url = 3", "\udcff"])
def test_broken_settings_are_told_and_the_rest_is_examined(terminal: Terminal, text: str) -> None:
    (terminal.directory / "settings.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    code, rows = terminal.rows()
    assert code == 6
    assert rows["host"]["state"] == "bad" and "settings.toml" in rows["host"]["cause"] + rows["host"]["remedy"]
    assert states(rows, "tls", "clock", "pkcs11") == ("warning",) * 3


def test_a_wrong_address_of_the_host_is_an_input_to_mend(terminal: Terminal) -> None:
    code, rows = terminal.rows("--host", "http://localhost")
    assert (code, rows["host"]["state"]) == (6, "bad")


def test_a_missing_file_of_authorities_is_the_affair_of_tls(terminal: Terminal) -> None:
    _, rows = terminal.rows("--host", "https://localhost:1", "--host-ca", "/nulle/part/dupont.pem")
    assert states(rows, "host", "tls") == ("warning", "bad")
    assert "dupont" not in json.dumps(rows)


def test_a_stopped_host_is_bad(terminal: Terminal, issuer: Issuer, tmp_path: Path) -> None:
    file = write_pem(tmp_path / "ca.pem", issuer.der)
    _, rows = terminal.rows("--host", "https://localhost:1", "--host-ca", str(file))
    assert states(rows, "host", "tls", "clock") == ("bad", "warning", "warning")


def test_a_vault_is_opened_with_its_passphrase_and_left_closed_without(terminal: Terminal) -> None:
    Vault(terminal.directory / "vault.db", key_from_passphrase(terminal.directory, bytearray(b"phrase"))).close()
    assert states(terminal.rows()[1], "outbox", "keyring") == ("warning", "good")
    assert states(terminal.rows(passphrase=b"phrase")[1], "outbox", "keyring") == ("good", "good")
    assert states(terminal.rows(passphrase=b"fausse")[1], "outbox", "keyring") == ("bad", "good")


def test_the_text_is_aligned_and_each_remedy_stands_under_its_row(terminal: Terminal) -> None:
    done = terminal.run()
    head, blank, *lines = done.stdout.splitlines()
    assert head.startswith("CPS Bridge ") and blank == ""
    rows = [line for line in lines if not line.lstrip().startswith("À faire :")]
    assert [line.split("  ")[0] for line in rows] == [title(each) for each in ORDER]
    place = rows[0].index("mauvais")
    assert all(line[place:].startswith(("bon ", "attention ", "mauvais ")) for line in rows)
    assert lines[1].lstrip().startswith("À faire : ")


def test_words_and_not_signs_tell_the_state() -> None:
    lines = text_lines((say("pcsc.good"), say("readers.none"), say("card.absent")))
    assert [("bon" in each, "mauvais" in each, "attention" in each) for each in (lines[2], lines[3], lines[5])] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert (GOOD.value, WARNING.value, BAD.value) == ("good", "warning", "bad")
