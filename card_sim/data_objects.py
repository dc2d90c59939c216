"""The security data objects of an IAS-ECC card, read by GET DATA: codes, keys, security environments.

Public: the object of the PIN, byte for byte; the shape of the requests; 6A80 for the part 7F48 of a key, after which
OpenSC goes on. Simulated profile: the security environments 1 and 3.
"""

from __future__ import annotations

from card_sim.card import Command, StatusError
from card_sim.codes import Codes
from card_sim.der import length, tlv
from card_sim.keys import KeyStore

_CODE, _KEY, _ENVIRONMENT = 0x01, 0x10, 0x7B
_OPERATIONS, _CODE_SIZES = b"\xa0", b"\x7f\x41"
# Change with the old code, verify freely, reset under environment 3, never put.
_CODE_RULES = bytes.fromhex("F3000013FF00")


def read_object(command: Command, codes: Codes, keys: KeyStore) -> bytes:
    """GET DATA 3FFF with 4D { 70 { BF class reference { tag, 80 } } }; raises StatusError 6A80, 6A88."""
    kind, reference, tag = _request(command)
    readers = {_CODE: _code, _KEY: _key, _ENVIRONMENT: _environment}
    if kind & 0x7F not in readers:
        raise StatusError(0x6A88)
    inner = readers[kind & 0x7F](reference, tag, codes, keys)
    return tlv(0x70, bytes([0xBF, kind, reference]) + length(len(inner)) + inner)


def _request(command: Command) -> tuple[int, int, bytes]:
    data = command.data
    if command.p1p2 != 0x3FFF or len(data) < 10 or data[0] != 0x4D or data[2] != 0x70 or data[4] != 0xBF:
        raise StatusError(0x6A80)
    tag = bytes(data[8:-1])
    if data[1] != len(data) - 2 or data[3] != data[1] - 2 or data[7] != len(tag) + 1 or data[-1] != 0x80:
        raise StatusError(0x6A80)
    return data[5], data[6], tag


def _code(reference: int, tag: bytes, codes: Codes, keys: KeyStore) -> bytes:
    del keys
    secret = codes.get(reference)
    if tag == _OPERATIONS:
        rules = tlv(0xA1, tlv(0x8C, _CODE_RULES))
        return tlv(0xA0, tlv(0x9A, bytes([secret.tries])), tlv(0x9B, bytes([secret.left])), rules)
    if tag == _CODE_SIZES:
        return tlv(0x7F41, tlv(0x80, bytes([secret.maximum])), tlv(0x81, bytes([secret.minimum])))
    raise StatusError(0x6A88)


def _key(reference: int, tag: bytes, codes: Codes, keys: KeyStore) -> bytes:
    del codes
    key = keys.get(reference)
    if tag != _OPERATIONS:
        raise StatusError(0x6A80)
    rules = tlv(0xA1, tlv(0x8C, key.conditions))
    return tlv(0xA0, tlv(0x80, b"\x01\x00"), tlv(0x9E, bytes([key.non_repudiation])), rules)


def _environment(reference: int, tag: bytes, codes: Codes, keys: KeyStore) -> bytes:
    del tag, keys
    code = {1: codes.pin, 3: codes.puk}.get(reference & 0x1F)
    if code is None:
        raise StatusError(0x6A88)
    return tlv(0x7B, tlv(0xA4, tlv(0x95, b"\x08"), tlv(0x83, bytes([code.reference]))))
