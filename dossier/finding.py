"""What the doctor found: one row that a person can read aloud on the telephone and mail to support."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Health(enum.Enum):
    """How something is; the value is the word of the JSON form."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """One row. id: what was looked at (pcsc, readers, card ...); cause and remedy in the language of the person.

    Neither holds a PIN, a NIR, an INS, a name of a person or a path of the computer: the row can leave it.
    """

    id: str
    state: Health
    cause: str
    remedy: str = ""
