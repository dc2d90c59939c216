"""The passphrase of a vault at a terminal: chosen at the first opening, and asked twice only then."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from connectors import opening, terminal
from cps_bridge.storage.cipher import Vault
from dossier.failure import Failure


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give what a person types, line by line, at a computer without keyring."""

    def missing(directory: Path) -> bytes:
        raise Failure("KEYRING_MISSING")

    def lines(*given: bytes) -> list[bytearray]:
        left = [bytearray(each) for each in given]
        monkeypatch.setattr(terminal, "ask_secret", lambda prompt: left.pop(0))
        return left

    monkeypatch.setattr(opening, "key_from_keyring", missing)
    return lines


def key(directory: Path) -> bytes:
    return opening._key(Namespace(passphrase_fd=None), directory, terminal.ask_passphrase)


def test_two_phrases_that_differ_make_no_vault(tmp_path: Path, typed: Any) -> None:
    typed(b"phrase", b"phrsae")
    with pytest.raises(Failure) as caught:
        key(tmp_path)
    assert (caught.value.code, caught.value.kind.value) == ("PASSPHRASES_DIFFER", 6)
    assert list(tmp_path.iterdir()) == []


def test_the_same_phrase_twice_opens_a_new_vault_then_once_is_enough(tmp_path: Path, typed: Any) -> None:
    left = typed(b"phrase", b"phrase")
    made = key(tmp_path)
    assert left == []
    Vault(tmp_path / "vault.db", made).close()
    left = typed(b"phrase", b"never asked")
    assert key(tmp_path) == made
    assert left == [b"never asked"]
