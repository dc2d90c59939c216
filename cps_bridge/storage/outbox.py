"""What leaves goes through here: frozen bytes, one state per lot, every move in its own transaction.

States: queued -> sending -> done | refused | unknown; unknown -> queued | done; held waits for a person or a card.
"""

from __future__ import annotations

import enum
import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from filelock import FileLock, Timeout

from cps_bridge.storage.cipher import Row, Vault
from dossier.clock import Clock, system_clock
from dossier.context import CardEpoch
from dossier.document import CHUNK, Content, StreamContent, read_chunks
from dossier.failure import Failure
from dossier.patient import Ins

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox_item (
    id INTEGER PRIMARY KEY, state TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
    matricule TEXT NOT NULL, oid TEXT NOT NULL, author TEXT NOT NULL, structure TEXT NOT NULL,
    unique_id TEXT NOT NULL UNIQUE, metadata BLOB NOT NULL, epoch TEXT NOT NULL,
    created TEXT NOT NULL, updated TEXT NOT NULL, attempts INTEGER NOT NULL, code TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox_part (
    id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES outbox_item(id) ON DELETE CASCADE,
    document_id TEXT NOT NULL, unique_id TEXT NOT NULL, listed INTEGER NOT NULL,
    sha1 TEXT NOT NULL, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS outbox_chunk (
    part INTEGER NOT NULL REFERENCES outbox_part(id) ON DELETE CASCADE, seq INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (part, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox_move (
    item INTEGER NOT NULL REFERENCES outbox_item(id) ON DELETE CASCADE,
    at TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL)
"""


class State(enum.Enum):
    """Where a lot stands; the value is the word people read."""

    HELD = "retenu"
    QUEUED = "à envoyer"
    SENDING = "en cours"
    UNKNOWN = "incertain"
    DONE = "envoyé"
    REFUSED = "refusé"


_GREATEST = 2**63 - 1
"""The greatest number that SQLite gives a row."""

_MOVES = {
    State.HELD: {State.QUEUED},
    State.QUEUED: {State.SENDING, State.HELD},
    State.SENDING: {State.DONE, State.REFUSED, State.UNKNOWN, State.QUEUED},
    State.UNKNOWN: {State.DONE, State.QUEUED, State.REFUSED},
    State.REFUSED: {State.QUEUED},
    State.DONE: set(),
}


@dataclass(frozen=True)
class NewPart:
    """One document of a lot about to be frozen; listed: whether the host shows it in answers to TD3.1.

    sha1: lower-case hex of what was hashed for the metadata, "" when it was not.
    """

    document_id: str
    unique_id: str
    content: Content
    listed: bool = True
    sha1: str = ""


@dataclass(frozen=True)
class Part:
    """One frozen document: symbolic id, uniqueId, SHA-1 (hex) and size in bytes."""

    document_id: str
    unique_id: str
    sha1: str
    size: int
    listed: bool
    content: Content


@dataclass(frozen=True)
class NewItem:
    """A lot to keep: who, for whom, and the metadata bytes that will be sent as they are."""

    kind: str
    title: str
    patient: Ins
    author: str
    structure: str
    unique_id: str
    metadata: bytes
    parts: tuple[NewPart, ...]
    epoch: CardEpoch | None = None


@dataclass(frozen=True)
class OutboxItem:
    """A lot as it stands. author and structure: PS_IdNat and Struct_IdNat; code: the last failure code or ""."""

    id: int
    state: State
    kind: str
    title: str
    patient: Ins
    author: str
    structure: str
    unique_id: str
    created: datetime
    updated: datetime
    attempts: int
    code: str
    epoch: CardEpoch | None = None


@dataclass(frozen=True)
class Move:
    """One line of a lot's history."""

    at: datetime
    state: State
    code: str


class Outbox:
    """The lots of a practice, in the vault."""

    def __init__(self, vault: Vault, directory: Path, clock: Clock = system_clock) -> None:
        self._vault, self._clock = vault, clock
        self._lock = FileLock(directory / "outbox.lock", thread_local=False)
        self._turn = threading.Lock()
        self._listener: Callable[[OutboxItem], None] = lambda item: None
        vault.ensure(_SCHEMA)

    def on_change(self, listener: Callable[[OutboxItem], None]) -> None:
        """Tell one listener (the house) of each move, after it is durable."""
        self._listener = listener

    def enqueue(self, new: NewItem) -> OutboxItem:
        """Freeze a lot: when this returns, bytes and metadata survive a power cut.

        Raises Failure STORAGE_FULL, or DOCUMENT_CHANGED when a part is not what was hashed: then nothing is kept.
        """
        now = self._clock().isoformat()
        epoch = json.dumps(asdict(new.epoch)) if new.epoch else ""
        with self._vault.transaction():
            number = self._vault.execute(
                "INSERT INTO outbox_item (state, kind, title, matricule, oid, author, structure, unique_id, metadata,"
                " epoch, created, updated, attempts, code) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,0,'')",
                (
                    *(State.QUEUED.name, new.kind, new.title, new.patient.matricule, new.patient.oid),
                    *(new.author, new.structure, new.unique_id, new.metadata, epoch, now, now),
                ),
            )
            for part in new.parts:
                self._freeze(number, part)
            self._note(number, State.QUEUED, "")
        item = self.item(number)
        self._listener(item)
        return item

    def _freeze(self, number: int, part: NewPart) -> None:
        row = self._vault.execute(
            "INSERT INTO outbox_part (item, document_id, unique_id, listed, sha1, size) VALUES (?,?,?,?,'',0)",
            (number, part.document_id, part.unique_id, part.listed),
        )
        digest, size = hashlib.sha1(usedforsecurity=False), 0
        for sequence, data in enumerate(_even(read_chunks(part.content))):
            digest.update(data)
            size += len(data)
            self._vault.execute("INSERT INTO outbox_chunk VALUES (?,?,?)", (row, sequence, data))
        if part.sha1 not in ("", digest.hexdigest()):
            raise Failure("DOCUMENT_CHANGED")
        self._vault.execute("UPDATE outbox_part SET sha1 = ?, size = ? WHERE id = ?", (digest.hexdigest(), size, row))

    def item(self, number: int) -> OutboxItem:
        """Give one lot; raises Failure OUTBOX_UNKNOWN."""
        known = 0 < number <= _GREATEST
        row = self._vault.row(f"SELECT {_COLUMNS} FROM outbox_item WHERE id = ?", (number,)) if known else None
        if row is None:
            raise Failure("OUTBOX_UNKNOWN", number=number)
        return _item(row)

    def items(self, *states: State) -> tuple[OutboxItem, ...]:
        """Give the lots in the given states (all when none is given), oldest first."""
        wanted = [each.name for each in states or State]
        marks = ",".join("?" * len(wanted))
        rows = self._vault.rows(f"SELECT {_COLUMNS} FROM outbox_item WHERE state IN ({marks}) ORDER BY id", wanted)
        return tuple(map(_item, rows))

    def metadata(self, number: int) -> bytes:
        """Give the frozen metadata of a lot."""
        row = self._vault.row("SELECT metadata FROM outbox_item WHERE id = ?", (number,))
        return bytes(row[0]) if row else b""

    def parts(self, number: int) -> tuple[Part, ...]:
        """Give the frozen documents of a lot, in their order."""
        rows = self._vault.rows(
            "SELECT document_id, unique_id, sha1, size, listed, id FROM outbox_part WHERE item = ? ORDER BY id",
            (number,),
        )
        return tuple(map(self._part, rows))

    def _part(self, row: Row) -> Part:
        document_id, unique_id, sha1, size, listed, number = row
        content = StreamContent(size, lambda: self._stream(number))
        return Part(document_id, unique_id, sha1, size, bool(listed), content)

    def history(self, number: int) -> tuple[Move, ...]:
        """Give the moves of a lot, oldest first; raises Failure OUTBOX_UNKNOWN."""
        self.item(number)
        rows = self._vault.rows("SELECT at, state, code FROM outbox_move WHERE item = ? ORDER BY rowid", (number,))
        return tuple(Move(datetime.fromisoformat(at), State[state], code) for at, state, code in rows)

    def move(self, number: int, state: State, code: str = "") -> OutboxItem:
        """Move a lot to another state, durably; raises Failure OUTBOX_MOVE when the states do not follow."""
        with self._vault.transaction():
            before = self.item(number)
            if state not in _MOVES[before.state]:
                raise Failure("OUTBOX_MOVE", before=before.state.value, after=state.value)
            attempts = before.attempts + (state is State.SENDING)
            now = self._clock()
            self._vault.execute(
                "UPDATE outbox_item SET state = ?, code = ?, attempts = ?, updated = ? WHERE id = ?",
                (state.name, code, attempts, now.isoformat(), number),
            )
            self._note(number, state, code)
        after = replace(before, state=state, code=code, attempts=attempts, updated=now)
        self._listener(after)
        return after

    @contextmanager
    def sender(self) -> Iterator[None]:
        """Be the one that sends; lots found in the middle of a sending become unknown first.

        Threads of this program wait for their turn. Raises Failure OUTBOX_BUSY when another process is sending.
        """
        with self._turn:  # the lock of the file lets every thread of its process in
            try:
                self._lock.acquire(timeout=0)
            except Timeout as error:
                raise Failure("OUTBOX_BUSY") from error
            except OSError as error:
                raise Failure("DATA_UNWRITABLE") from error
            try:
                for item in self.items(State.SENDING):
                    self.move(item.id, State.UNKNOWN, "INTERRUPTED")
                yield
            finally:
                self._lock.release()

    def _note(self, number: int, state: State, code: str) -> None:
        self._vault.execute(
            "INSERT INTO outbox_move VALUES (?,?,?,?)", (number, self._clock().isoformat(), state.name, code)
        )

    def _stream(self, part: int) -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(_ChunkStream(self._vault, part), CHUNK))


class _ChunkStream(io.RawIOBase):
    def __init__(self, vault: Vault, part: int) -> None:
        self._vault, self._part, self._next, self._rest = vault, part, 0, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        if not self._rest:
            row = self._vault.row("SELECT data FROM outbox_chunk WHERE part = ? AND seq = ?", (self._part, self._next))
            self._rest, self._next = bytes(row[0]) if row else b"", self._next + 1
        taken = self._rest[: len(view)]
        view[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


_COLUMNS = (
    "id, state, kind, title, matricule, oid, author, structure, unique_id, created, updated, attempts, code, epoch"
)


def _item(row: Row) -> OutboxItem:
    (
        number,
        state,
        kind,
        title,
        matricule,
        oid,
        author,
        structure,
        unique_id,
        created,
        updated,
        attempts,
        code,
        epoch,
    ) = row
    return OutboxItem(
        *(number, State[state], kind, title, Ins(matricule, oid), author, structure, unique_id),
        *(datetime.fromisoformat(created), datetime.fromisoformat(updated), attempts, code),
        CardEpoch(**json.loads(epoch)) if epoch else None,
    )


def _even(chunks: Iterator[bytes], size: int = CHUNK) -> Iterator[bytes]:
    """Regroup chunks of any length into rows of the same length, so that a stream never wastes rows."""
    pending: list[bytes] = []
    length = 0
    for chunk in chunks:
        pending.append(chunk)
        length += len(chunk)
        if length >= size:
            yield b"".join(pending)
            pending, length = [], 0
    if length:
        yield b"".join(pending)


def due(items: Sequence[OutboxItem], author: str) -> tuple[OutboxItem, ...]:
    """Pick the lots that a professional may send now: their own, queued or of unknown outcome."""
    return tuple(each for each in items if each.author == author and each.state in (State.QUEUED, State.UNKNOWN))
