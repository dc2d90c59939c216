"""The outbox and the key of its vault: what waits, what is refused, what is closed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import keyring
import pytest
from doctor_stage import BAD, GOOD, WARNING, make_place
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from cps_bridge.doctor.place import Place, place_without_house
from cps_bridge.doctor.storage import examine_keyring, examine_outbox
from cps_bridge.storage.cipher import Vault
from cps_bridge.storage.keys import key_from_keyring, key_from_passphrase
from cps_bridge.storage.outbox import NewItem, Outbox, State
from cps_bridge.storage.settings import Settings
from dossier.failure import Failure
from dossier.patient import INS_NIR_TEST, Ins

KEY = bytes(range(32))
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


class Remembering(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.error:
            raise self.error
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def ring() -> Iterator[Remembering]:
    """The keyring of the process for one test."""
    before, ours = keyring.get_keyring(), Remembering()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


@pytest.fixture
def no_ring() -> Iterator[None]:
    """A computer without keyring."""
    from keyring.backends import fail

    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    vault = Vault(tmp_path / "vault.db", KEY)
    yield Outbox(vault, tmp_path, lambda: NOW)
    vault.close()


def lot(outbox: Outbox, *moves: State) -> None:
    number = len(outbox.items()) + 1
    new = NewItem(
        "deposit", "CANARI titre", Ins("255081416802538", INS_NIR_TEST), "899", "499", f"1.2.{number}", b"<x/>", ()
    )
    item = outbox.enqueue(new)
    for state in moves:
        outbox.move(item.id, state)


def of(outbox: Outbox | None, days: float = 0) -> Place:
    return make_place(outbox=lambda: nullcontext(outbox), clock=lambda: NOW + timedelta(days=days))


def test_an_outbox_where_everything_is_done_is_good(outbox: Outbox) -> None:
    lot(outbox, State.SENDING, State.DONE)
    assert examine_outbox(of(outbox)).state is GOOD
    assert examine_outbox(of(None)).state is GOOD


def test_lots_that_wait_are_counted_and_old_ones_are_a_warning(outbox: Outbox) -> None:
    lot(outbox)
    lot(outbox)
    young, old = examine_outbox(of(outbox)), examine_outbox(of(outbox, days=3.5))
    assert young.state is GOOD and "2" in young.cause
    assert old.state is WARNING and "3 jours" in old.cause


def test_a_lot_of_unknown_outcome_is_a_warning_with_its_remedy(outbox: Outbox) -> None:
    lot(outbox)
    lot(outbox, State.SENDING, State.UNKNOWN)
    found = examine_outbox(of(outbox, days=2))
    assert found.state is WARNING and "l'hôte sera interrogé" in found.remedy
    assert "CANARI" not in found.cause


def test_a_lot_that_was_being_sent_when_the_program_died_is_uncertain_too(outbox: Outbox) -> None:
    lot(outbox, State.SENDING)
    assert examine_outbox(of(outbox)).state is WARNING


def test_a_refused_lot_is_bad(outbox: Outbox) -> None:
    lot(outbox, State.SENDING, State.REFUSED)
    found = examine_outbox(of(outbox))
    assert found.state is BAD and "page Envois" in found.remedy


def without_house(directory: Path, failure: Failure | None = None, key: object = None) -> Place:
    return place_without_house(directory, Settings(), None, failure, key)


def test_a_vault_that_was_never_made_is_not_made_by_the_examination(tmp_path: Path, ring: Remembering) -> None:
    place = without_house(tmp_path / "rien")
    assert examine_outbox(place).state is examine_keyring(place).state is GOOD
    assert not (tmp_path / "rien").exists() and not ring.kept


def test_a_vault_whose_key_the_keyring_keeps_is_opened(tmp_path: Path, ring: Remembering) -> None:
    Vault(tmp_path / "vault.db", key_from_keyring(tmp_path)).close()
    place = without_house(tmp_path)
    assert examine_outbox(place).state is examine_keyring(place).state is GOOD


def test_a_vault_whose_key_is_lost_is_bad(tmp_path: Path, ring: Remembering) -> None:
    Vault(tmp_path / "vault.db", KEY).close()
    place = without_house(tmp_path)
    assert examine_keyring(place).state is BAD
    assert examine_outbox(place).state is WARNING


def test_a_vault_whose_kept_key_is_another_s_is_bad(tmp_path: Path, ring: Remembering) -> None:
    Vault(tmp_path / "vault.db", KEY).close()
    key_from_keyring(tmp_path)
    found = examine_outbox(without_house(tmp_path))
    assert found.state is BAD and "clé du coffre" in found.cause


def test_a_key_that_is_none_is_bad(tmp_path: Path, ring: Remembering) -> None:
    ring.kept["cps-bridge", str(tmp_path.resolve())] = "rien"
    Vault(tmp_path / "vault.db", KEY).close()
    place = without_house(tmp_path)
    assert examine_keyring(place).state is examine_outbox(place).state is BAD


def test_a_locked_keyring_is_bad_and_the_outbox_unknown(tmp_path: Path, ring: Remembering) -> None:
    Vault(tmp_path / "vault.db", KEY).close()
    ring.error = KeyringLocked()
    place = without_house(tmp_path)
    found = examine_keyring(place)
    assert found.state is BAD and "verrouillé" in found.cause
    assert examine_outbox(place).state is WARNING


@pytest.mark.usefixtures("no_ring")
def test_without_keyring_a_passphrase_is_as_good(tmp_path: Path) -> None:
    assert examine_keyring(without_house(tmp_path)).state is WARNING
    given = lambda: key_from_passphrase(tmp_path, bytearray(b"phrase"))  # noqa: E731
    Vault(tmp_path / "vault.db", given()).close()
    assert examine_keyring(without_house(tmp_path)).state is GOOD
    assert examine_outbox(without_house(tmp_path)).state is WARNING
    assert examine_outbox(without_house(tmp_path, key=given)).state is GOOD
    wrong = lambda: key_from_passphrase(tmp_path, bytearray(b"autre"))  # noqa: E731
    assert examine_outbox(without_house(tmp_path, key=wrong)).state is BAD


@pytest.mark.usefixtures("no_ring")
def test_a_vault_without_keyring_nor_passphrase_is_bad(tmp_path: Path) -> None:
    Vault(tmp_path / "vault.db", KEY).close()
    assert examine_keyring(without_house(tmp_path)).state is BAD


def test_an_emptied_or_plain_vault_is_bad(tmp_path: Path, ring: Remembering) -> None:
    key_from_keyring(tmp_path)
    (tmp_path / "vault.db").write_bytes(b"SQLite format 3\x00" + bytes(5000))
    assert examine_outbox(without_house(tmp_path)).state is BAD
    (tmp_path / "vault.db").write_bytes(b"")
    (tmp_path / "vault.made").touch()
    assert examine_outbox(without_house(tmp_path)).state is BAD


def test_what_kept_the_house_from_opening_is_told_when_it_is_the_vault(tmp_path: Path) -> None:
    found = examine_outbox(without_house(tmp_path, Failure("STORAGE_DAMAGED")))
    assert found.state is BAD and found.cause == Failure("STORAGE_DAMAGED").sentence()


_LOCKED = """
gnome-keyring-daemon --foreground --components=secrets >/dev/null 2>&1 &
daemon=$!
"$@"
code=$?
kill $daemon
wait $daemon
exit $code
"""
_PROGRAM = """
from pathlib import Path
from cps_bridge.doctor.examination import PARTS, examine_place
from cps_bridge.doctor.place import place_without_house
from cps_bridge.storage.cipher import Vault
from cps_bridge.storage.settings import Settings
place = Path({place!r})
Vault(place / "vault.db", bytes(32)).close()
kept = tuple(part for part in PARTS if part.rows[0] in ("outbox", "keyring"))
for each in examine_place(place_without_house(place, Settings(), None, None, None), parts=kept, limit=3.0):
    print(each.id, each.state.value)
"""


@pytest.mark.skipif(
    not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")),
    reason="gnome-keyring and dbus are not installed",
)
def test_a_real_keyring_that_nobody_unlocks_is_bad_and_hangs_nobody(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    program = [sys.executable, "-c", _PROGRAM.format(place=str(tmp_path))]
    done = subprocess.run(
        ["dbus-run-session", "--", "bash", "-c", _LOCKED, "session", *program],
        env={
            "HOME": str(tmp_path),
            "XDG_RUNTIME_DIR": str(tmp_path / "run"),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines()[1:] == ["keyring bad"], (done.stdout, done.stderr)
