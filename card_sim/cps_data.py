"""The data of a CPS: its serial file, its data objects, its last remote update.

Public: EF.SN and EF_ACTUA (D010) whole, D107, D120 to D12F; CPS_INFO_PS ends with the four characters of the
speciality, an activity is EE { 84 name, 85 Struct_IdNat, 86 sector }. Simulated profile: the other identifiers and the
inner coding of CPS_ID_CARD, CPS_NAME_PS, CPS_LANG_PS and CPS_INFO_PS, whose official dictionary is not public.
"""

from __future__ import annotations

from dataclasses import dataclass

from card_sim.cast import CastActivity, CastProfessional
from card_sim.certificates import luhn
from card_sim.der import tlv
from card_sim.filesystem import Rule

_ISSUER = "8025000001"
_KINDS = {"CPS": 4, "CPF": 5, "CPE": 6, "CPA": 7}


@dataclass(frozen=True)
class DataObject:
    """A CPS data object: its PKCS#11 label, its file, who may read and write it.

    path: where the directory says it is, from 3F00, when it is not a file of the CPS application.
    """

    label: str
    identifier: int
    content: bytes
    read: Rule = Rule.ALWAYS
    update: Rule = Rule.NEVER
    path: bytes = b""


def serial_file(serial: str) -> bytes:
    """Give EF.SN: 5A, issuer 8025000001, eight digits, Luhn digit over all, F."""
    number = _ISSUER + serial
    return tlv(0x5A, bytes.fromhex(f"{number}{luhn(number)}F"))


def update_file(start: str, end: str) -> bytes:
    """Give EF_ACTUA: EC { 81 start, 82 end } in BCD, yyyymmddhhmmss; without 82 the update was cut short."""
    ended = tlv(0x82, bytes.fromhex(end)) if end else b""
    return tlv(0xEC, tlv(0x81, bytes.fromhex(start)), ended)


def data_objects(who: CastProfessional) -> tuple[DataObject, ...]:
    """List the data objects of a professional's card, activities at their own numbers."""
    info = tlv(
        0xE3, tlv(0x80, who.id_nat.encode()), tlv(0x81, who.profession.encode()), who.specialty.rjust(4).encode()
    )
    names = tlv(0xE1, tlv(0x80, who.family_name.encode()), tlv(0x81, who.given_name.encode()))
    card = tlv(0xE0, tlv(0x80, bytes([_KINDS[who.card_kind]])), tlv(0x81, who.serial.encode()))
    return (
        DataObject("CPS_ID_CARD", 0xD101, card),
        DataObject("CPS_NAME_PS", 0xD102, names),
        DataObject("CPS_LANG_PS", 0xD103, tlv(0xE2, tlv(0x80, b"fr"))),
        DataObject("CPS_INFO_PS", 0xD104, info),
        DataObject("CPS_DATA", 0xD107, bytes(64), update=Rule.PIN),
        *(_activity(each) for each in who.activities),
    )


def legacy_objects(who: CastProfessional) -> tuple[DataObject, ...]:
    """List what a CPS4 shows of its CPS2ter side: the objects are named, their files lie on the other side.

    Public: every label, the paths of the activities. Simulated profile: the other paths.
    """
    labels = ("ATR", "ID", "ICC", "NAME", "LANG", "PSINFO", "DIRAMO")
    first = (_legacy(label, 0x4001 + place) for place, label in enumerate(labels))
    return *first, *(_legacy(f"ACTIVITY_{each.number:02d}_PS", 0x400F + each.number) for each in who.activities)


def _legacy(label: str, identifier: int) -> DataObject:
    path = bytes.fromhex("3F00") + identifier.to_bytes(2, "big")
    return DataObject(f"CPS2TER_{label}", identifier, b"", Rule.PIN, path=path)


def _activity(activity: CastActivity) -> DataObject:
    place = activity.structure
    record = tlv(
        0xEE, tlv(0x84, place.name.encode()), tlv(0x85, place.id_nat.encode()), tlv(0x86, activity.sector.encode())
    )
    return DataObject(f"CPS_ACTIVITY_{activity.number:02d}_PS", 0xD11F + activity.number, record, read=Rule.PIN)
