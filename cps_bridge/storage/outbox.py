"""What leaves goes through here: frozen bytes, one state per lot, every move in its own transaction.

States: queued -> sending -> done | refused | unknown; unknown -> queued | done; held waits for a person or a card.
"""

from __future__ import annotations

import enum
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from cps_bridge.storage.cipher import Row, Vault
from cps_bridge.storage.frozen import Frozen, NewPart, Part
from dossier.clock import Clock, system_clock
from dossier.context import CardEpoch
from dossier.failure import Failure
from dossier.patient import Ins

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox_item (
    id INTEGER PRIMARY KEY, state TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
    matricule TEXT NOT NULL, oid TEXT NOT NULL, author TEXT NOT NULL, structure TEXT NOT NULL,
    unique_id TEXT NOT NULL UNIQUE, metadata BLOB NOT NULL, epoch TEXT NOT NULL,
    created TEXT NOT NULL, updated TEXT NOT NULL, attempts INTEGER NOT NULL, code TEXT NOT NULL,
    facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox_move (
    item INTEGER NOT NULL REFERENCES outbox_item(id) ON DELETE CASCADE,
    at TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL, facts TEXT NOT NULL)
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
    """A lot as it stands. author: PS_IdNat; structure: Struct_IdNat; code and facts: the last failure, or "" and ()."""

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
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def failure(self) -> Failure | None:
        """What happened last, with the facts for its sentence; None when nothing did."""
        return Failure(self.code, **dict(self.facts)) if self.code else None


@dataclass(frozen=True)
class Move:
    """One line of a lot's history."""

    at: datetime
    state: State
    code: str
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def failure(self) -> Failure | None:
        """Why it moved, with the facts for its sentence; None when nothing went wrong."""
        return Failure(self.code, **dict(self.facts)) if self.code else None


class Outbox:
    """The lots of a practice, in the vault."""

    def __init__(self, vault: Vault, directory: Path, clock: Clock = system_clock) -> None:
        self._vault, self._clock = vault, clock
        self._lock = FileLock(directory / "outbox.lock", thread_local=False)
        self._turn = threading.Lock()
        self._listener: Callable[[OutboxItem], None] = lambda item: None
        vault.ensure(_SCHEMA)
        self._frozen = Frozen(vault)

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
                " epoch, created, updated, attempts, code, facts) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,0,'','{}')",
                (
                    *(State.QUEUED.name, new.kind, new.title, new.patient.matricule, new.patient.oid),
                    *(new.author, new.structure, new.unique_id, new.metadata, epoch, now, now),
                ),
            )
            for part in new.parts:
                self._frozen.freeze(number, part)
            self._note(number, State.QUEUED, "")
        item = self.item(number)
        self._listener(item)
        return item

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
        return self._frozen.parts(number)

    def history(self, number: int) -> tuple[Move, ...]:
        """Give the moves of a lot, oldest first; raises Failure OUTBOX_UNKNOWN."""
        self.item(number)
        rows = self._vault.rows(
            "SELECT at, state, code, facts FROM outbox_move WHERE item = ? ORDER BY rowid", (number,)
        )
        return tuple(
            Move(datetime.fromisoformat(at), State[state], code, _facts(facts)) for at, state, code, facts in rows
        )

    def move(self, number: int, state: State, code: str = "", /, **facts: object) -> OutboxItem:
        """Move a lot to another state, durably; code and facts: what happened.

        Raises Failure OUTBOX_MOVE when the states do not follow.
        """
        with self._vault.transaction():
            before = self.item(number)
            if state not in _MOVES[before.state]:
                raise Failure("OUTBOX_MOVE", before=before.state.value, after=state.value)
            attempts = before.attempts + (state is State.SENDING)
            kept = json.dumps({name: str(value) for name, value in facts.items()}, ensure_ascii=False)
            now = self._clock()
            self._vault.execute(
                "UPDATE outbox_item SET state = ?, code = ?, facts = ?, attempts = ?, updated = ? WHERE id = ?",
                (state.name, code, kept, attempts, now.isoformat(), number),
            )
            self._note(number, state, code, kept)
        after = replace(before, state=state, code=code, facts=_facts(kept), attempts=attempts, updated=now)
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

    def _note(self, number: int, state: State, code: str, facts: str = "{}") -> None:
        self._vault.execute(
            "INSERT INTO outbox_move VALUES (?,?,?,?,?)", (number, self._clock().isoformat(), state.name, code, facts)
        )


_COLUMNS = (
    "id, state, kind, title, matricule, oid, author, structure, unique_id, created, updated,"
    " attempts, code, epoch, facts"
)


def _item(row: Row) -> OutboxItem:
    number, state, kind, title, matricule, oid, author, structure, unique_id, created, updated, *rest = row
    attempts, code, epoch, facts = rest
    return OutboxItem(
        *(number, State[state], kind, title, Ins(matricule, oid), author, structure, unique_id),
        *(datetime.fromisoformat(created), datetime.fromisoformat(updated), attempts, code),
        CardEpoch(**json.loads(epoch)) if epoch else None,
        _facts(facts),
    )


def _facts(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(json.loads(text).items())


def due(items: Sequence[OutboxItem], author: str) -> tuple[OutboxItem, ...]:
    """Pick the lots that a professional may send now: their own, queued or of unknown outcome."""
    return tuple(each for each in items if each.author == author and each.state in (State.QUEUED, State.UNKNOWN))
