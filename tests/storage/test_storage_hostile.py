"""What a practice's computer may do to the data directory: never a loss, never an error without a sentence."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from cps_bridge.storage import keys
from cps_bridge.storage.cipher import Vault
from cps_bridge.storage.frozen import NewPart
from cps_bridge.storage.journal import Journal
from cps_bridge.storage.outbox import NewItem, Outbox, State
from cps_bridge.storage.settings import Settings
from dossier.document import BytesContent
from dossier.failure import Failure
from dossier.patient import Ins

KEY = bytes(range(32))
LOT = NewItem(
    kind="document",
    title="Compte rendu",
    patient=Ins("287052901990159", "1.2.250.1.213.1.4.10"),
    author="899900000001",
    structure="1990000001",
    unique_id="1.2.3",
    metadata=b"<metadata/>",
    parts=(NewPart("Document01", "1.2.3.1", BytesContent(b"body")),),
)


@pytest.fixture
def outbox(vault: Vault, tmp_path: Path) -> Outbox:
    return Outbox(vault, tmp_path)


def code_of(function, *arguments, **named) -> str:
    with pytest.raises(Failure) as caught:
        function(*arguments, **named)
    assert caught.value.sentence() and caught.value.remedy()
    return caught.value.code


def test_a_vault_that_is_a_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "vault.db").mkdir()
    assert code_of(Vault, tmp_path / "vault.db", KEY) == "DATA_UNWRITABLE"


@pytest.mark.parametrize("place", ["a file", "nowhere"])
def test_a_data_directory_that_cannot_be_made_is_told(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    directory = tmp_path / "file" if place == "a file" else Path("/proc/cps-bridge")
    assert code_of(Vault, directory / "vault.db", KEY) == "DATA_UNWRITABLE"
    assert code_of(keys.key_from_passphrase, directory, bytearray(b"phrase")) == "DATA_UNWRITABLE"
    assert code_of(Settings().save, directory) == "DATA_UNWRITABLE"


def test_a_vault_of_noise_is_told_and_kept(tmp_path: Path) -> None:
    (tmp_path / "vault.db").write_bytes(b"\xa5" * 8192)
    assert code_of(Vault, tmp_path / "vault.db", KEY) == "VAULT_KEY"
    assert (tmp_path / "vault.db").read_bytes() == b"\xa5" * 8192


@pytest.mark.parametrize("left", [b"", b"\xa5" * 100])
@pytest.mark.parametrize("trace", ["vault.db-wal", "vault.made"])
def test_a_vault_that_was_emptied_is_told_and_never_made_anew(tmp_path: Path, trace: str, left: bytes) -> None:
    Vault(tmp_path / "vault.db", KEY).close()
    (tmp_path / "vault.made").unlink()
    (tmp_path / trace).touch()
    (tmp_path / "vault.db").write_bytes(left)
    assert code_of(Vault, tmp_path / "vault.db", KEY) == "VAULT_EMPTY"
    assert (tmp_path / "vault.db").read_bytes() == left


def test_a_vault_that_was_deleted_is_told_and_never_made_anew(tmp_path: Path) -> None:
    Vault(tmp_path / "vault.db", KEY).close()
    (tmp_path / "vault.db").unlink()
    assert code_of(Vault, tmp_path / "vault.db", KEY) == "VAULT_EMPTY"
    assert not (tmp_path / "vault.db").exists()


def test_a_first_opening_that_was_cut_short_is_begun_anew(tmp_path: Path) -> None:
    """An empty file and a salt are what a first start leaves when the power goes: nothing was ever kept."""
    keys.key_from_passphrase(tmp_path, bytearray(b"phrase"))
    (tmp_path / "vault.db").touch()
    Vault(tmp_path / "vault.db", KEY).close()
    Vault(tmp_path / "vault.db", KEY).close()


def test_a_wrong_key_is_told_by_us_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Vault(tmp_path / "vault.db", KEY).close()
    assert code_of(Vault, tmp_path / "vault.db", bytes(32)) == "VAULT_KEY"
    assert capfd.readouterr() == ("", "")


def test_settings_are_unreadable_at_a_place_not_in_a_foreign_language(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("production [[[\n")
    with pytest.raises(Failure) as caught:
        Settings.load(tmp_path)
    assert "l. 1, col. 12" in caught.value.sentence()


def test_a_salt_that_was_cut_short_never_makes_a_key(tmp_path: Path) -> None:
    (tmp_path / "vault.salt").write_bytes(b"")
    assert code_of(keys.key_from_passphrase, tmp_path, bytearray(b"phrase")) == "VAULT_KEY"


def test_processes_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def key(_: int) -> bytes:
        together.wait()
        return keys.key_from_passphrase(tmp_path, bytearray(b"phrase"))

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(key, range(4)))) == 1


def test_a_keyring_is_asked_by_one_program_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two first starts must not each make a key: the vault of the first would be lost."""
    import keyring

    together, stored = threading.Barrier(2), {}

    def get_password(_: str, account: str) -> str | None:
        found = stored.get(account)
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(0.5)  # never reached together by two that take turns
        return found

    monkeypatch.setattr(keyring, "get_keyring", object)
    monkeypatch.setattr(keyring, "get_password", get_password)
    monkeypatch.setattr(keyring, "set_password", lambda _, account, password: stored.update({account: password}))
    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(lambda _: keys.key_from_keyring(tmp_path), range(2)))) == 1


def test_a_keyring_that_gives_something_else_than_a_key_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring

    monkeypatch.setattr(keyring, "get_keyring", object)
    monkeypatch.setattr(keyring, "get_password", lambda *_: "not hexadecimal")
    assert code_of(keys.key_from_keyring, tmp_path) == "VAULT_KEY"


def test_settings_that_are_a_directory_are_told(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").mkdir()
    assert code_of(Settings.load, tmp_path) == "SETTINGS_UNREADABLE"


@pytest.mark.parametrize(
    "line",
    [
        "connect_seconds = nan",
        "read_seconds = inf",
        'retrieve_url = "https://x/{nothing}"',
        'retrieve_url = "https://x/{study"',
        'language = "xx"',
    ],
)
def test_a_setting_that_would_break_later_is_refused_at_once(tmp_path: Path, line: str) -> None:
    (tmp_path / "settings.toml").write_text(line + "\n")
    assert code_of(Settings.load, tmp_path) == "SETTING_INVALID"


@pytest.mark.parametrize("number", [0, -1, 99, 10**30])
def test_a_lot_that_does_not_exist_has_no_history(outbox: Outbox, number: int) -> None:
    assert code_of(outbox.history, number) == "OUTBOX_UNKNOWN"
    assert code_of(outbox.item, number) == "OUTBOX_UNKNOWN"


def test_bytes_that_changed_since_they_were_hashed_are_not_frozen(outbox: Outbox) -> None:
    part = NewPart("Document01", "1.2.3.1", BytesContent(b"body"), sha1="0" * 40)
    assert code_of(outbox.enqueue, replace(LOT, parts=(part,))) == "DOCUMENT_CHANGED"
    assert outbox.items() == ()


def test_two_threads_of_one_program_send_one_after_the_other(outbox: Outbox) -> None:
    item = outbox.enqueue(LOT)
    seen: list[State] = []

    def second() -> None:
        with outbox.sender():
            seen.append(outbox.item(item.id).state)

    with outbox.sender():
        outbox.move(item.id, State.SENDING)
        other = threading.Thread(target=second)
        other.start()
        other.join(0.2)  # however long it runs, it must not get in
        outbox.move(item.id, State.DONE)
    other.join()
    assert seen == [State.DONE]


def test_a_journal_that_cannot_be_written_is_told(vault: Vault, tmp_path: Path) -> None:
    assert code_of(Journal(vault).export, tmp_path) == "EXPORT_NOT_WRITTEN"
    assert code_of(Journal(vault).export, tmp_path / "no" / "where") == "EXPORT_NOT_WRITTEN"
