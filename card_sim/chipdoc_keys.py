"""The private keys of a CPS4 and the commands that use them.

Public (ANS Cryptolib): MANAGE SECURITY ENVIRONMENT with 91 { algorithm, key with its high bit } for a signature and
with 83 { key } for an RSA operation; the algorithms 0A, 28, 15, 2C; PSO COMPUTE DIGITAL SIGNATURE of a ready hash; PSO
DECIPHER without padding indicator, by chaining, that gives the whole block back; the authentication key 20. Simulated
profile: the signature key 10, the salt of PSS as long as the hash, the refusals.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from card_sim.card import Command, StatusError
from card_sim.keys import raw_operation

SIGNATURE, AUTHENTICATION = 0x10, 0x20
_HASH_GIVEN = 0x80
_SIGN, _DECIPHER = 0x9E9A, 0x8086
_SET_SIGNATURE, _SET_DECIPHER = 0x81B6, 0x41B8
_SHA1, _SHA256 = hashes.SHA1(), hashes.SHA256()  # noqa: S303 - the card offers it, whoever uses it
_PSS: dict[int, hashes.HashAlgorithm] = {0x15: _SHA1, 0x2C: _SHA256}
_PKCS1: dict[int, hashes.HashAlgorithm] = {0x0A: _SHA1, 0x28: _SHA256}


class ChipDocKeys:
    """The keys by reference and the current security environment: what to do, and with which key."""

    def __init__(
        self, signature: rsa.RSAPrivateKey, authentication: rsa.RSAPrivateKey, unlocked: Callable[[], bool]
    ) -> None:
        self._keys = {SIGNATURE: signature, AUTHENTICATION: authentication}
        self._unlocked = unlocked
        self._signing: tuple[int, int] | None = None
        self._deciphering: int | None = None

    def reset(self) -> None:
        """Forget the environment."""
        self._signing = self._deciphering = None

    def manage_environment(self, command: Command) -> bytes:
        """MSE SET of the signature template (81B6) or the confidentiality template (41B8)."""
        data = command.data
        if command.p1p2 == _SET_SIGNATURE:
            if len(data) != 4 or data[:2] != b"\x91\x02" or not data[3] & _HASH_GIVEN:
                raise StatusError(0x6A80)
            self._signing = data[2], self._known(data[3] & ~_HASH_GIVEN)
        elif command.p1p2 == _SET_DECIPHER:
            if len(data) != 3 or data[:2] != b"\x83\x01":
                raise StatusError(0x6A80)
            self._deciphering = self._known(data[2])
        else:
            raise StatusError(0x6A86)
        return b""

    def perform(self, command: Command) -> bytes:
        """PSO COMPUTE DIGITAL SIGNATURE (9E9A) of a hash, or DECIPHER (8086) of a block as long as the modulus."""
        operation = {_SIGN: self._sign, _DECIPHER: self._decipher}.get(command.p1p2)
        if operation is None:
            raise StatusError(0x6A86)
        return operation(command.data)

    def _known(self, reference: int) -> int:
        if reference not in self._keys:
            raise StatusError(0x6A88)
        return reference

    def _sign(self, digest: bytes) -> bytes:
        if self._signing is None:
            raise StatusError(0x6985)
        algorithm, reference = self._signing
        # The signature key serves both paddings; the authentication key pads for PKCS#1 on the host's side only.
        known = {**_PSS, **_PKCS1} if reference == SIGNATURE else _PSS
        name = known.get(algorithm)
        if name is None or len(digest) != name.digest_size:
            raise StatusError(0x6985)
        key = self._opened(reference)
        if algorithm in _PSS:
            return key.sign(digest, padding.PSS(padding.MGF1(name), name.digest_size), utils.Prehashed(name))
        return key.sign(digest, padding.PKCS1v15(), utils.Prehashed(name))

    def _decipher(self, block: bytes) -> bytes:
        if self._deciphering != AUTHENTICATION:
            raise StatusError(0x6985)
        key = self._opened(AUTHENTICATION)
        if len(block) != key.key_size // 8:
            raise StatusError(0x6700)
        return raw_operation(key, block)

    def _opened(self, reference: int) -> rsa.RSAPrivateKey:
        if not self._unlocked():
            raise StatusError(0x6982)
        return self._keys[reference]
