"""The verification of the access log: intact, or the first row where it is not."""

from __future__ import annotations

from dataclasses import dataclass

from .audit import Audit
from .audit_seal import Head, chained

_MISSING = "la ligne manque"
_CHANGED = "la ligne a été changée"
_HEAD = "le nombre de lignes n'est pas celui que la base annonce"
_CUT = "des lignes scellées manquent à la fin"
_UNSEALED = "le sceau manque ou n'est pas le nôtre"
_REWRITTEN = "la ligne n'est pas celle qui a été scellée"


@dataclass(frozen=True)
class Verdict:
    """What was found: how many rows, how many of them the seal covers, the first broken row and why ("" : intact)."""

    rows: int
    sealed: int
    broken: int = 0
    problem: str = ""

    def text(self) -> str:
        """The same in one French sentence."""
        if self.problem:
            return f"Journal des accès altéré à la ligne {self.broken} : {self.problem}."
        return f"Journal des accès intact : {self.rows} lignes, scellées jusqu'à la ligne {self.sealed}."


def verify(audit: Audit) -> Verdict:
    """Read the whole log again: its chain, its head, its seal. The host may be serving meanwhile."""
    sealed = audit.seal.read()
    head = audit.head()
    covered = sealed.number if sealed else 0
    last = Head(0, "")
    for number, values, made in audit.stored():
        if number > head.number:
            break  # written since the head was read
        if number != last.number + 1:
            return Verdict(head.number, covered, last.number + 1, _MISSING)
        if made != chained(last.hash, (number, *values)):
            return Verdict(head.number, covered, number, _CHANGED)
        if sealed and number == sealed.number and made != sealed.hash:
            return Verdict(head.number, covered, number, _REWRITTEN)
        last = Head(number, made)
    return _of_the_end(last, head, sealed)


def _of_the_end(last: Head, head: Head, sealed: Head | None) -> Verdict:
    covered = sealed.number if sealed else 0
    if sealed is None:
        return Verdict(last.number, 0, last.number, _UNSEALED)
    if sealed.number > last.number:
        return Verdict(last.number, covered, last.number + 1, _CUT)
    if last != head:
        return Verdict(last.number, covered, last.number + 1, _HEAD)
    return Verdict(last.number, covered)
