"""The typed answers of the small services, read field by field: status, lists, texts, moments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dossier.failure import Failure
from dossier.timestamp import Timestamp
from soap_clients.faults import refusal

_MOST_ITEMS = 20_000


def check_status(output: Any) -> None:
    """Check the ``status`` of a typed answer; raises the Failure of another status than DMPOk."""
    status = getattr(output, "status", None)
    if not isinstance(status, str) or not status:
        raise Failure("HOST_ANSWER_INVALID", field="status")
    if status != "DMPOk":
        context = getattr(output, "context", None)
        raise refusal(status, context if isinstance(context, str) else "")


def items(value: Any, name: str) -> list[Any]:
    """Give a repeated child; raises Failure HOST_ANSWER_TOO_LARGE beyond 20,000."""
    found = getattr(value, name, None) or []
    if not isinstance(found, list):
        raise Failure("HOST_ANSWER_INVALID", field=name)
    if len(found) > _MOST_ITEMS:
        raise Failure("HOST_ANSWER_TOO_LARGE")
    return [each for each in found if each is not None]


def texts(value: Any, *names: str) -> dict[str, str]:
    """Give single texts by name, stripped, "" for those that are absent."""
    found = {name: getattr(value, name, None) for name in names}
    return {name: each.strip() if isinstance(each, str) else "" for name, each in found.items()}


def flag(value: Any, name: str) -> bool:
    """Give a boolean, False when absent."""
    return getattr(value, name, None) is True


def moment(value: Any, name: str) -> datetime | None:
    """Give a moment (yyyyMMddHHmmss UTC, or ISO 8601), None when absent; raises Failure HOST_ANSWER_INVALID."""
    text = texts(value, name)[name]
    if not text:
        return None
    try:
        if "T" in text:
            read = datetime.fromisoformat(text)
            return Timestamp.of(read).to_datetime() if read.tzinfo else Timestamp(_digits(read)).to_datetime()
        return Timestamp.parse(text).to_datetime()
    except (Failure, ValueError, OverflowError) as error:
        raise Failure("HOST_ANSWER_INVALID", field=name) from error


def _digits(read: datetime) -> str:
    return read.strftime("%Y%m%d%H%M%S")
