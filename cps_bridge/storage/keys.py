"""Where the vault's key comes from: the operating system's keyring, or a passphrase where there is none."""

from __future__ import annotations

import os
import secrets
from hashlib import scrypt
from pathlib import Path

from dossier.failure import Failure

_SERVICE = "cps-bridge"
_KEY_BYTES = 32
_SALT_FILE = "vault.salt"


def key_from_keyring(directory: Path) -> bytes:
    """Give the key of a data directory, made at first use.

    Raises Failure KEYRING_MISSING where no keyring protects it.
    """
    import keyring
    from keyring.errors import KeyringError

    account = str(directory.resolve())
    try:
        _refuse_unprotected(keyring.get_keyring())
        stored = keyring.get_password(_SERVICE, account)
        if stored is None:
            stored = secrets.token_hex(_KEY_BYTES)
            keyring.set_password(_SERVICE, account, stored)
    except (KeyringError, RuntimeError, OSError) as error:
        raise Failure("KEYRING_MISSING") from error
    return bytes.fromhex(stored)


def key_from_passphrase(directory: Path, passphrase: bytearray) -> bytes:
    """Derive the key from a passphrase (scrypt, RFC 7914; salt kept beside the vault) and wipe the passphrase."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        if not passphrase:
            raise Failure("PASSPHRASE_EMPTY")
        return scrypt(bytes(passphrase), salt=_salt(directory), n=2**15, r=8, p=1, maxmem=2**26, dklen=_KEY_BYTES)
    finally:
        passphrase[:] = bytes(len(passphrase))


def _salt(directory: Path) -> bytes:
    path = directory / _SALT_FILE
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(secrets.token_bytes(16))
        stream.flush()
        os.fsync(stream.fileno())
    return path.read_bytes()


def _refuse_unprotected(backend: object) -> None:
    name = f"{type(backend).__module__}.{type(backend).__name__}".lower()
    if any(word in name for word in ("fail", "null", "plaintext")):
        raise Failure("KEYRING_MISSING")
