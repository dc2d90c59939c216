"""Writes what is said to real cards as files that the card simulator replays, without any byte of a code.

The format is ours (card_sim/scripted.py reads it): JSON with "format", "version", "warning", "atr", and "links": for
each connection its exchanges, [command, answer] in hexadecimal. Whatever carries a code (VERIFY, CHANGE REFERENCE DATA,
RESET RETRY COUNTER, ISO/IEC 7816-4 clause 11.5) has XX for each of its data bytes; so have the commands that a reader
with keys presents by itself.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cps_bridge.cards.port import Link, ReaderPort, View
from dossier.failure import Failure

FORMAT = "cps-bridge recorded card"
_WARNING = (
    "Échanges avec une carte : ils contiennent des noms, des numéros (NIR, RPPS) et des certificats. Aucun code."
    " Si la carte est réelle, ce fichier est à protéger comme un dossier de patient."
)
# VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER: even and odd (BER-TLV) instructions.
_SECRET = frozenset({0x20, 0x21, 0x24, 0x25, 0x2C, 0x2D})
_HEADER = 5
_PIN_STRUCTURES = {0x06: 19, 0x07: 24}  # PC/SC part 10, 2.5.2 and 2.5.3: feature, bytes before the command
_PAD_OWN = 0x64  # SW1 of what the reader answers by itself: the card was told nothing
_SUFFIX = ".json"


@dataclass
class _Card:
    """What was said to one card, from its insertion to its removal."""

    atr: bytes
    links: list[list[tuple[str, str]]] = field(default_factory=list)


class _RecordedLink:
    """A link that writes down what goes through."""

    def __init__(self, link: Link, exchanges: list[tuple[str, str]]) -> None:
        self._link = link
        self._exchanges = exchanges

    def transmit(self, command: bytes) -> bytes:
        answer = self._link.transmit(command)
        self._exchanges.append((_masked(command), bytes(answer).hex().upper()))
        return answer

    def transaction(self) -> AbstractContextManager[Any]:
        return self._link.transaction()

    def features(self) -> Mapping[int, int]:
        return self._link.features()

    def control(self, code: int, data: bytes | bytearray) -> bytes:
        answer = self._link.control(code, data)
        feature = next((number for number, each in self.features().items() if each == code), 0)
        command = data[_PIN_STRUCTURES[feature] :] if feature in _PIN_STRUCTURES else b""
        if len(command) > _HEADER and len(answer) == 2 and answer[0] != _PAD_OWN:
            self._exchanges.append((_masked(command), bytes(answer).hex().upper()))
        return answer

    def close(self) -> None:
        self._link.close()


class Recorder:
    """A reader port that writes down what is said to the cards of another one; save() makes the files."""

    def __init__(self, port: ReaderPort, path: Path) -> None:
        """Try the place first: raises Failure RECORDING_NOT_WRITTEN when the file exists or could not be made."""
        self._port = port
        self._path = path if path.suffix.lower() == _SUFFIX else path.with_name(path.name + _SUFFIX)
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[bytes, int]] = {}
        self._cards: dict[tuple[str, int], _Card] = {}
        try:
            taken = os.path.lexists(self._path)
            with tempfile.TemporaryFile(dir=self._path.parent):
                pass
        except OSError as error:
            raise Failure("RECORDING_NOT_WRITTEN") from error
        if taken or "\0" in str(self._path):
            raise Failure("RECORDING_NOT_WRITTEN")

    def readers(self) -> View:
        """Pass on, and remember which card is where."""
        return self._looked(self._port.readers())

    def wait(self, known: View, timeout: float) -> View:
        """Pass on, and remember which card is where."""
        return self._looked(self._port.wait(known, timeout))

    def wake(self) -> None:
        """Pass on."""
        self._port.wake()

    def connect(self, reader: str) -> Link:
        """Open a link that is recorded."""
        link = self._port.connect(reader)
        exchanges: list[tuple[str, str]] = []
        with self._lock:
            atr, counter = self._seen.get(reader, (b"", 0))
            self._cards.setdefault((reader, counter), _Card(atr)).links.append(exchanges)
        return _RecordedLink(link, exchanges)

    def close(self) -> None:
        """Pass on; what was recorded is kept for save()."""
        self._port.close()

    def save(self) -> tuple[Path, ...]:
        """Write one file for each card that said something: the path, then the path with -2, -3...

        Each appears whole or not at all, readable by its owner only. Raises Failure RECORDING_NOT_WRITTEN.
        """
        with self._lock:
            cards = [each for each in self._cards.values() if each.atr and any(each.links)]
        written = []
        try:
            for card in cards:
                path = _free(self._path)
                _write(path, _document(card))
                written.append(path)
        except OSError as error:
            raise Failure("RECORDING_NOT_WRITTEN") from error
        return tuple(written)

    def _looked(self, view: View) -> View:
        with self._lock:
            self._seen = {name: (atr, counter) for name, atr, counter in view}
        return view


@contextmanager
def recording(port: ReaderPort, path: Path | None) -> Iterator[ReaderPort]:
    """Give a port that is recorded, or the port itself without a path; the files are written at the end.

    Raises Failure RECORDING_NOT_WRITTEN, before anything is done when the place is no good.
    """
    if path is None:
        yield port
        return
    recorder = Recorder(port, path)
    try:
        yield recorder
    except BaseException:
        with suppress(Failure):  # what went wrong first is what people must hear of
            recorder.save()
        raise
    recorder.save()


def _masked(command: bytes | bytearray) -> str:
    """Write a command in hexadecimal; of one that carries a code nothing but the header is ever looked at."""
    if len(command) > _HEADER and command[1] in _SECRET:
        return bytes(command[:_HEADER]).hex().upper() + "XX" * (len(command) - _HEADER)
    return bytes(command).hex().upper()


def _document(card: _Card) -> bytes:
    content = {
        "format": FORMAT,
        "version": 1,
        "warning": _WARNING,
        "recorded_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "atr": card.atr.hex().upper(),
        "links": [exchanges for exchanges in card.links if exchanges],
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def _free(path: Path) -> Path:
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def _write(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=".recording-", dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
