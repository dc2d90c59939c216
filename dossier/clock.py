"""The one clock: every room asks here what time it is, so that tests and the tour can move it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Give the present moment, aware, in UTC."""
    return datetime.now(UTC)
