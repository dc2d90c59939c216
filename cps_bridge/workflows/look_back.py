"""Look at what waits, what was sent, and what was done."""

from __future__ import annotations

from pathlib import Path

from cps_bridge.storage.journal import JournalEntry
from cps_bridge.storage.outbox import Move, OutboxItem
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import User


def list_outbox(desk: Desk, user: User) -> tuple[OutboxItem, ...]:
    """Give every lot, oldest first."""
    return desk.outbox.items()


def outbox_history(desk: Desk, user: User, *, number: int) -> tuple[Move, ...]:
    """Give the moves of one lot."""
    return desk.outbox.history(number)


def list_journal(desk: Desk, user: User) -> tuple[JournalEntry, ...]:
    """Give the practice's journal, its chain verified; raises Failure JOURNAL_BROKEN."""
    desk.journal.verify()
    return tuple(desk.journal.entries())


def export_journal(desk: Desk, user: User, *, path: Path) -> int:
    """Write the journal as JSON lines, patients masked; gives the number of lines."""
    desk.journal.verify()
    return desk.journal.export(path)
