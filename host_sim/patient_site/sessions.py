"""Sessions kept by the server: the browser holds an identifier drawn at random, and nothing else."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

from ..patient_space import Visitor

COOKIE = "__Host-dmp"  # the prefix makes the browser insist on Secure, Path=/ and no Domain
_MOST = 2000


@dataclass
class Pending:
    """Somebody whose password was right, and whose one-time code is awaited."""

    visitor: Visitor
    login: str
    kind: str
    mark: bytes
    until: datetime
    code: str = ""
    sent: int = 0


@dataclass
class Session:
    """One browser: who is in it, what it must give back with each form, what it is told on the next page."""

    identifier: str
    csrf: str
    visitor: Visitor | None = None
    mark: bytes = b""  # of the account at login: another one ends the session
    pending: Pending | None = None
    said: list[tuple[str, str]] = field(default_factory=list)
    used_at: float = 0.0


class Sessions:
    """Every session of the site; they die with it."""

    def __init__(self, minutes: int) -> None:
        self._seconds = minutes * 60
        self._known: dict[str, Session] = {}
        self._lock = threading.Lock()

    def find(self, identifier: str) -> Session | None:
        """The living session of an identifier that this server drew."""
        with self._lock:
            found = self._known.get(identifier)
            if found is None:
                return None
            if time.monotonic() - found.used_at > self._seconds:
                del self._known[identifier]
                return None
            found.used_at = time.monotonic()
            return found

    def new(self) -> Session:
        """A session of nobody."""
        made = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(32), used_at=time.monotonic())
        with self._lock:
            self._known[made.identifier] = made
            if len(self._known) > _MOST:
                idle = min(
                    self._known, key=lambda each: (self._known[each].visitor is not None, self._known[each].used_at)
                )
                del self._known[idle]
        return made

    def renew(self, former: Session) -> Session:
        """A session with new secrets, for who has just proved something more; the former identifier is dead."""
        self.end(former)
        return self.new()

    def end(self, session: Session) -> None:
        """Forget a session."""
        with self._lock:
            self._known.pop(session.identifier, None)
