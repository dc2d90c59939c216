"""What is written in a CPS3: its tree, its PKCS#15 directory (ISO 7816-15), its data objects.

Identifiers D003, D107, D120 to D12F, 5031, 5032 and the AIDs are those of real cards. The other identifiers and the
inner coding of CPS_ID_CARD, CPS_NAME_PS, CPS_LANG_PS and CPS_INFO_PS are simulated: the official dictionary is not
public. What is known holds: CPS_INFO_PS ends with the four characters of the speciality, an activity is
EE { 84 name, 85 Struct_IdNat, 86 sector }.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from card_sim.cast import CastActivity, CastProfessional
from card_sim.certificates import luhn
from card_sim.der import bits, boolean, enumerated, integer, object_identifier, octets, sequence, tlv, utf8
from card_sim.filesystem import File, Folder, Rule

AID_ROOT = bytes.fromhex("80250000 01FF0100")
AID_CPS = bytes.fromhex("E828BD08 0F802500 0001FF00 10")
EF_ATR = bytes.fromhex(
    "804301B8460404B0ECC147039401804F08 8025000001FF0100 E010020201040202010402020100020201007808"
    "06062B8122F87802 82029000"
)
_ISSUER = "8025000001"
_APPLICATION_PATH = bytes.fromhex("3F000001")
_PIN_ID, _PUK_ID = b"\x01", b"\x02"
_SIGNATURE_CERTIFICATE, _AUTHENTICATION_CERTIFICATE = 0xC001, 0xC002
# PKCS#15 operations: 1 compute-signature, 5 decipher, 6 hash. (reference, PKCS#11 mechanism, operation, OID, card's)
_ALGORITHMS = (
    (1, 0x220, 6, "1.3.14.3.2.26", 0x10),
    (2, 0x250, 6, "2.16.840.1.101.3.4.2.1", 0x40),
    (3, 0x06, 1, "1.2.840.113549.1.1.5", 0x12),
    (4, 0x40, 1, "1.2.840.113549.1.1.11", 0x42),
    (5, 0x01, 1, "1.2.840.113549.1.1.1", 0x02),
    (6, 0x01, 5, "1.2.840.113549.1.1.1", 0x1A),
)


@dataclass(frozen=True)
class DataObject:
    """A CPS data object: its PKCS#11 label, its file, who may read and write it."""

    label: str
    identifier: int
    content: bytes
    read: Rule = Rule.ALWAYS
    update: Rule = Rule.NEVER


def serial_file(serial: str) -> bytes:
    """Give EF.SN: 5A, issuer 8025000001, eight digits, Luhn digit over all, F."""
    number = _ISSUER + serial
    return tlv(0x5A, bytes.fromhex(f"{number}{luhn(number)}F"))


def data_objects(who: CastProfessional) -> tuple[DataObject, ...]:
    """List the data objects of a professional's card, activities at their own numbers."""
    kind = {"CPS": 4, "CPF": 5, "CPE": 6, "CPA": 7}[who.card_kind]
    info = tlv(
        0xE3, tlv(0x80, who.id_nat.encode()), tlv(0x81, who.profession.encode()), who.specialty.rjust(4).encode()
    )
    return (
        DataObject("CPS_ID_CARD", 0xD101, tlv(0xE0, tlv(0x80, bytes([kind])), tlv(0x81, who.serial.encode()))),
        DataObject(
            "CPS_NAME_PS", 0xD102, tlv(0xE1, utf8_value(0x80, who.family_name), utf8_value(0x81, who.given_name))
        ),
        DataObject("CPS_LANG_PS", 0xD103, tlv(0xE2, tlv(0x80, b"fr"))),
        DataObject("CPS_INFO_PS", 0xD104, info),
        DataObject("CPS_DATA", 0xD107, bytes(64), update=Rule.PIN),
        *(_activity(each) for each in who.activities),
    )


def utf8_value(tag: int, text: str) -> bytes:
    """Write a text under a context tag."""
    return tlv(tag, text.encode())


def build_tree(who: CastProfessional, signature: bytes, authentication: bytes) -> Folder:
    """Lay out the whole card of a professional with its two DER certificates."""
    objects = data_objects(who)
    root = Folder(0x3F00, AID_ROOT)
    application = Folder(0x0001, AID_CPS)
    directory = tlv(0x61, tlv(0x4F, AID_CPS), tlv(0x50, b"CPS IAS"))
    root.add(
        _file(0x2F00, directory, 0x1E),
        _file(0x2F01, EF_ATR, 0x1D),
        _file(0xD003, serial_file(who.serial), 0x1C),
        application,
    )
    contents = {
        0x5031: _object_directory(),
        0x5032: _token_info(who),
        0x7001: _authentication_objects(who),
        0x7002: _private_keys(who),
        0x7004: _certificates(who),
        0x7006: b"".join(_data_entry(each) for each in objects),
        _SIGNATURE_CERTIFICATE: signature,
        _AUTHENTICATION_CERTIFICATE: authentication,
    }
    application.add(*(_file(identifier, content) for identifier, content in contents.items()))
    application.add(*(File(o.identifier, bytearray(o.content), 0, o.read, o.update) for o in objects))
    return root


def _activity(activity: CastActivity) -> DataObject:
    place = activity.structure
    record = tlv(
        0xEE, utf8_value(0x84, place.name), tlv(0x85, place.id_nat.encode()), tlv(0x86, activity.sector.encode())
    )
    return DataObject(f"CPS_ACTIVITY_{activity.number:02d}_PS", 0xD11F + activity.number, record, read=Rule.PIN)


def _file(identifier: int, content: bytes, short: int = 0) -> File:
    return File(identifier, bytearray(content), short)


def _path(path: bytes) -> bytes:
    return sequence(octets(path))


def _in_application(identifier: int) -> bytes:
    return _path(_APPLICATION_PATH + identifier.to_bytes(2, "big"))


def _object_directory() -> bytes:
    return b"".join(
        tlv(tag, _in_application(identifier))
        for tag, identifier in ((0xA8, 0x7001), (0xA0, 0x7002), (0xA4, 0x7004), (0xA7, 0x7006))
    )


def _token_info(who: CastProfessional) -> bytes:
    algorithms = (
        sequence(integer(ref), integer(mechanism), tlv(0x05), bits(operation), object_identifier(oid), integer(card))
        for ref, mechanism, operation, oid, card in _ALGORITHMS
    )
    return sequence(
        integer(0),
        octets(serial_file(who.serial)[7:]),
        utf8("SIMULATEUR"),
        tlv(0x80, f"{who.card_kind} SIMULEE {who.serial}".encode()),
        bits(1),
        tlv(0xA2, *algorithms),
    )


def _authentication_objects(who: CastProfessional) -> bytes:
    # Flags: 0 case-sensitive, 4 initialized, 6 unblockingPin. The PIN names the PUK, or nobody can unblock it.
    pin = _pin_entry("Code porteur", _PIN_ID, _PUK_ID, (0, 4), len(who.pin))
    return pin + _pin_entry("Code de deblocage", _PUK_ID, b"", (0, 4, 6), len(who.puk))


def _pin_entry(label: str, identifier: bytes, guardian: bytes, flags: tuple[int, ...], size: int) -> bytes:
    common = sequence(utf8(label), bits(0, 1), octets(guardian)) if guardian else sequence(utf8(label), bits(0))
    attributes = sequence(
        bits(*flags),
        enumerated(1),
        integer(size),
        integer(size),
        integer(size),
        tlv(0x80, identifier),
        _path(b"\x3f\x00"),
    )
    return sequence(common, sequence(octets(identifier)), tlv(0xA1, attributes))


def _key_identifiers(who: CastProfessional) -> Iterator[bytes]:
    return (AID_CPS + bytes([last]) for last in who.key_ids)


def _private_keys(who: CastProfessional) -> bytes:
    signature, authentication = _key_identifiers(who)
    # Usage: 9 nonRepudiation; 1 decrypt, 2 sign.
    return _key_entry("CPS_PRIV_SIG", signature, 0x81, (9,)) + _key_entry("CPS_PRIV_AUT", authentication, 0x82, (1, 2))


def _key_entry(label: str, identifier: bytes, reference: int, usage: tuple[int, ...]) -> bytes:
    return sequence(
        sequence(utf8(label), bits(0), octets(_PIN_ID)),
        sequence(octets(identifier), bits(*usage), boolean(True), bits(0, 2, 3), integer(reference)),
        tlv(0xA1, sequence(sequence(octets(b"")), integer(2048))),
    )


def _certificates(who: CastProfessional) -> bytes:
    signature, authentication = _key_identifiers(who)
    return _certificate_entry("Certificat de Signature CPS", signature, _SIGNATURE_CERTIFICATE) + _certificate_entry(
        "Certificat d'Authentification CPS", authentication, _AUTHENTICATION_CERTIFICATE
    )


def _certificate_entry(label: str, identifier: bytes, file: int) -> bytes:
    return sequence(
        sequence(utf8(label), bits()), sequence(octets(identifier)), tlv(0xA1, sequence(_in_application(file)))
    )


def _data_entry(each: DataObject) -> bytes:
    private = each.read is Rule.PIN
    common = sequence(utf8(each.label), bits(0), octets(_PIN_ID)) if private else sequence(utf8(each.label), bits())
    return sequence(common, sequence(utf8("CPS")), tlv(0xA1, _in_application(each.identifier)))
