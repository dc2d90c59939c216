"""New object identifiers under a root, and their shape."""

from __future__ import annotations

import re
import uuid

from dossier.failure import Failure

LONGEST = 64
_SHAPE = re.compile(r"^[0-2](?:\.(?:0|[1-9]\d*))+$")
_ENOUGH_DIGITS = 20


def is_oid(text: str) -> bool:
    """Tell whether a text is a dotted OID of at most 64 characters (DICOM PS3.5 9.1, HL7 v3 OID)."""
    return len(text) <= LONGEST and _SHAPE.match(text) is not None


def new_oid(root: str) -> str:
    """Make a fresh OID: the root and one number taken from a random UUID, 64 characters at most.

    A long root leaves fewer digits; raises Failure OID_INVALID when it is no OID or leaves fewer than 20.
    """
    room = LONGEST - len(root) - 1
    if not is_oid(root) or room < _ENOUGH_DIGITS:
        raise Failure("OID_INVALID", oid=root[:LONGEST])
    return f"{root}.{uuid.uuid4().int % 10**room}"


def checked_oid(text: str) -> str:
    """Give the text back when it is an OID; raises Failure OID_INVALID otherwise."""
    if not is_oid(text):
        raise Failure("OID_INVALID", oid=text[:LONGEST])
    return text
