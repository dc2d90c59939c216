"""The host's clock: real time plus an offset that the admin may move."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """Real UTC time shifted by a movable offset."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self._offset = offset
        self._lock = threading.Lock()

    @property
    def offset(self) -> timedelta:
        """How far from real time the host lives."""
        return self._offset

    def now(self) -> datetime:
        """The present of the host, aware, UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, step: timedelta) -> None:
        """Move the clock by `step` (negative: back)."""
        with self._lock:
            self._offset += step

    def set(self, moment: datetime) -> None:
        """Make `moment` (aware) the present."""
        with self._lock:
            self._offset = moment - datetime.now(UTC)
