"""When somebody last looked at something, and what they had seen then: so that only what is new is shown as new.

Who and what are known by a keyed digest only (HMAC-SHA-256, RFC 2104); the key is drawn for each vault and stays in it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cps_bridge.storage.cipher import Vault

_SCHEMA = """
CREATE TABLE IF NOT EXISTS look_key (one INTEGER PRIMARY KEY CHECK (one = 1), key BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS look (name TEXT PRIMARY KEY, at TEXT NOT NULL, seen TEXT NOT NULL)
"""
_DIGITS = 32


@dataclass(frozen=True)
class Look:
    """One look: when, and the digests of what was there."""

    at: datetime
    seen: frozenset[str] = frozenset()


class Looks:
    """The last look of each professional at each thing, in the vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        vault.ensure(_SCHEMA)
        with vault.transaction():
            row = vault.row("SELECT key FROM look_key")
            self._key = bytes(row[0]) if row else secrets.token_bytes(32)
            if row is None:
                vault.execute("INSERT INTO look_key (one, key) VALUES (1, ?)", (self._key,))

    def last(self, *who_and_what: str) -> Look | None:
        """Give the last look, or None when there was none."""
        row = self._vault.row("SELECT at, seen FROM look WHERE name = ?", (self.digest(*who_and_what),))
        return Look(datetime.fromisoformat(row[0]), frozenset(json.loads(row[1]))) if row else None

    def remember(self, at: datetime, seen: Iterable[str], *who_and_what: str) -> None:
        """Keep a look in the place of the one before; seen: identifiers, kept as digests."""
        digests = json.dumps(sorted(map(self.digest, seen)))
        self._vault.execute(
            "REPLACE INTO look (name, at, seen) VALUES (?,?,?)", (self.digest(*who_and_what), at.isoformat(), digests)
        )

    def digest(self, *parts: str) -> str:
        """Give the keyed digest of some texts (32 hex digits)."""
        text = "\0".join(parts).encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:_DIGITS]
