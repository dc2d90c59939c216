"""How an exception that nobody foresaw is told in the log."""

from __future__ import annotations

import traceback


def place_of(error: BaseException) -> str:
    """Tell an exception by its type and place only: the message of a database or of a parser may quote a patient."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].name} line {frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
