"""The PKCS#15 directory of a CPS (ISO 7816-15): which file holds which code, key, certificate or data object.

Public: ODF 5031 and TokenInfo 5032, the labels and references of the keys, their identifiers (AID and one byte).
Simulated profile: the identifiers of the directory files and of the certificates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from card_sim.cast import CastProfessional
from card_sim.cps_data import DataObject, serial_file
from card_sim.der import bits, boolean, enumerated, integer, object_identifier, octets, sequence, tlv, utf8
from card_sim.filesystem import Rule

CODES, KEYS, CERTIFICATES, DATA = 0x7001, 0x7002, 0x7004, 0x7006
SIGNATURE_CERTIFICATE, AUTHENTICATION_CERTIFICATE = 0xC001, 0xC002
_KINDS = {CODES: 0xA8, KEYS: 0xA0, CERTIFICATES: 0xA4, DATA: 0xA7}
_APPLICATION_PATH = bytes.fromhex("3F000001")
_PIN_ID, _PUK_ID = b"\x01", b"\x02"
_RSA = "1.2.840.113549.1.1.1"
# PKCS#15 usage of a key: 9 nonRepudiation; 1 decrypt, 2 sign.
_SIGNS, _AUTHENTICATES = (9,), (1, 2)


@dataclass(frozen=True)
class Algorithm:
    """One algorithm of TokenInfo: PKCS#11 mechanism, PKCS#15 operation (1 sign, 5 decipher, 6 hash), card's number."""

    mechanism: int
    operation: int
    oid: str
    reference: int


@dataclass(frozen=True)
class Product:
    """What differs between the directories of a CPS3 and of a CPS4.

    label: the first word of the token; the references are those that the commands of the card take.
    """

    label: str
    aid: bytes
    algorithms: tuple[Algorithm, ...]
    pin_reference: int
    puk_reference: int
    signature_reference: int
    authentication_reference: int


CPS3 = Product(
    "",
    bytes.fromhex("E828BD08 0F802500 0001FF00 10"),
    (
        Algorithm(0x220, 6, "1.3.14.3.2.26", 0x10),
        Algorithm(0x250, 6, "2.16.840.1.101.3.4.2.1", 0x40),
        Algorithm(0x06, 1, "1.2.840.113549.1.1.5", 0x12),
        Algorithm(0x40, 1, "1.2.840.113549.1.1.11", 0x42),
        Algorithm(0x01, 1, _RSA, 0x02),
        Algorithm(0x01, 5, _RSA, 0x1A),
    ),
    pin_reference=0x01,
    puk_reference=0x02,
    signature_reference=0x81,
    authentication_reference=0x82,
)
CPS4 = Product(
    "CPS4 ",
    CPS3.aid,
    (
        Algorithm(0x06, 1, "1.2.840.113549.1.1.5", 0x0A),
        Algorithm(0x40, 1, "1.2.840.113549.1.1.11", 0x28),
        Algorithm(0x0E, 1, "1.2.840.113549.1.1.10", 0x15),
        Algorithm(0x43, 1, "1.2.840.113549.1.1.10", 0x2C),
    ),
    pin_reference=0x11,
    puk_reference=0x12,
    signature_reference=0x10,
    authentication_reference=0x20,
)


def object_directory(kinds: Iterable[int]) -> bytes:
    """Write the ODF: where each directory file is, by identifier."""
    return b"".join(tlv(_KINDS[identifier], _in_application(identifier)) for identifier in kinds)


def token_info(who: CastProfessional, product: Product) -> bytes:
    """Write TokenInfo: serial number, label, algorithms with the card's own numbers for them."""
    algorithms = (
        sequence(
            integer(place),
            integer(each.mechanism),
            tlv(0x05),
            bits(each.operation),
            object_identifier(each.oid),
            integer(each.reference),
        )
        for place, each in enumerate(product.algorithms, start=1)
    )
    return sequence(
        integer(0),
        octets(serial_file(who.serial)[7:]),
        utf8("SIMULATEUR"),
        tlv(0x80, f"{product.label}{who.card_kind} SIMULEE {who.serial}".encode()),
        bits(1),
        tlv(0xA2, *algorithms),
    )


def authentication_objects(who: CastProfessional, product: Product) -> bytes:
    """Write the AODF: the PIN, which names the code that unblocks it (or nobody could), then that code."""
    # Flags: 0 case-sensitive, 4 initialized, 6 unblockingPin.
    pin = _code_entry("Code porteur", _PIN_ID, _PUK_ID, (0, 4), len(who.pin), product.pin_reference)
    return pin + _code_entry("Code de deblocage", _PUK_ID, b"", (0, 4, 6), len(who.puk), product.puk_reference)


def _code_entry(
    label: str, identifier: bytes, guardian: bytes, flags: tuple[int, ...], size: int, reference: int
) -> bytes:
    common = sequence(utf8(label), bits(0, 1), octets(guardian)) if guardian else sequence(utf8(label), bits(0))
    attributes = sequence(
        bits(*flags),
        enumerated(1),
        integer(size),
        integer(size),
        integer(size),
        tlv(0x80, bytes([reference])),
        _path(b"\x3f\x00"),
    )
    return sequence(common, sequence(octets(identifier)), tlv(0xA1, attributes))


def private_keys(who: CastProfessional, product: Product) -> bytes:
    """Write the PrKDF: the signature key, then the authentication key, both behind the PIN."""
    signature, authentication = key_identifiers(who, product)
    return key_entry(
        "CPS_PRIV_SIG", signature, product.signature_reference, _SIGNS, behind_pin=True
    ) + key_entry(
        "CPS_PRIV_AUT", authentication, product.authentication_reference, _AUTHENTICATES, behind_pin=True
    )  # fmt: skip


def key_identifiers(who: CastProfessional, product: Product) -> tuple[bytes, bytes]:
    """Give the identifiers of both keys: the AID and a byte that varies between cards."""
    signature, authentication = who.key_ids
    return product.aid + bytes([signature]), product.aid + bytes([authentication])


def key_entry(label: str, identifier: bytes, reference: int, usage: tuple[int, ...], *, behind_pin: bool) -> bytes:
    """Write one private RSA key of 2048 bits; usage: the named bits of PKCS15KeyUsageFlags."""
    common = sequence(utf8(label), bits(0), octets(_PIN_ID)) if behind_pin else sequence(utf8(label), bits())
    return sequence(
        common,
        sequence(octets(identifier), bits(*usage), boolean(True), bits(0, 2, 3), integer(reference)),
        tlv(0xA1, sequence(sequence(octets(b"")), integer(2048))),
    )


def certificate_entries(who: CastProfessional, product: Product) -> bytes:
    """Write the CDF: both certificates, each with the identifier of its key."""
    signature, authentication = key_identifiers(who, product)
    return _certificate_entry("Certificat de Signature CPS", signature, SIGNATURE_CERTIFICATE) + _certificate_entry(
        "Certificat d'Authentification CPS", authentication, AUTHENTICATION_CERTIFICATE
    )


def _certificate_entry(label: str, identifier: bytes, file: int) -> bytes:
    return sequence(
        sequence(utf8(label), bits()), sequence(octets(identifier)), tlv(0xA1, sequence(_in_application(file)))
    )


def data_entry(each: DataObject) -> bytes:
    """Write one entry of the DODF."""
    private = each.read is Rule.PIN
    common = sequence(utf8(each.label), bits(0), octets(_PIN_ID)) if private else sequence(utf8(each.label), bits())
    place = _path(each.path) if each.path else _in_application(each.identifier)
    return sequence(common, sequence(utf8("CPS")), tlv(0xA1, place))


def _path(path: bytes) -> bytes:
    return sequence(octets(path))


def _in_application(identifier: int) -> bytes:
    return _path(_APPLICATION_PATH + identifier.to_bytes(2, "big"))
