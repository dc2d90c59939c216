"""Faults that may be armed to see how a client bears them: lost answers, delays, refusals, sudden death."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .call import HostFault

WHENS = ("before_commit", "after_commit")
EFFECTS = ("drop", "delay", "refuse", "soap_fault", "exit")


class Dropped(Exception):  # noqa: N818 - an order, not an error
    """The armed fault wants the TCP connection closed without an answer."""


class Refused(Exception):  # noqa: N818 - an order, not an error
    """The armed fault wants a plain HTTP 503."""


@dataclass
class Fault:
    """One armed fault: the transaction ("TD2.1", or "*"), the moment, the effect, and how many times it strikes."""

    transaction: str
    when: str
    effect: str
    seconds: float = 0.0
    times: int = 1

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Fault:
        """Read one fault; ValueError when a word is not known."""
        unknown = set(facts) - {"transaction", "when", "effect", "seconds", "times"}
        if unknown:
            raise ValueError(f"unknown words: {sorted(unknown)}")
        fault = cls(
            str(facts.get("transaction", "*")),
            str(facts.get("when", "before_commit")),
            str(facts["effect"]),
            float(facts.get("seconds", 0)),
            int(facts.get("times", 1)),
        )
        if fault.when not in WHENS or fault.effect not in EFFECTS:
            raise ValueError(f"when is one of {WHENS}, effect one of {EFFECTS}")
        return fault

    def strike(self) -> None:
        """Do the effect: raise Dropped, Refused or HostFault; "exit" ends the process as a power cut would."""
        if self.effect == "exit":
            os._exit(99)
        if self.effect == "drop":
            raise Dropped
        if self.effect == "refuse":
            raise Refused
        if self.effect == "soap_fault":
            raise HostFault("DMPTechnicalError", "armed fault", sender=False)


class Faults:
    """The armed faults; thread-safe."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._lock = threading.Lock()

    def arm(self, fault: Fault) -> None:
        """Add a fault."""
        with self._lock:
            self._armed.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._armed.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The faults still armed."""
        with self._lock:
            return [asdict(fault) for fault in self._armed]

    def take(self, transaction: str, when: str) -> Fault | None:
        """Give the fault armed for a transaction at a moment, and count it as used; None when there is none."""
        with self._lock:
            for fault in self._armed:
                if fault.transaction in (transaction, "*") and fault.when == when:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._armed.remove(fault)
                    return fault
        return None
