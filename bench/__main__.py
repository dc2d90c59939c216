"""``python -m bench [CASE ...] [--json] [--quick]``: one line per case, ours beside its reference."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench import card_gui, card_session, deposits, host_gate, host_store, lists, window
from bench.measure import Result


@dataclass(frozen=True)
class Case:
    """One case: its measure, its size (MB or entries), the size of a quick look, rounds and goal."""

    measure: Callable[[str, Any, int, float], Result]
    size: float
    quick: float
    rounds: int
    goal: float


CASES = {
    "iti41-10": Case(deposits.plain, 10, 0.1, 15, 1.5),
    "iti41-100": Case(deposits.plain, 100, 0.2, 7, 1.5),
    "iti41-memory-100": Case(deposits.memory, 100, 0.2, 1, 1.0),
    "iti41-tls-100": Case(deposits.tls, 100, 0.1, 7, 1.2),
    "iti18-1000": Case(lists.listing, 1000, 5, 9, 3.0),
    "iti18-10000": Case(lists.listing, 10_000, 10, 5, 3.0),
    "host-gate": Case(host_gate.verification, 200, 2, 15, 3.0),
    "host-find-50": Case(host_store.find, 50, 3, 15, 1.5),
    "host-find-5000": Case(host_store.find, 5_000, 4, 5, 1.5),
    "card-session": Case(card_session.session, 0, 0, 7, 1.3),
    "card-session-10ms": Case(card_session.session, 10, 10, 5, 1.3),
    "card-commands": Case(card_session.commands, 1, 1, 1, 1.0),
    "card-signatures-calls": Case(card_session.signatures, 1, 1, 1, 1.0),
    "card-signatures-connections": Case(card_session.signatures, 1, 1, 1, 1.0),
    "card-heartbeat": Case(card_gui.heartbeat, 1, 1, 3, 1.0),
    "window": Case(window.window, 1, 1, 7, 1.5),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the cases; 0 when each could be measured, whatever it shows."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)} (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: does it run at all?")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.cases if name not in CASES]
    if unknown:
        parser.error(f"unknown case: {', '.join(unknown)}")
    failed = False
    for name in options.cases or CASES:
        case = CASES[name]
        size, rounds = (case.quick, 1) if options.quick else (case.size, case.rounds)
        try:
            result = case.measure(name, size, rounds, case.goal)
        except Exception as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
            continue
        print(result.to_json() if options.json else result, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
