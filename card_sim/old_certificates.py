"""The certificates of old cards (IGC-CPS), written byte by byte because strict libraries refuse to make them.

Seen in official samples: subject C / O / OU / {CN + SN + GN} with the last three in one RDN that is not sorted as DER
demands, SN and GN as T61String, digitalSignature + nonRepudiation on the signature certificate, its purpose
emailProtection. Simulated: the usage and purpose of the authentication certificate, Latin-1 inside the T61String (as
OpenSSL reads it).
"""

from __future__ import annotations

import hashlib
import os

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from card_sim.cast import CastProfessional
from card_sim.certificates import card_extensions, day, old_authority_name
from card_sim.der import bits, boolean, integer, object_identifier, octets, sequence, tlv

_COUNTRY, _ORGANISATION, _UNIT, _COMMON_NAME = "2.5.4.6", "2.5.4.10", "2.5.4.11", "2.5.4.3"
_SURNAME, _GIVEN_NAME = "2.5.4.4", "2.5.4.42"
_PRINTABLE, _T61 = 0x13, 0x14
_SUBJECT_KEY, _AUTHORITY_KEY, _KEY_USAGE, _PURPOSES = "2.5.29.14", "2.5.29.35", "2.5.29.15", "2.5.29.37"
_EMAIL_PROTECTION, _CLIENT_AUTHENTICATION = "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"
# KeyUsage bits: 0 digitalSignature, 1 nonRepudiation, 2 keyEncipherment.
_SIGNATURE_USAGE, _AUTHENTICATION_USAGE = (0, 1), (0, 2)
_SHA256_WITH_RSA = sequence(object_identifier("1.2.840.113549.1.1.11"), tlv(0x05))


def card(who: CastProfessional, key: rsa.RSAPrivateKey, ca_key: rsa.RSAPrivateKey, *, signs: bool) -> bytes:
    """Make a certificate of an old card: the signature one or the authentication one; DER but for its unsorted name."""
    body = sequence(
        tlv(0xA0, integer(2)),
        integer(int.from_bytes(os.urandom(8), "big") >> 1),
        _SHA256_WITH_RSA,
        old_authority_name().public_bytes(),
        sequence(_time(who.valid_from, "000000"), _time(who.expires, "235959")),
        subject(who),
        _public_key(key),
        tlv(0xA3, sequence(*_extensions(who, key, ca_key, signs))),
    )
    signature = ca_key.sign(body, padding.PKCS1v15(), hashes.SHA256())
    return sequence(body, _SHA256_WITH_RSA, tlv(0x03, b"\x00", signature))


def subject(who: CastProfessional) -> bytes:
    """Write the name: C, O and OU alone, then CN, SN and GN in that order in one set, which DER would sort."""
    organisation = "TEST" if who.is_test else "SIMULATION"
    return sequence(
        tlv(0x31, _attribute(_COUNTRY, _PRINTABLE, "FR")),
        tlv(0x31, _attribute(_ORGANISATION, _PRINTABLE, organisation)),
        tlv(0x31, _attribute(_UNIT, _T61, who.title)),
        tlv(
            0x31,
            _attribute(_COMMON_NAME, _PRINTABLE, who.id_nat),
            _attribute(_SURNAME, _T61, who.family_name),
            _attribute(_GIVEN_NAME, _T61, who.given_name),
        ),
    )


def _attribute(oid: str, kind: int, text: str) -> bytes:
    return sequence(object_identifier(oid), tlv(kind, text.encode("latin-1", "replace")))


def _time(date: str, second: str) -> bytes:
    day(date)  # refuses what is no date
    if date < "20500101":
        return tlv(0x17, f"{date[2:]}{second}Z".encode())
    return tlv(0x18, f"{date}{second}Z".encode())


def _public_key(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _key_identifier(key: rsa.RSAPrivateKey) -> bytes:
    """RFC 5280 4.2.1.2 method 1: SHA-1 of the public key itself."""
    raw = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    return hashlib.sha1(raw, usedforsecurity=False).digest()


def _extensions(who: CastProfessional, key: rsa.RSAPrivateKey, ca_key: rsa.RSAPrivateKey, signs: bool) -> list[bytes]:
    usage = bits(*(_SIGNATURE_USAGE if signs else _AUTHENTICATION_USAGE))
    purpose = _EMAIL_PROTECTION if signs else _CLIENT_AUTHENTICATION
    return [
        _extension(_SUBJECT_KEY, octets(_key_identifier(key))),
        _extension(_AUTHORITY_KEY, sequence(tlv(0x80, _key_identifier(ca_key)))),
        _extension(_KEY_USAGE, usage, critical=True),
        _extension(_PURPOSES, sequence(object_identifier(purpose))),
        *(_extension(oid, value) for oid, value in card_extensions(who).items()),
    ]


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    return sequence(object_identifier(oid), *([boolean(True)] if critical else []), octets(value))
