"""Looks for a secret in the memory of another process, from outside, by /proc/PID/maps and /proc/PID/mem (Linux)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy

_BLOCK = 1 << 24
_AROUND = 24
_SMALL_INT = 32  # bytes from one cached small int of CPython to the next, from 3.11 on
_UNREADABLE = ("[vvar]", "[vvar_vclock]", "[vsyscall]")


@dataclass(frozen=True)
class Copy:
    """One copy that was found: in which form, in which mapping; around says what stands beside it, digits masked."""

    form: str
    mapping: str
    address: int
    around: str


def forms_of(secret: str) -> dict[str, bytes]:
    """The ways in which a program may keep digits, as bytes in memory."""
    digits = secret.encode("ascii")
    return {
        "VERIFY APDU": bytes((0x00, 0x20, 0x00, 0x01, len(digits))) + digits,
        "ASCII digits": digits,
        "UTF-16LE": secret.encode("utf-16-le"),
        "UTF-16BE": secret.encode("utf-16-be"),
        "UTF-32LE": secret.encode("utf-32-le"),
    }


def copies_of(secret: str, process: int) -> list[Copy]:
    """Read every readable mapping of a process and list each copy of the secret, in any form; raises OSError."""
    forms = forms_of(secret)
    longest = max(map(len, forms.values())) + _AROUND
    wanted = re.compile(b"|".join(re.escape(each) for each in forms.values()))
    found = []
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for start, end, name in _mappings(process):
            for address, block in _blocks(memory, start, end, longest):
                found += [
                    Copy(_form(forms, hit.group()), name, address + hit.start(), _around(block, hit))
                    for hit in wanted.finditer(block)
                ]
                found += [Copy("list of ints", name, address + at, "") for at in _lists(secret, block)]
    return list({each.address: each for each in found}.values())


def _mappings(process: int) -> Iterator[tuple[int, int, str]]:
    for line in Path(f"/proc/{process}/maps").read_text().splitlines():
        place, rights, _, _, _, *name = line.split(maxsplit=5)
        label = name[0] if name else "anonymous"
        if rights.startswith("r") and label not in _UNREADABLE:
            start, end = (int(each, 16) for each in place.split("-"))
            yield start, end, label


def _blocks(memory, start: int, end: int, overlap: int) -> Iterator[tuple[int, bytes]]:
    """Cut a mapping into blocks that overlap, so that a copy across two of them is seen; what has gone is passed."""
    position = start
    while position < end:
        memory.seek(position)
        try:
            block = memory.read(min(_BLOCK + overlap, end - position))
        except OSError:
            return  # unmapped meanwhile, or a device
        if not block:
            return
        yield position, block
        position += max(1, len(block) - overlap) if position + len(block) < end else len(block)


def _lists(secret: str, block: bytes) -> list[int]:
    """Find arrays of pointers to the small ints of CPython whose distances are those of the digits."""
    words = numpy.frombuffer(block, dtype=numpy.int64, count=len(block) // 8)
    steps = [(int(after) - int(before)) * _SMALL_INT for before, after in itertools.pairwise(secret)]
    if len(words) <= len(steps):
        return []
    distances = numpy.diff(words)
    starts = numpy.flatnonzero(distances[: len(distances) - len(steps) + 1] == steps[0])
    return [int(at) * 8 for at in starts if all(distances[at + number] == step for number, step in enumerate(steps))]


def _form(forms: dict[str, bytes], found: bytes) -> str:
    return next(name for name, octets in forms.items() if octets == found)


def _around(block: bytes, hit: re.Match[bytes]) -> str:
    before, after = block[max(0, hit.start() - _AROUND) : hit.start()], block[hit.end() : hit.end() + _AROUND]
    return f"{before!r} <secret> {after!r}"
