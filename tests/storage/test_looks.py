"""A look is remembered for who looked at what, and the vault's rows name neither."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cps_bridge.storage.cipher import Vault
from cps_bridge.storage.looks import Looks

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def test_a_look_is_remembered_for_one_professional_and_one_patient(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault.db", bytes(32))
    looks = Looks(vault)
    assert looks.last("doctor", "patient") is None
    looks.remember(NOW, ("1.2.3",), "doctor", "patient")
    assert (looks.last("doctor", "other"), looks.last("other", "patient")) == (None, None)
    found = Looks(vault).last("doctor", "patient")
    assert found is not None
    assert (found.at, looks.digest("1.2.3") in found.seen) == (NOW, True)
    rows = str(vault.rows("SELECT * FROM look"))
    assert not any(word in rows for word in ("doctor", "patient", "1.2.3"))
    vault.close()


def test_another_vault_names_the_same_people_otherwise(tmp_path: Path) -> None:
    first, second = (Vault(_made(tmp_path / name) / "vault.db", bytes(32)) for name in "ab")
    assert Looks(first).digest("doctor") != Looks(second).digest("doctor")
    first.close()
    second.close()


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory
