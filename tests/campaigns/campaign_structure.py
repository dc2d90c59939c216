"""Mutation that keeps lengths right: one object of a BER tree is changed, and everything around it is written again.

Flat mutation mostly breaks a length and is refused at the door; this one goes to the rooms behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from campaign_mutation import Octets

_DEEPEST = 12
_OCTETS, _BITS = 0x04, 0x03


@dataclass
class Node:
    """One object: tag octets, and either its parts or its value; head: what stands before the parts (a BIT STRING)."""

    tag: bytes
    value: bytes = b""
    parts: list[Node] = field(default_factory=list)
    head: bytes = b""

    def write(self) -> bytes:
        """Encode with the shortest definite length (ISO/IEC 8825-1, 10.1)."""
        content = self.head + b"".join(each.write() for each in self.parts) if self.parts else self.value
        size = len(content)
        if size < 0x80:
            return self.tag + bytes([size]) + content
        octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
        return self.tag + bytes([0x80 | len(octets)]) + octets + content

    def all(self) -> list[Node]:
        """List this object and every one inside."""
        return [self, *(inner for each in self.parts for inner in each.all())]


def read(data: bytes, depth: int = 0) -> list[Node] | None:
    """Read objects one after the other, None for bytes that are none; octet and bit strings are looked into."""
    found, position = [], 0
    while position < len(data):
        if data[position] in (0x00, 0xFF) and not depth:
            break  # the filling of a file
        start = position
        position += 1
        if data[start] & 0x1F == 0x1F:
            while position < len(data) and data[position] & 0x80:
                position += 1
            position += 1
        if position >= len(data):
            return None
        tag, size, position = data[start:position], data[position], position + 1
        if size & 0x80:
            count = size & 0x7F
            size, position = int.from_bytes(data[position : position + count], "big"), position + count
            if not 0 < count <= 3:
                return None
        if position + size > len(data):
            return None
        found.append(_node(tag, data[position : position + size], depth))
        position += size
    return found


def _node(tag: bytes, value: bytes, depth: int) -> Node:
    node = Node(tag, value)
    if depth >= _DEEPEST or len(value) < 2:
        return node
    node.head = value[:1] if tag[0] == _BITS else b""
    if tag[0] & 0x20 or tag[0] in (_OCTETS, _BITS):
        node.parts = read(value[len(node.head) :], depth + 1) or []
    return node


class Trees:
    """Mutates bytes that are BER objects, by their objects; others are left to the flat mutation."""

    def __init__(self, seeds: list[bytes]) -> None:
        self._seeds = [each for each in seeds if read(each)]
        self._flat = Octets(seeds)

    def octets(self, random: Random) -> bytes:
        """Give one input, flat or by objects."""
        if random.random() < 0.3 or not self._seeds:
            return self._flat.octets(random)
        return self.change(random.choice(self._seeds), random)

    def change(self, data: bytes, random: Random) -> bytes:
        """Change one or two objects of given bytes."""
        trees = read(data)
        if not trees or random.random() < 0.2:
            return self._flat.change(data, random)
        for _ in range(random.randint(1, 2)):
            self._change_one(trees, random)
        return b"".join(each.write() for each in trees)

    def _change_one(self, trees: list[Node], random: Random) -> None:
        family = random.choice([trees, *(each.parts for tree in trees for each in tree.all() if each.parts)])
        if not family:
            return
        place = random.randrange(len(family))
        node = family[place]
        match random.randrange(8):
            case 0 | 1 | 2:
                node.value, node.parts = self._flat.change(node.value, random), []
            case 3:
                node.tag = bytes([random.choice((node.tag[0] ^ (1 << random.randrange(8)), random.randrange(256)))])
            case 4:
                del family[place]
            case 5:
                family.insert(random.randint(0, len(family)), node)
            case 6:
                node.value, node.parts = b"", []
            case _:
                donors = read(random.choice(self._seeds)) or [node]
                family[place] = random.choice([inner for each in donors for inner in each.all()])
