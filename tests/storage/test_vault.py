from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from cps_bridge.storage import keys
from cps_bridge.storage.cipher import Vault
from dossier.failure import Failure

KEY = bytes(range(32))


def code_of(action: object, *given: object) -> str:
    with pytest.raises(Failure) as caught:
        action(*given)  # type: ignore[operator]
    return caught.value.code


def test_nothing_written_can_be_read_without_the_key(vault: Vault, tmp_path: Path) -> None:
    vault.ensure("CREATE TABLE t (x TEXT)")
    vault.execute("INSERT INTO t VALUES (?)", ("CANARI-EN-CLAIR",))
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"CANARI" not in written
    assert not written.startswith(b"SQLite format 3")


def test_another_key_is_refused_and_changes_nothing(vault: Vault, tmp_path: Path) -> None:
    vault.ensure("CREATE TABLE t (x TEXT)")
    assert code_of(Vault, tmp_path / "vault.db", bytes(32)) == "VAULT_KEY"
    assert vault.rows("SELECT * FROM t") == []


def test_a_plain_database_is_refused(tmp_path: Path) -> None:
    plain = tmp_path / "vault.db"
    with sqlite3.connect(plain) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()
    assert code_of(Vault, plain, KEY) == "VAULT_PLAINTEXT"


def test_the_file_is_for_its_owner_alone(vault: Vault, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "vault.db").stat().st_mode) == 0o600


def test_writes_are_synchronous_and_logged_ahead(vault: Vault) -> None:
    assert vault.row("PRAGMA synchronous") == (2,)
    assert vault.row("PRAGMA journal_mode") == ("wal",)


def test_a_failed_transaction_leaves_nothing(vault: Vault) -> None:
    vault.ensure("CREATE TABLE t (x TEXT)")
    with pytest.raises(ZeroDivisionError), vault.transaction():
        vault.execute("INSERT INTO t VALUES ('a')")
        raise ZeroDivisionError
    assert vault.rows("SELECT * FROM t") == []


def test_a_full_disk_is_said_and_loses_nothing(vault: Vault) -> None:
    vault.ensure("CREATE TABLE t (x BLOB)")
    vault.execute("INSERT INTO t VALUES (?)", (b"kept",))
    pages = vault.row("PRAGMA page_count")
    assert pages
    vault.rows(f"PRAGMA max_page_count = {pages[0] + 1}")
    assert code_of(vault.execute, "INSERT INTO t VALUES (?)", (bytes(1_000_000),)) == "STORAGE_FULL"
    assert vault.rows("SELECT x FROM t") == [(b"kept",)]


def test_the_same_passphrase_gives_the_same_key_and_is_wiped(tmp_path: Path) -> None:
    first, second = bytearray(b"phrase de passe"), bytearray(b"phrase de passe")
    assert keys.key_from_passphrase(tmp_path, first) == keys.key_from_passphrase(tmp_path, second)
    assert first == bytearray(len(first))


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    assert code_of(keys.key_from_passphrase, tmp_path, bytearray()) == "PASSPHRASE_EMPTY"


def test_a_keyring_that_protects_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.backends import fail

    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    try:
        assert code_of(keys.key_from_keyring, tmp_path) == "KEYRING_MISSING"
    finally:
        keyring.set_keyring(before)
