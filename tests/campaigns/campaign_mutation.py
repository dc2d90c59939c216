"""Mutation of real content: what a damaged card, a bad reader or a liar makes of it, one small change or several."""

from __future__ import annotations

from collections.abc import Callable, MutableSequence, Sequence
from random import Random

_EDGES = (0x00, 0x01, 0x7E, 0x7F, 0x80, 0x81, 0x82, 0x83, 0x84, 0xFE, 0xFF, 0x1F, 0x3F, 0x30, 0x04, 0x61, 0x6C)
_SCANNED = (*map(ord, "0123456789S|~$]<>{}^'- éèàç&_,;:ABZ"), 0x1D, 0x1E, 0x00, 0x0D, 0x2D, 0x131, 0x1F600, 0xD800)
_MOST = 6
_RUN = 24

Data = MutableSequence[int]
Operator = Callable[["Mutator", Data, Random], None]


class Mutator:
    """Makes inputs out of seeds; the same random state makes the same input. items: the values put in by will."""

    def __init__(self, seeds: Sequence[Sequence[int]], *, highest: int, items: Sequence[int]) -> None:
        self._seeds = [each for each in seeds if len(each)]
        self._highest = highest
        self._items = items

    def make(self, random: Random, new: Callable[[Sequence[int]], Data]) -> Data:
        """Give one seed after one to six changes, most often few."""
        data = new(random.choice(self._seeds))
        for _ in range(min(random.randint(1, _MOST), random.randint(1, _MOST))):
            random.choice(OPERATORS)(self, data, random)
        return data

    def value(self, random: Random) -> int:
        """Give a value: one that often matters, or any."""
        return random.choice(self._items) if random.random() < 0.5 else random.randint(0, self._highest)

    def _flip(self, data: Data, random: Random) -> None:
        if data:
            place = random.randrange(len(data))
            data[place] ^= 1 << random.randrange(min(8, self._highest.bit_length()))

    def _set(self, data: Data, random: Random) -> None:
        if data:
            data[random.randrange(len(data))] = self.value(random)

    def _nudge(self, data: Data, random: Random) -> None:
        """Make a number one more or one less: a length, most often."""
        if data:
            place = random.randrange(len(data))
            data[place] = min(self._highest, max(0, data[place] + random.choice((-2, -1, 1, 2))))

    def _lengthen(self, data: Data, random: Random) -> None:
        """Put the head of a long form of length (ISO/IEC 8825-1, 8.1.3.5) where a length may be."""
        if data:
            place = random.randrange(len(data))
            count = random.randint(1, 4)
            data[place : place + 1] = [0x80 | count, *(self.value(random) & 0xFF for _ in range(count))]

    def _insert(self, data: Data, random: Random) -> None:
        place = random.randint(0, len(data))
        data[place:place] = [self.value(random) for _ in range(random.randint(1, 8))]

    def _delete(self, data: Data, random: Random) -> None:
        start, end = _run(data, random)
        del data[start:end]

    def _duplicate(self, data: Data, random: Random) -> None:
        start, end = _run(data, random)
        data[end:end] = list(data[start:end]) * random.choice((1, 1, 1, 2, 7))

    def _move(self, data: Data, random: Random) -> None:
        start, end = _run(data, random)
        taken = list(data[start:end])
        del data[start:end]
        place = random.randint(0, len(data))
        data[place:place] = taken

    def _truncate(self, data: Data, random: Random) -> None:
        del data[random.randint(0, len(data)) :]

    def _splice(self, data: Data, random: Random) -> None:
        """Go on with the rest of another seed."""
        other = random.choice(self._seeds)
        data[random.randint(0, len(data)) :] = list(other[random.randint(0, len(other)) :])

    def _graft(self, data: Data, random: Random) -> None:
        """Put a piece of another seed inside."""
        other = random.choice(self._seeds)
        start, end = _run(other, random)
        place = random.randint(0, len(data))
        data[place:place] = list(other[start:end])


def _run(data: Sequence[int], random: Random) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.randint(1, _RUN))


OPERATORS: tuple[Operator, ...] = (
    Mutator._flip,
    Mutator._flip,
    Mutator._set,
    Mutator._set,
    Mutator._nudge,
    Mutator._nudge,
    Mutator._lengthen,
    Mutator._insert,
    Mutator._delete,
    Mutator._duplicate,
    Mutator._move,
    Mutator._truncate,
    Mutator._splice,
    Mutator._graft,
)


class Octets(Mutator):
    """Mutates bytes."""

    def __init__(self, seeds: Sequence[bytes]) -> None:
        super().__init__(seeds, highest=0xFF, items=_EDGES)

    def octets(self, random: Random) -> bytes:
        """Give one input."""
        return bytes(self.make(random, bytearray))

    def change(self, data: bytes, random: Random) -> bytes:
        """Change given bytes once or twice."""
        changed = bytearray(data)
        for _ in range(random.randint(1, 2)):
            random.choice(OPERATORS)(self, changed, random)
        return bytes(changed)


class Typed(Mutator):
    """Mutates text as a keyboard may type it; lone surrogates included."""

    def __init__(self, seeds: Sequence[str]) -> None:
        super().__init__([[*map(ord, each)] for each in seeds], highest=0x10FFFF, items=_SCANNED)

    def text(self, random: Random) -> str:
        """Give one input."""
        return "".join(map(chr, self.make(random, list)))
