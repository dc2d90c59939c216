"""What the options of a command ask of its use case."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

_AS_NAMED = {
    "deposit": (
        *("path", "type_code", "title", "masked", "hidden_from_patient", "hidden_from_representatives", "author"),
    ),
    "deposit-imaging": ("report", "folder", "title", "masked", "author"),
    "replace": ("unique_id", "path", "title", "type_code", "author"),
    "study": ("folder",),
    "open": ("unique_id",),
    "regional-open": ("unique_id",),
    "delete": ("unique_id",),
    "show": ("unique_id", "representatives"),
    "parties": ("which",),
    "followed": ("owner", "remember"),
    "news": ("remember",),
    "web-page": ("page",),
    "outbox-history": ("number",),
    "proof": ("number",),
    "journal-export": ("path",),
}
_DAY = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)


def request_of(options: argparse.Namespace) -> dict[str, object]:
    """Give the request of the use case of a command; what the values hold is checked there."""
    made = _MADE.get(options.command)
    if made:
        return made(options)
    return {name: getattr(options, name) for name in _AS_NAMED.get(options.command, ())}


def _list(options: argparse.Namespace) -> dict[str, object]:
    return {
        "archived": options.archived,
        "obsolete": options.obsolete,
        "masked": {"seuls": True, "sans": False}.get(options.masks),
        "types": tuple(options.types or ()),
        "classes": tuple(options.classes or ()),
        "author": options.by,
        "since": _digits(options.since),
        "until": _digits(options.until),
    }


def _edit(options: argparse.Namespace) -> dict[str, object]:
    yes = {"oui": True, "non": False}
    plain = ("title", "usage_name", "postal_code", "city", "country", "home_phone", "email", "mobile")
    return {
        **{name: getattr(options, name) for name in plain},
        "address": tuple(options.address) if options.address else None,
        "break_glass": yes.get(options.break_glass),
        "regulation": yes.get(options.regulation_access),
    }


def _search(options: argparse.Namespace) -> dict[str, object]:
    return {
        "family_name": options.name,
        "given_name": options.given,
        "birth_date": _digits(options.born),
        "sex": options.sex,
        "city": options.city,
        "postal_code": options.postal_code,
    }


def _channel(options: argparse.Namespace) -> dict[str, object]:
    return {"action": options.action, "email": options.email or "", "mobile": options.mobile or ""}


_MADE: dict[str, Callable[[argparse.Namespace], dict[str, object]]] = {
    "mask": lambda options: {"unique_id": options.unique_id, "masked": not options.show},
    "archive": lambda options: {"unique_id": options.unique_id, "archived": not options.back},
    "attending": lambda options: {"attending": not options.stop},
    "close": lambda options: {"reason": options.text},
    "list": _list,
    "edit-administration": _edit,
    "search": _search,
    "channel": _channel,
}


def _digits(day: str) -> str:
    """Turn JJ/MM/AAAA into yyyymmdd; anything else goes on as it is, for the use case to judge."""
    found = _DAY.fullmatch(day.strip())
    return f"{found[3]}{found[2]}{found[1]}" if found else day.strip()
