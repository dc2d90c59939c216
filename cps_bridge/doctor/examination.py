"""The examination: what does not depend on each other runs side by side, and nothing may last longer than its limit."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from cps_bridge.doctor.cards import card_rows
from cps_bridge.doctor.module import module_rows
from cps_bridge.doctor.place import Place
from cps_bridge.doctor.storage import keyring_rows, outbox_rows
from cps_bridge.doctor.wire import wire_rows
from cps_bridge.doctor.words import ORDER, of_failure, say
from dossier.failure import Failure
from dossier.finding import Finding

LIMIT = 7.0
"""Seconds of a whole examination: a card that has to be read from its beginning takes a few."""

log = logging.getLogger("cps_bridge")
_Rows = Callable[[Place], Iterator[Finding]]


@dataclass(frozen=True)
class Part:
    """One line of checks, each needing the one before: the rows it gives, in the order in which it gives them."""

    rows: tuple[str, ...]
    examine: _Rows


PARTS = (
    Part(("pcsc", "readers", "card", "pin", "certificates"), card_rows),
    Part(("pkcs11",), module_rows),
    Part(("host", "tls", "clock"), wire_rows),
    Part(("outbox",), outbox_rows),
    Part(("keyring",), keyring_rows),
)


def examine_place(place: Place, *, parts: tuple[Part, ...] = PARTS, limit: float = LIMIT) -> tuple[Finding, ...]:
    """Examine every part at once and give all rows, in their order; what does not answer in time is a row too.

    limit: seconds of the whole. A part that hangs is left to its thread, which ends when what it waits for does.
    """
    deadline = time.monotonic() + limit
    running = [(part, _start(part, place)) for part in parts]
    found = [finding for part, answers in running for finding in _gather(part, answers, deadline)]
    return tuple(sorted(found, key=lambda finding: ORDER.index(finding.id)))


_Answers = queue.SimpleQueue[Finding | Exception | None]


def _start(part: Part, place: Place) -> _Answers:
    """Run a part on a thread of its own, which a hung driver or a waiting prompt may keep."""
    answers: _Answers = queue.SimpleQueue()

    def run() -> None:
        rows = part.examine(place)
        try:
            with closing(rows):  # type: ignore[type-var]
                for finding in rows:
                    answers.put(finding)
            answers.put(None)
        except Exception as error:
            answers.put(error)

    threading.Thread(target=run, name=f"doctor-{part.rows[0]}", daemon=True).start()
    return answers


def _gather(part: Part, answers: _Answers, deadline: float) -> list[Finding]:
    """Take what a part finds before the deadline; the row it hangs or fails at is bad, those after it were not seen."""
    found: list[Finding] = []
    while len(found) < len(part.rows):
        try:
            answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            found.append(_late(part.rows[len(found)]))
            break
        if not isinstance(answer, Finding):
            found.append(_unforeseen(part.rows[len(found)], answer))
            break
        found.append(answer)
    return [*found, *(_unseen(row) for row in part.rows[len(found) :])]


def _unforeseen(row: str, error: Exception | None) -> Finding:
    if isinstance(error, Failure):
        return of_failure(row, error)
    # Neither the message nor the values: they may hold a name or a number.
    log.error("examination of %s: %s", row, type(error).__name__)
    return of_failure(row, Failure("UNFORESEEN"))


def _late(row: str) -> Finding:
    return _LATE[row]()


def _unseen(row: str) -> Finding:
    return _UNSEEN[row]()


_LATE: dict[str, Callable[[], Finding]] = {
    "pcsc": lambda: say("pcsc.late"),
    "readers": lambda: say("readers.late"),
    "card": lambda: say("card.late"),
    "pin": lambda: say("pin.late"),
    "certificates": lambda: say("certificates.late"),
    "pkcs11": lambda: say("pkcs11.late"),
    "clock": lambda: say("clock.late"),
    "tls": lambda: say("tls.late"),
    "host": lambda: say("host.late"),
    "outbox": lambda: say("outbox.late"),
    "keyring": lambda: say("keyring.late"),
}
_UNSEEN: dict[str, Callable[[], Finding]] = {
    "readers": lambda: say("readers.unseen"),
    "card": lambda: say("card.unseen"),
    "pin": lambda: say("pin.unseen"),
    "certificates": lambda: say("certificates.unseen"),
    "tls": lambda: say("tls.unseen"),
    "clock": lambda: say("clock.unseen"),
}
