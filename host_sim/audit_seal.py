"""What makes a changed access log show: the chaining of its rows, and the seal of its head kept outside the database.

Each row holds SHA-256 over the hash of the row before it and its own values. The head (how many rows, the last hash)
is sealed with HMAC-SHA-256 in a file of the host's directory: rows cut off at the end are missed by the seal.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_KEY_BYTES = 32


@dataclass(frozen=True)
class Head:
    """The last row of the log: its number (0: none yet) and its hash ("" then)."""

    number: int
    hash: str


def chained(previous: str, values: Sequence[object]) -> str:
    """The hash of a row: SHA-256, lower-case hex, of the JSON list of the previous hash and the values."""
    text = json.dumps([previous, *values], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class Seal:
    """The sealed head in `directory`/audit: `key` (32 bytes, for its owner alone) and `head.json`."""

    def __init__(self, directory: Path) -> None:
        self._folder = directory / "audit"
        self._file = self._folder / "head.json"

    def read(self) -> Head | None:
        """The head that was sealed; None when there is no seal, or one that this key did not make."""
        try:
            facts = json.loads(self._file.read_text("ascii"))
            head = Head(int(facts["number"]), str(facts["hash"]))
            made = str(facts["seal"])
            key = (self._folder / "key").read_bytes()
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return head if hmac.compare_digest(made, _mac(key, head)) else None

    @property
    def exists(self) -> bool:
        """Whether a seal was ever set."""
        return self._file.exists()

    def write(self, head: Head) -> None:
        """Seal a head, durably; the file holds the old seal or the new one, never half of one."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        facts = {"number": head.number, "hash": head.hash, "seal": _mac(self._key(), head)}
        part = self._folder / f"head.{secrets.token_hex(8)}"
        with part.open("w", encoding="ascii") as stream:
            json.dump(facts, stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(self._file)

    def _key(self) -> bytes:
        path = self._folder / "key"
        if not path.exists():
            part = self._folder / f"key.{secrets.token_hex(8)}"
            part.touch(mode=0o600)
            part.write_bytes(secrets.token_bytes(_KEY_BYTES))
            try:
                os.link(part, path)  # the first of two processes makes the key of both
            except FileExistsError:
                pass
            finally:
                part.unlink()
        return path.read_bytes()


def _mac(key: bytes, head: Head) -> str:
    return hmac.new(key, f"{head.number}:{head.hash}".encode("ascii"), hashlib.sha256).hexdigest()
