"""The heartbeat of the window's thread while cards are inserted, read, slow, held by another program and pulled.

Offscreen, on the real card stack. A timer beats every 2 ms in the thread of the window; the case is the worst time by
which a beat came late. What the thread waited for a processor, other programs having them all, is no fault of ours:
Linux counts it, and it is taken off. ``python -m bench.card_gui`` prints phase by phase the worst, and of its worst
beats how long the thread itself computed: the rest it waited, for the lock of Python or for a system call.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from bench.card_stack import Hands, in_namespace, virtual_cards
from bench.cast import authority
from bench.measure import Result
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.house import HostAddress, House
from cps_bridge.storage.settings import Settings
from dossier.failure import Failure
from gui.app import application
from gui.at_work import at_work
from gui.window import Window

DOCTOR, VITALE, PIN = "generaliste-port", "jean", "1234"
LIMIT = 16.0
"""Milliseconds: one frame of a screen of 60 Hz."""

_BEAT = 2  # milliseconds
_LOOK = 5  # milliseconds
_PATIENCE = 60.0
_QUIET, _HELD = 1.0, 1.0  # seconds
_SLOW = 150  # milliseconds added to each answer
_NOBODY = "https://127.0.0.1:9"

Step = Callable[[], object]


def heartbeat(case: str, _size: float, rounds: int, goal: float) -> Result:
    """Give the worst lateness of a single beat, beside one frame: over all phases of all rounds."""
    found = [in_namespace("bench.card_gui") for _ in range(rounds)]
    worst = max(beat["late"] for each in found for beat in each["phases"].values())
    return Result.of(case, worst, "ms", LIMIT, goal)


def _starved() -> float:
    """Give the milliseconds that this thread has been ready to run without a processor, 0 where nobody counts them."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e6
    except (OSError, IndexError, ValueError):
        return 0.0


class _Heart:
    """Beats in the thread that made it, and keeps the worst beat of each phase, in milliseconds.

    late: by how much it came late; computed: the processor time of the thread since the beat before.
    """

    def __init__(self) -> None:
        self.phase = ""
        self.worst: dict[str, dict[str, float]] = {}
        self._last, self._starved, self._computed = self._now()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(_BEAT)

    def enter(self, phase: str) -> None:
        """Begin a phase; "" for what is not measured."""
        self.phase = phase

    def _now(self) -> tuple[float, float, float]:
        return time.perf_counter() * 1000, _starved(), time.thread_time() * 1000

    def _beat(self) -> None:
        now, starved, computed = self._now()
        late = now - self._last - _BEAT - (starved - self._starved)
        worst = self.worst.setdefault(self.phase, {"late": 0.0, "computed": 0.0})
        if late > worst["late"]:
            worst.update(late=round(late, 2), computed=round(computed - self._computed, 2))
        self._last, self._starved, self._computed = now, starved, computed


class _Desk:
    """A window over a house with real readers; its script says what to wait for, and the timer looks."""

    def __init__(self, hands: Hands, directory: Path) -> None:
        self.hands = hands
        self.port = PcscReaders(only=frozenset(hands.names))
        address = HostAddress(_NOBODY, authority().ca_file)
        self.house = House(Settings(), self.port, directory, bytes(32), address)
        self.pool = ThreadPoolExecutor(2)
        self.app, self.window = application(), Window()
        self.heart = _Heart()
        self.ready = False
        self.window.ready.connect(self._is_ready)

    def _is_ready(self) -> None:
        self.ready = True

    def run(self) -> dict[str, dict[str, float]]:
        """Follow the script to its end; gives the worst beat of each phase."""
        self.window.show()
        self.window.attach(self.house)
        script, timer = self.script(), QTimer()
        waiting: list[tuple[Step, float]] = []

        def look() -> None:
            if waiting and not waiting[0][0]():
                if time.monotonic() > waiting[0][1]:
                    raise SystemExit(f"what was awaited did not come: {self.heart.phase}")
                return
            waiting[:] = [(following, time.monotonic() + _PATIENCE) for following in [next(script, None)] if following]
            if not waiting:
                self.app.quit()

        timer.timeout.connect(look)
        timer.start(_LOOK)
        with at_work(self.window):
            self.app.exec()
            self.window.close()
        self.pool.shutdown()
        self.house.close()
        return {phase: beat for phase, beat in self.heart.worst.items() if phase}

    def script(self) -> Iterator[Step]:
        """Do each card operation in its phase; yields the conditions to wait for."""
        self.heart.enter("made")  # the pages of the desks, while the person goes for the card
        yield lambda: self.ready
        self.heart.enter("")
        yield self.elapsed(_QUIET)
        self.heart.enter("quiet")
        yield self.elapsed(_QUIET)
        self.heart.enter("insert")
        yield self.away(lambda: self.hands.order(do="insert", slot=0, card=DOCTOR))
        yield lambda: self.see("pin.box")
        self.heart.enter("session")
        self.type_pin()
        yield lambda: self.house.session
        self.heart.enter("vitale")
        yield self.away(lambda: self.hands.order(do="insert", slot=1, card=VITALE))
        yield lambda: any(slot.epoch for slot in self.house.cards.slots()[1:])
        yield self.elapsed(_QUIET)
        self.heart.enter("slow")
        yield self.away(lambda: self.hands.order(do="break", slot=0, fault="slow", ms=_SLOW))
        yield self.away(self.read)
        yield self.away(lambda: self.hands.order(do="break", slot=0, fault="slow", ms=0))
        self.heart.enter("held")
        held = self.away(self.hold)
        yield self.away(self.read)
        yield held
        self.heart.enter("pulled")
        yield self.away(lambda: self.hands.order(do="remove", slot=0))
        yield lambda: self.house.session is None
        yield self.elapsed(_QUIET)
        self.heart.enter("")

    def see(self, name: str) -> QWidget | None:
        """Give a widget that is shown, by its name."""
        return next((each for each in self.window.findChildren(QWidget, name) if each.isVisible()), None)

    def type_pin(self) -> None:
        """Type the PIN in the boxes, key by key."""
        boxes = self.see("pin.box")
        assert boxes is not None
        for digit in PIN:
            QTest.keyClick(boxes, Qt.Key(ord(digit)))
        QTest.keyClick(boxes, Qt.Key.Key_Return)

    def elapsed(self, seconds: float) -> Step:
        """Give the condition that so many seconds have passed."""
        end = time.monotonic() + seconds
        return lambda: time.monotonic() >= end

    def away(self, work: Callable[[], object]) -> Step:
        """Do something in another thread; gives the condition that it is done."""
        future: Future[object] = self.pool.submit(work)
        return future.done

    def read(self) -> None:
        """Read the professional's card once more; that it is held is an outcome like another here."""
        epoch = next(slot.epoch for slot in self.house.cards.slots() if slot.epoch)
        with suppress(Failure):
            self.house.cards.read_professional(epoch)

    def hold(self) -> None:
        """Do what another program does that keeps the card for itself for a while."""
        link = PcscReaders(only=frozenset(self.hands.names)).connect(self.hands.names[0])
        with link.transaction():
            threading.Event().wait(_HELD)
        link.close()


def main() -> None:
    """Measure once, inside the namespace, and print the phases."""
    with virtual_cards() as hands, tempfile.TemporaryDirectory() as directory:
        found: dict[str, Any] = {"phases": _Desk(hands, Path(directory)).run()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
