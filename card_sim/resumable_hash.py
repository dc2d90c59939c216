"""SHA-1 and SHA-256 continued from an intermediate state (FIPS 180-4): the card finishes what the host began.

hashlib keeps its state to itself, and PSO HASH of IAS-ECC receives exactly that state.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import isqrt

_MASK = 0xFFFFFFFF
BLOCK = 64


def _first_primes(count: int) -> list[int]:
    primes: list[int] = []
    candidate = 2
    while len(primes) < count:
        if all(candidate % prime for prime in primes):
            primes.append(candidate)
        candidate += 1
    return primes


def _cube_root(number: int) -> int:
    guess = 1 << ((number.bit_length() + 2) // 3)
    while (better := (2 * guess + number // (guess * guess)) // 3) < guess:
        guess = better
    return guess


_SHA1_START = struct.pack(">5I", 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
_SHA256_START = struct.pack(">8I", *[isqrt(prime << 64) & _MASK for prime in _first_primes(8)])
_SHA256_ROUNDS = [_cube_root(prime << 96) & _MASK for prime in _first_primes(64)]


def _left(word: int, count: int) -> int:
    return ((word << count) | (word >> (32 - count))) & _MASK


def _right(word: int, count: int) -> int:
    return _left(word, 32 - count)


def _sha1_round(step: int, b: int, c: int, d: int) -> tuple[int, int]:
    if step < 20:
        return (b & c) | (~b & d), 0x5A827999
    if step < 40:
        return b ^ c ^ d, 0x6ED9EBA1
    if step < 60:
        return (b & c) | (b & d) | (c & d), 0x8F1BBCDC
    return b ^ c ^ d, 0xCA62C1D6


def _sha1(state: bytes, block: bytes) -> bytes:
    words = list(struct.unpack(">16I", block))
    for i in range(16, 80):
        words.append(_left(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1))
    before = struct.unpack(">5I", state)
    a, b, c, d, e = before
    for step in range(80):
        mixed, constant = _sha1_round(step, b, c, d)
        a, b, c, d, e = (_left(a, 5) + (mixed & _MASK) + e + constant + words[step]) & _MASK, a, _left(b, 30), c, d
    return struct.pack(">5I", *[(x + y) & _MASK for x, y in zip(before, (a, b, c, d, e), strict=True)])


def _sha256(state: bytes, block: bytes) -> bytes:
    words = list(struct.unpack(">16I", block))
    for i in range(16, 64):
        small0 = _right(words[i - 15], 7) ^ _right(words[i - 15], 18) ^ (words[i - 15] >> 3)
        small1 = _right(words[i - 2], 17) ^ _right(words[i - 2], 19) ^ (words[i - 2] >> 10)
        words.append((words[i - 16] + small0 + words[i - 7] + small1) & _MASK)
    before = struct.unpack(">8I", state)
    a, b, c, d, e, f, g, h = before
    for step in range(64):
        big1 = _right(e, 6) ^ _right(e, 11) ^ _right(e, 25)
        big0 = _right(a, 2) ^ _right(a, 13) ^ _right(a, 22)
        first = (h + big1 + ((e & f) ^ (~e & _MASK & g)) + _SHA256_ROUNDS[step] + words[step]) & _MASK
        second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) & _MASK
        a, b, c, d, e, f, g, h = (first + second) & _MASK, a, b, c, (d + first) & _MASK, e, f, g
    return struct.pack(">8I", *[(x + y) & _MASK for x, y in zip(before, (a, b, c, d, e, f, g, h), strict=True)])


_ALGORITHMS: dict[str, tuple[bytes, Callable[[bytes, bytes], bytes]]] = {
    "sha1": (_SHA1_START, _sha1),
    "sha256": (_SHA256_START, _sha256),
}


def begin(name: str, blocks: bytes) -> bytes:
    """Hash whole blocks of 64 bytes and give the intermediate state (20 or 32 bytes)."""
    state, compress = _ALGORITHMS[name]
    for place in range(0, len(blocks), BLOCK):
        state = compress(state, blocks[place : place + BLOCK])
    return state


def finish(name: str, state: bytes, done_bits: int, tail: bytes) -> bytes:
    """Finish a hash: intermediate state (empty when nothing was hashed), bits already hashed, the last bytes."""
    start, compress = _ALGORITHMS[name]
    state = state or start
    padded = tail + b"\x80" + bytes((55 - len(tail)) % BLOCK) + struct.pack(">Q", done_bits + 8 * len(tail))
    for place in range(0, len(padded), BLOCK):
        state = compress(state, padded[place : place + BLOCK])
    return state
