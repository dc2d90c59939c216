"""Wire traces for development: each exchange as it was sent and received, in numbered files.

A trace holds health data and identities in clear: the house refuses to make one in production.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_NUMBER = re.compile(r"^(\d+)-")


@dataclass(frozen=True)
class TracedExchange:
    """Where one exchange is written: NN-TDx.y-request and NN-TDx.y-response."""

    directory: Path
    name: str

    def open_request(self, content_type: str) -> BinaryIO:
        """Open the file of the request; .mime when it is multipart, .xml otherwise."""
        return self._open("request", content_type)

    def open_response(self, content_type: str) -> BinaryIO:
        """Open the file of the response; .mime when it is multipart, .xml otherwise."""
        return self._open("response", content_type)

    def _open(self, side: str, content_type: str) -> BinaryIO:
        multipart = content_type.lower().startswith("multipart/")
        path = self.directory / f"{self.name}-{side}.{'mime' if multipart else 'xml'}"
        path.touch(mode=0o600)
        return path.open("wb")


class Trace:
    """A directory of exchanges, numbered after those that are already there; may be shared by threads."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._lock = threading.Lock()
        found = (_NUMBER.match(each.name) for each in directory.iterdir())
        self._count = max((int(each.group(1)) for each in found if each), default=0)

    def begin(self, transaction: str) -> TracedExchange:
        """Number the next exchange of a transaction ("TD0.2")."""
        with self._lock:
            self._count += 1
            return TracedExchange(self._directory, f"{self._count:02d}-{transaction}")
