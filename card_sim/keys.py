"""The private keys of a CPS3 and the commands that use them: signature, authentication, decryption.

IAS-ECC command set: MANAGE SECURITY ENVIRONMENT, PERFORM SECURITY OPERATION, INTERNAL AUTHENTICATE (ISO 7816-4, -8);
RSA PKCS#1 v1.5 only (RFC 8017 8.2, 7.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa

from card_sim.card import Command, StatusError
from card_sim.resumable_hash import BLOCK, finish

_HASH_TEMPLATE, _SIGNATURE_TEMPLATE, _AUTHENTICATION_TEMPLATE, _CONFIDENTIALITY_TEMPLATE = 0xAA, 0xB6, 0xA4, 0xB8
_HASHES = {0x10: "sha1", 0x40: "sha256"}
_SIGNATURES = {0x12: "sha1", 0x42: "sha256"}
_HASH_SIZES = {"sha1": 20, "sha256": 32}
_DIGEST_INFO = {
    "sha1": bytes.fromhex("3021300906052B0E03021A05000414"),
    "sha256": bytes.fromhex("3031300D060960864801650304020105000420"),
}
_AUTHENTICATE, _DECRYPT = 0x02, 0x1A


@dataclass(frozen=True)
class CardKey:
    """A private key; templates are the security environment templates it accepts, conditions its access rules."""

    private: rsa.RSAPrivateKey
    templates: frozenset[int]
    conditions: bytes
    non_repudiation: bool


def signature_key(private: rsa.RSAPrivateKey) -> CardKey:
    """The key 81: PSO COMPUTE DIGITAL SIGNATURE only."""
    return CardKey(private, frozenset({_SIGNATURE_TEMPLATE}), bytes.fromhex("4311FF00"), True)


def authentication_key(private: rsa.RSAPrivateKey) -> CardKey:
    """The key 82: INTERNAL AUTHENTICATE and PSO DECIPHER."""
    templates = frozenset({_AUTHENTICATION_TEMPLATE, _CONFIDENTIALITY_TEMPLATE})
    return CardKey(private, templates, bytes.fromhex("331111FF00"), False)


def technical_key(private: rsa.RSAPrivateKey) -> CardKey:
    """The key of the contactless side: INTERNAL AUTHENTICATE only, free."""
    return CardKey(private, frozenset({_AUTHENTICATION_TEMPLATE}), bytes.fromhex("1100"), False)


class KeyStore:
    """The keys by local reference (1, 2) and the current security environment."""

    def __init__(self, keys: Mapping[int, CardKey], unlocked: Callable[[], bool]) -> None:
        self._keys = keys
        self._unlocked = unlocked
        self._environment: dict[int, dict[int, bytes]] = {}
        self._hash = b""

    def get(self, reference: int) -> CardKey:
        """Give a key by its reference, high bit ignored; raises StatusError 6A88."""
        key = self._keys.get(reference & 0x1F)
        if key is None:
            raise StatusError(0x6A88)
        return key

    def reset(self) -> None:
        """Forget the environment and the hash."""
        self._environment, self._hash = {}, b""

    def manage_environment(self, command: Command) -> bytes:
        """MSE SET of a template (P1 41, 81, C1) or MSE RESTORE (P1 F3)."""
        if command.p1 == 0xF3:
            self.reset()
            return b""
        if command.p1 not in (0x41, 0x81, 0xC1):
            raise StatusError(0x6A86)
        objects = _objects(command.data)
        for tag in (0x83, 0x84):
            if objects.get(tag):
                self.get(objects[tag][0])
        self._environment[command.p2] = objects
        return b""

    def perform(self, command: Command) -> bytes:
        """PSO HASH (90A0), COMPUTE DIGITAL SIGNATURE (9E9A), DECIPHER (8086)."""
        operation = {0x90A0: self._take_hash, 0x9E9A: self._sign, 0x8086: self._decipher}.get(command.p1p2)
        if operation is None:
            raise StatusError(0x6A86)
        return operation(command.data)

    def authenticate(self, command: Command) -> bytes:
        """INTERNAL AUTHENTICATE: sign a ready DigestInfo of at most 40 % of the modulus."""
        key, algorithm = self._current(_AUTHENTICATION_TEMPLATE)
        if algorithm != _AUTHENTICATE:
            raise StatusError(0x6985)
        if not command.data or len(command.data) > key.key_size // 8 * 4 // 10:
            raise StatusError(0x6700)
        return _sign_padded(key, command.data)

    def _take_hash(self, data: bytes) -> bytes:
        name = _HASHES.get(self._algorithm(_HASH_TEMPLATE))
        if name is None:
            raise StatusError(0x6985)
        objects = _objects(data)
        before, tail = objects.get(0x90, b""), objects.get(0x80, b"")
        if len(before) not in (0, _HASH_SIZES[name] + 8) or len(tail) > BLOCK:
            raise StatusError(0x6A80)
        self._hash = finish(name, before[:-8], int.from_bytes(before[-8:], "big"), tail)
        return b""

    def _sign(self, data: bytes) -> bytes:
        key, algorithm = self._current(_SIGNATURE_TEMPLATE)
        name, digest = _SIGNATURES.get(algorithm, ""), data or self._hash
        if len(digest) != _HASH_SIZES.get(name):
            raise StatusError(0x6985)
        self._hash = b""
        return _sign_padded(key, _DIGEST_INFO[name] + digest)

    def _decipher(self, data: bytes) -> bytes:
        key, algorithm = self._current(_CONFIDENTIALITY_TEMPLATE)
        if algorithm != _DECRYPT:
            raise StatusError(0x6985)
        if data[:1] != b"\x81" or len(data) != key.key_size // 8 + 1:
            raise StatusError(0x6A80)
        block = raw_operation(key, data[1:])
        end = block.find(b"\x00", 10)
        if block[:2] != b"\x00\x02" or end < 0:
            raise StatusError(0x6A80)
        return block[end + 1 :]

    def _algorithm(self, template: int) -> int:
        return int.from_bytes(self._environment.get(template, {}).get(0x80, b"")[:1], "big")

    def _current(self, template: int) -> tuple[rsa.RSAPrivateKey, int]:
        reference = self._environment.get(template, {}).get(0x84)
        if not reference:
            raise StatusError(0x6985)
        key = self.get(reference[0])
        if template not in key.templates:
            raise StatusError(0x6985)
        if not self._unlocked():
            raise StatusError(0x6982)
        return key.private, self._algorithm(template)


def _objects(data: bytes) -> dict[int, bytes]:
    objects, place = {}, 0
    while place < len(data):
        size = data[place + 1] if place + 1 < len(data) else -1
        value = data[place + 2 : place + 2 + size]
        if size < 0 or len(value) != size:
            raise StatusError(0x6A80)
        objects[data[place]] = value
        place += 2 + size
    return objects


def _sign_padded(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    size = key.key_size // 8
    return raw_operation(key, b"\x00\x01" + b"\xff" * (size - 3 - len(message)) + b"\x00" + message)


def raw_operation(key: rsa.RSAPrivateKey, block: bytes) -> bytes:
    """Apply the private key to a block as long as the modulus; raises StatusError 6A80 for one beyond the modulus.

    A card pads by itself and receives any DigestInfo, which no library offers: hence the bare RSA operation, by the
    Chinese remainder theorem for speed. Throw-away keys only.
    """
    numbers = key.private_numbers()
    message = int.from_bytes(block, "big")
    if message >= numbers.public_numbers.n:
        raise StatusError(0x6A80)
    first, second = pow(message, numbers.dmp1, numbers.p), pow(message, numbers.dmq1, numbers.q)
    value = second + (first - second) * numbers.iqmp % numbers.p * numbers.q
    return value.to_bytes(key.key_size // 8, "big")
