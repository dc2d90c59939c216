"""Keys of what is stored: one for each patient, made at first need, wrapped by the master key of the host.

Without the key of a patient nothing of that patient can be read any more: destroying it destroys the data.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from . import points
from .database import Cursor, Database
from .files import sync_directory

MASTER_VARIABLE = "HOST_SIM_MASTER_KEY"
HOST = ""  # the owner of what belongs to no patient
SEALED, TOKEN = "~s1:", "~i1:"
_KEY_BYTES, _NONCE_BYTES = 32, 12
_CACHED = 20_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS data_keys (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL UNIQUE, wrapped TEXT NOT NULL);
"""


class WrongMasterKeyError(Exception):
    """The master key is not the one that this store was made with."""


class BrokenSealError(Exception):
    """What was sealed has been changed since."""


@dataclass(frozen=True)
class DataKey:
    """The key of one owner; `id` is written with everything that it seals."""

    id: str
    key: bytes = field(repr=False)

    @cached_property
    def cipher(self) -> AESGCM:
        """What seals texts with this key."""
        return AESGCM(self.key)

    def derived(self, purpose: bytes, salt: bytes) -> bytes:
        """A key of its own for one file."""
        return HKDF(hashes.SHA256(), _KEY_BYTES, salt, purpose).derive(self.key)


def master_key(directory: Path) -> bytes:
    """The master key: of the environment (64 hexadecimal digits), else of the file `master.key`, made at first need."""
    given = os.environ.get(MASTER_VARIABLE, "")
    if given:
        if not re.fullmatch(r"[0-9a-fA-F]{64}", given):
            raise WrongMasterKeyError(f"{MASTER_VARIABLE} is not 64 hexadecimal digits")
        return bytes.fromhex(given)
    file = directory / "master.key"
    if not file.exists():
        drawn = file.with_name(f"master.{secrets.token_hex(8)}")
        handle = os.open(drawn, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(_KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        points.passed(points.MASTER_KEY)
        # Of two processes that draw at once, the first wins.
        with contextlib.suppress(FileExistsError):
            os.link(drawn, file)
        drawn.unlink()
        sync_directory(directory)
    return file.read_bytes()


class Keys:
    """The keys of one store, and what is done with them: texts sealed and opened, matricules hidden in columns.

    Making it raises WrongMasterKeyError.
    """

    def __init__(self, database: Database, master: bytes) -> None:
        self._database = database
        self._wrapping = AESGCM(_from_master(master, b"wrapping", 32))
        self._naming = _from_master(master, b"owners", 32)
        hiding = AESSIV(_from_master(master, b"matricules", 64))
        self.token = lru_cache(65536)(lambda text: TOKEN + _text(hiding.encrypt(text.encode(), [b"matricule"])))
        self.matricule = lru_cache(65536)(lambda token: _shown(hiding, token))
        self._known: dict[str, DataKey] = {}
        self._generation = 0  # grows when a key is destroyed
        self._changing = threading.Lock()
        self._local = threading.local()
        database.ensure(_SCHEMA)
        self.of(HOST)

    def of(self, owner: str) -> DataKey:
        """The key of a patient (INS matricule) or of HOST, made at first need (in the transaction, inside one)."""
        name = self._name(owner)
        found = self._find("owner", name)
        if found is not None:
            return found
        made = DataKey(secrets.token_hex(8), AESGCM.generate_key(256))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        wrapped = _text(nonce + self._wrapping.encrypt(nonce, made.key, made.id.encode()))
        with self.transaction() as cursor:
            cursor.execute(
                "INSERT INTO data_keys (id, owner, wrapped) VALUES (?,?,?) ON CONFLICT DO NOTHING",
                (made.id, name, wrapped),
            )
            points.passed(points.DATA_KEY)
            found = self._read(cursor, "owner", name)  # another transaction may have been first
        assert found is not None
        return found

    def destroy(self, patient: str) -> None:
        """Destroy the key of a patient: whatever it sealed can never be read again, copies of the store included.

        When the transaction has ended, what the database keeps of deleted rows is wiped as well.
        """
        with self.transaction() as cursor:
            cursor.execute("DELETE FROM data_keys WHERE owner = ?", (self._name(patient),))
            self._local.destroyed = True
            self._forget()

    def seal(self, owner: str, text: str) -> str:
        """Encrypt a text (AES-256-GCM) for an owner."""
        key = self.of(owner)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return f"{SEALED}{key.id}:{_text(nonce + key.cipher.encrypt(nonce, text.encode(), key.id.encode()))}"

    def opened(self, sealed: str) -> str:
        """Decrypt what `seal` gave; "" when its key was destroyed; raises BrokenSealError."""
        name, _, text = sealed.removeprefix(SEALED).partition(":")
        key = self.by_id(name)
        if key is None:
            return ""
        try:
            data = _bytes(text)
            return key.cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], name.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise BrokenSealError from error

    def by_id(self, name: str) -> DataKey | None:
        """The key of that id; None when it was destroyed."""
        return self._find("id", name)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """A transaction of the database; keys made in it are known to others once it is committed, never before."""
        depth = getattr(self._local, "depth", 0)
        self._local.depth = depth + 1
        try:
            with self._database.transaction() as cursor:
                yield cursor
                if depth == 0:
                    points.passed(points.BEFORE_COMMIT)
            if depth == 0:
                points.passed(points.AFTER_COMMIT)
        except BaseException:
            self._forget()
            raise
        finally:
            self._local.depth = depth
            if depth == 0:
                self._ended()

    def _ended(self) -> None:
        destroyed, self._local.destroyed = getattr(self._local, "destroyed", False), False
        self._forget()
        if destroyed:
            with self._changing:
                self._generation += 1
                self._known = {}
            self._database.wipe()

    def _forget(self) -> None:
        self._local.mine = {}

    def _find(self, column: str, value: str) -> DataKey | None:
        """A key that this thread or everybody knows, else as the database has it."""
        writing = getattr(self._local, "depth", 0) > 0
        mine: dict[str, DataKey] = getattr(self._local, "mine", {}) if writing else {}
        known = {} if getattr(self._local, "destroyed", False) else self._known
        slot = f"{column} {value}"
        found = mine.get(slot) or known.get(slot)
        if found is None:
            generation = self._generation
            with self._database.reading() as cursor:
                found = self._read(cursor, column, value)
            if found is not None:
                self._remember(slot, found, None if writing else generation)
        return found

    def _remember(self, slot: str, key: DataKey, generation: int | None) -> None:
        # What a transaction reads (no generation) may be its own, and undone: others learn it from the database.
        if generation is None:
            if not hasattr(self._local, "mine"):
                self._forget()
            self._local.mine[slot] = key
            return
        with self._changing:
            if len(self._known) >= _CACHED:
                self._known = {}
            if generation == self._generation:  # else it may have been destroyed since it was read
                self._known[slot] = key

    def _read(self, cursor: Cursor, column: str, value: str) -> DataKey | None:
        row = cursor.execute(f"SELECT id, wrapped FROM data_keys WHERE {column} = ?", (value,)).fetchone()  # noqa: S608
        if row is None:
            return None
        data = _bytes(row["wrapped"])
        try:
            key = self._wrapping.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], row["id"].encode())
        except InvalidTag as error:
            raise WrongMasterKeyError("this store was made with another master key") from error
        return DataKey(row["id"], key)

    def _name(self, owner: str) -> str:
        # The host's own key is found whatever the master key: a wrong one shows at once.
        return hmac.new(self._naming, owner.encode(), "sha256").hexdigest() if owner != HOST else "host"


def _from_master(master: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, None, b"cps-bridge host " + purpose).derive(master)


def _shown(hiding: AESSIV, token: str) -> str:
    try:
        return hiding.decrypt(_bytes(token.removeprefix(TOKEN)), [b"matricule"]).decode()
    except (InvalidTag, ValueError) as error:
        raise BrokenSealError from error


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text)
