"""What is written in a CPS3, contact and contactless, and in a CPS4: their trees.

Public: the AIDs, EF.ATR byte for byte, EF.SN, the size 65 of EF.DIR, the identifiers 5031, 5032, 7001, D107 and D120 to
D12F. Simulated profile: what EF.DIR holds inside its size, and the other identifiers (see pkcs15 and cps_data).
"""

from __future__ import annotations

from collections.abc import Mapping

from card_sim import pkcs15
from card_sim.cast import CastProfessional
from card_sim.cps_data import DataObject, data_objects, legacy_objects, serial_file, update_file
from card_sim.der import tlv
from card_sim.filesystem import File, Folder, Rule
from card_sim.pkcs15 import CPS3, CPS4, Product

AID_ROOT = bytes.fromhex("80250000 01FF0100")
AID_CPS = CPS3.aid
AID_CONTACTLESS = AID_CPS[:-1] + b"\x20"
EF_ATR = bytes.fromhex(
    "804301B8460404B0ECC147039401804F08 8025000001FF0100 E010020201040202010402020100020201007808"
    "06062B8122F87802 82029000"
)
TECHNICAL_KEY = 0x83
_DIRECTORY, _ATR, _SERIAL, _UPDATE = 0x2F00, 0x2F01, 0xD003, 0xD010
_SHORT = {_DIRECTORY: 0x1E, _ATR: 0x1D, _SERIAL: 0x1C}
_OBJECTS, _TOKEN = 0x5031, 0x5032


def build_tree(who: CastProfessional, signature: bytes, authentication: bytes) -> Folder:
    """Lay out the contact side of a CPS3 with its two DER certificates."""
    root = _root({_DIRECTORY: _applications(), _ATR: EF_ATR, _SERIAL: serial_file(who.serial)}, _SHORT)
    if who.updated:
        root.add(_file(_UPDATE, update_file(*who.updated)))
    root.add(_application(who, CPS3, (signature, authentication), data_objects(who), ()))
    return root


def build_chipdoc_tree(who: CastProfessional, signature: bytes, authentication: bytes) -> Folder:
    """Lay out the ChipDoc application of a CPS4: no short identifiers, CPS2ter objects named in its directory."""
    root = _root({_SERIAL: serial_file(who.serial)}, {})
    objects = data_objects(who)
    root.add(_application(who, CPS4, (signature, authentication), objects, legacy_objects(who)))
    return root


def build_contactless_tree(who: CastProfessional) -> Folder:
    """Lay out the contactless side of a CPS3: what is free to read, and a directory of codes that is closed.

    Public: EF.SN is readable and 7001 is not, the technical key needs no PIN. Simulated profile: its reference 83.
    """
    contents = {_DIRECTORY: _applications(), _ATR: EF_ATR, _SERIAL: serial_file(who.serial)}
    root = _root(contents, _SHORT)
    application = Folder(0x0001, AID_CONTACTLESS)
    key = pkcs15.key_entry("CPS_PRIV_TECH_AUT", AID_CONTACTLESS + b"\x03", TECHNICAL_KEY, (2,), behind_pin=False)
    application.add(
        _file(_OBJECTS, pkcs15.object_directory((pkcs15.CODES, pkcs15.KEYS))),
        _file(_TOKEN, pkcs15.token_info(who, CPS3)),
        _file(pkcs15.CODES, pkcs15.authentication_objects(who, CPS3), read=Rule.NEVER),
        _file(pkcs15.KEYS, key),
    )
    root.add(application)
    return root


def _root(contents: Mapping[int, bytes], short: Mapping[int, int]) -> Folder:
    root = Folder(0x3F00, AID_ROOT)
    root.add(*(_file(identifier, content, short.get(identifier, 0)) for identifier, content in contents.items()))
    return root


def _applications() -> bytes:
    # Two templates in 65 (hexadecimal) bytes, as on a real card: the labels fill what the names leave. OpenSC, which
    # reads real cards by contact, takes the last one.
    contactless = tlv(0x61, tlv(0x4F, AID_CONTACTLESS), tlv(0x50, b"CPS3 SIMULEE, SANS CONTACT".ljust(31)))
    return contactless + tlv(0x61, tlv(0x4F, AID_CPS), tlv(0x50, b"CPS3 SIMULEE, AVEC CONTACT".ljust(32)))


def _application(
    who: CastProfessional,
    product: Product,
    certificates: tuple[bytes, bytes],
    objects: tuple[DataObject, ...],
    elsewhere: tuple[DataObject, ...],
) -> Folder:
    application = Folder(0x0001, product.aid)
    contents = {
        _OBJECTS: pkcs15.object_directory((pkcs15.CODES, pkcs15.KEYS, pkcs15.CERTIFICATES, pkcs15.DATA)),
        _TOKEN: pkcs15.token_info(who, product),
        pkcs15.CODES: pkcs15.authentication_objects(who, product),
        pkcs15.KEYS: pkcs15.private_keys(who, product),
        pkcs15.CERTIFICATES: pkcs15.certificate_entries(who, product),
        pkcs15.DATA: b"".join(pkcs15.data_entry(each) for each in (*objects, *elsewhere)),
        pkcs15.SIGNATURE_CERTIFICATE: certificates[0],
        pkcs15.AUTHENTICATION_CERTIFICATE: certificates[1],
    }
    application.add(*(_file(identifier, content) for identifier, content in contents.items()))
    application.add(*(File(o.identifier, bytearray(o.content), 0, o.read, o.update) for o in objects))
    return application


def _file(identifier: int, content: bytes, short: int = 0, *, read: Rule = Rule.ALWAYS) -> File:
    return File(identifier, bytearray(content), short, read)
