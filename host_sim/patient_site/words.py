"""Values in French words, for the pages."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def _paris() -> tzinfo:
    try:
        return ZoneInfo("Europe/Paris")
    except ZoneInfoNotFoundError:
        return UTC


_PARIS = _paris()


def day(value: datetime | str | None) -> str:
    """JJ/MM/AAAA of a moment, of an ISO 8601 moment, or of a birth date (yyyymmdd)."""
    if not value:
        return ""
    if isinstance(value, str) and value.isdecimal():
        return f"{value[6:8]}/{value[4:6]}/{value[:4]}"
    return _local(value).strftime("%d/%m/%Y")


def moment(value: datetime | str | None) -> str:
    """JJ/MM/AAAA à 14 h 05, in Paris."""
    return _local(value).strftime("%d/%m/%Y à %H\u00a0h\u00a0%M") if value else ""


def size(count: int) -> str:
    """A size that a person can compare: 12 ko, 3,4 Mo."""
    if count < 1000:
        return f"{count}\u00a0octets"
    if count < 1_000_000:
        return f"{round(count / 1000)}\u00a0ko"
    return f"{count / 1_000_000:.1f}".replace(".", ",") + "\u00a0Mo"


def _local(value: datetime | str) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(_PARIS)
