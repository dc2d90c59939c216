"""How a case is measured: interleaved rounds of ours and of the peer in one run, medians, one ratio."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Result:
    """One line: ours and the reference in the same unit, their ratio, and the ratio that we want at most."""

    case: str
    value: float
    unit: str
    reference: float
    ratio: float
    goal: float

    @classmethod
    def of(cls, case: str, value: float, unit: str, reference: float, goal: float) -> Result:
        """Round what was measured and divide."""
        return cls(case, round(value, 2), unit, round(reference, 2), round(value / reference, 3), goal)

    def to_json(self) -> str:
        """Write one JSON object on one line."""
        return json.dumps(asdict(self))

    def __str__(self) -> str:
        verdict = "ok" if self.ratio <= self.goal else "MISSED"
        found = f"{self.value:>10.2f} {self.unit} {self.reference:>10.2f} {self.unit}"
        return f"{self.case:<16} {found}  x{self.ratio:<6.3f} goal x{self.goal:<4} {verdict}"


def milliseconds(work: Callable[[], object]) -> float:
    """Time one run by the wall."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def processor_milliseconds(work: Callable[[], object]) -> float:
    """Time one run by the processor time of this process: other programs of the machine do not count."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def interleaved(ours: Callable[[], float], peer: Callable[[], float], rounds: int) -> tuple[float, float]:
    """Run both in turns, after one round for nothing; gives the two medians."""
    ours()
    peer()
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return statistics.median(each for each, _ in pairs), statistics.median(each for _, each in pairs)
