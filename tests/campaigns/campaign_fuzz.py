"""Fuzz by mutation of what comes from outside at the counter: cards and scanners.

python tests/campaigns/campaign_fuzz.py [TARGET ...] [--count N] [--jobs N] [--seed N]

Every input is made from real content of the simulated cards; input number n of a seed is always the same one. A target
fails when anything but Failure comes out of our code, or when an input takes more than one second of processor time.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from campaign_targets import TARGETS, Target  # noqa: E402 - run as a program, this file finds its rooms itself

from dossier.failure import Cancelled, Failure  # noqa: E402

SECONDS = 1.0
_SHOWN = 5


class TooLongError(Exception):
    """An input that was still being read after a second of processor time."""


@dataclass
class Outcome:
    """What came of a number of inputs: Failure codes and their numbers; escapes say the input and what came out."""

    target: str
    inputs: int = 0
    accepted: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    escapes: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Take the numbers of another part of the same campaign."""
        self.inputs += other.inputs
        self.accepted += other.accepted
        self.codes += other.codes
        self.slowest = max(self.slowest, other.slowest)
        self.escapes += other.escapes

    def to_json(self) -> str:
        """Write one line; the slowest input in milliseconds of processor time."""
        found = {**vars(self), "codes": dict(self.codes.most_common()), "slowest": round(self.slowest * 1000, 1)}
        return json.dumps({**found, "escapes": self.escapes[:_SHOWN], "escaped": len(self.escapes)}, ensure_ascii=False)


def input_number(target: Target, seed: int, number: int) -> object:
    """Make one input again."""
    return target.make(Random(f"{seed}:{target.name}:{number}"))


def attack(target: Target, seed: int, numbers: range) -> Outcome:
    """Give the inputs of these numbers to a target; only from the main thread of a process."""
    outcome = Outcome(target.name)
    for number in numbers:
        given = input_number(target, seed, number)
        started = time.process_time()
        try:
            with _limit():
                target.run(given)
            outcome.accepted += 1
        except (Failure, Cancelled) as failure:
            outcome.codes[getattr(failure, "code", "CANCELLED")] += 1
        except Exception as error:
            outcome.escapes.append(_told(seed, number, given, error))
        outcome.slowest = max(outcome.slowest, time.process_time() - started)
        outcome.inputs += 1
    return outcome


@contextmanager
def _limit() -> Iterator[None]:
    def ring(_signal: int, _frame: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _told(seed: int, number: int, given: object, error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    return f"seed {seed} input {number}: {type(error).__name__}: {error} at {where}; {given!r:.400}"


def _part(name: str, seed: int, start: int, end: int) -> Outcome:
    return attack(TARGETS[name](), seed, range(start, end))


def campaign(name: str, seed: int, count: int, jobs: int) -> Outcome:
    """Share a campaign among processes."""
    bounds = [count * number // jobs for number in range(jobs + 1)]
    parts = [(name, seed, start, end) for start, end in itertools.pairwise(bounds)]
    whole = Outcome(name)
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for part in pool.starmap(_part, parts):
            whole.add(part)
    return whole


def main() -> int:
    """Run campaigns; 0 when nothing escaped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    for name in options.targets or TARGETS:
        found = campaign(name, options.seed, options.count, options.jobs)
        print(found.to_json(), flush=True)
        failed |= bool(found.escapes)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
