"""Where the vault's key comes from: the operating system's keyring, or a passphrase where there is none."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import scrypt
from pathlib import Path

from filelock import FileLock

from cps_bridge.storage.place import durable, writable
from dossier.failure import Failure

_SERVICE = "cps-bridge"
_KEY_BYTES = 32
_SALT_BYTES = 16
_SALT_FILE, _LOCK_FILE = "vault.salt", "vault.lock"


def key_from_keyring(directory: Path) -> bytes:
    """Give the key of a data directory, made at first use.

    Raises Failure KEYRING_MISSING where no keyring protects it, VAULT_KEY when what it keeps is no key.
    """
    import keyring
    from keyring.errors import KeyringError

    account = str(directory.resolve())
    try:
        with _alone(directory):
            _refuse_unprotected(keyring.get_keyring())
            stored = keyring.get_password(_SERVICE, account)
            if stored is None:
                stored = secrets.token_hex(_KEY_BYTES)
                keyring.set_password(_SERVICE, account, stored)
    except (KeyringError, RuntimeError, OSError) as error:
        raise Failure("KEYRING_MISSING") from error
    try:
        return bytes.fromhex(stored)
    except ValueError:
        raise Failure("VAULT_KEY") from None


def find_key(directory: Path) -> bytes | None:
    """Look whether the keyring keeps the key of a data directory; nothing is made, not even the directory.

    Raises Failure KEYRING_MISSING where no keyring would protect it, KEYRING_LOCKED, VAULT_KEY as key_from_keyring.
    """
    import keyring
    from keyring.errors import KeyringError, KeyringLocked

    try:
        _refuse_unprotected(keyring.get_keyring())
        stored = keyring.get_password(_SERVICE, str(directory.resolve()))
    except KeyringLocked as error:
        raise Failure("KEYRING_LOCKED") from error
    except (KeyringError, RuntimeError, OSError) as error:
        raise Failure("KEYRING_MISSING") from error
    try:
        return None if stored is None else bytes.fromhex(stored)
    except ValueError:
        raise Failure("VAULT_KEY") from None


def has_passphrase(directory: Path) -> bool:
    """Tell whether the key of a data directory comes from a passphrase: its salt is there."""
    return (directory / _SALT_FILE).exists()


def key_from_passphrase(directory: Path, passphrase: bytearray) -> bytes:
    """Derive the key from a passphrase (scrypt, RFC 7914; salt kept beside the vault) and wipe the passphrase.

    Raises Failure PASSPHRASE_EMPTY, DATA_UNWRITABLE, VAULT_KEY when the salt is damaged.
    """
    try:
        if not passphrase:
            raise Failure("PASSPHRASE_EMPTY")
        return scrypt(bytes(passphrase), salt=_salt(directory), n=2**15, r=8, p=1, maxmem=2**26, dklen=_KEY_BYTES)
    finally:
        passphrase[:] = bytes(len(passphrase))


def _salt(directory: Path) -> bytes:
    path = directory / _SALT_FILE
    with _alone(directory):
        if not path.exists():
            durable(path, secrets.token_bytes(_SALT_BYTES))
        salt = path.read_bytes()
    if len(salt) != _SALT_BYTES:
        raise Failure("VAULT_KEY")
    return salt


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Let one program at a time make the key: of two first starts, one would lose what it encrypts."""
    with writable(directory), FileLock(directory / _LOCK_FILE):
        yield


def _refuse_unprotected(backend: object) -> None:
    name = f"{type(backend).__module__}.{type(backend).__name__}".lower()
    if any(word in name for word in ("fail", "null", "plaintext")):
        raise Failure("KEYRING_MISSING")
