"""The Vitale 2: the persons of the card and the number of the insured, all freely readable.

What the SESAM-Vitale reading library alone can read (rank, rights, regime) is not read here. Nor is there any public
coding of the nature of a card (real, demonstration, test): the one read here is a simulated profile, a file that only
simulated cards have, marked as ours. A card without it is a real one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cps_bridge.cards import apdu
from cps_bridge.cards.apdu import Channel, failure_of
from cps_bridge.cards.tlv import Tlv, parse, text
from dossier.failure import Failure
from dossier.patient import Beneficiary, Nir

_MASTER_FILE = bytes.fromhex("3F00")
_APPLICATION = bytes.fromhex("D250000002") + b"VITALE"
_IDENTITY_SFI = 2
_NO_DIAGNOSIS = 0x6F
_WHOLE = 256

_PERSON = 0x65
_FAMILY_NAME, _GIVEN_NAME, _BIRTH_DATE = 0x80, 0x81, 0x82
_NIR = 0x93

_NATURE_FILE = bytes.fromhex("20F0")  # simulated profile
_NATURE_TEMPLATE, _MARK, _NATURE = 0xD0, 0x80, 0x81
_OUR_MARK = b"CPSBRIDGE"
REAL, DEMONSTRATION, TEST = "R", "D", "T"
"""The letters of the SESAM-Vitale interfaces for the nature of a card."""


@dataclass(frozen=True)
class VitaleContent:
    """The two freely readable files of a Vitale 2, as bytes; nature: R real, D demonstration, T test."""

    identities: bytes = field(repr=False)
    numbers: bytes = field(repr=False)
    nature: str = REAL

    @property
    def is_test(self) -> bool:
        """Whether this is no card of a real patient."""
        return self.nature != REAL

    def digest(self, atr: bytes) -> str:
        """Give what tells this card from any other: SHA-256 over ATR and both files, hexadecimal."""
        parts = (atr, self.identities, self.numbers)
        return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()

    @property
    def beneficiaries(self) -> tuple[Beneficiary, ...]:
        """The persons in the order of the card; raises Failure CARD_UNREADABLE."""
        persons = _persons(self.identities)
        numbers = _persons(self.numbers)
        if not persons or len(persons) != len(numbers):
            raise Failure("CARD_UNREADABLE", what="Vitale")
        return tuple(_beneficiary(*each, rank) for rank, each in enumerate(zip(persons, numbers, strict=True), 1))


class Vitale:
    """One Vitale 2 behind a channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def read_identities(self) -> bytes:
        """Read the file of names and birth dates: short identifier 2 of the master file."""
        self._channel.select(0x00, 0x00, _MASTER_FILE)
        return self._read_by_short_identifier()

    def read_numbers(self) -> bytes:
        """Read the file of the insured's numbers: short identifier 2 of the application VITALE."""
        self._channel.select(0x04, 0x00, _APPLICATION)
        return self._read_by_short_identifier()

    def read(self) -> VitaleContent:
        """Read both files and the nature; raises Failure CARD_UNREADABLE, CARD_DATA_MISSING, CARD_REFUSED."""
        return VitaleContent(self.read_identities(), self.read_numbers(), self.read_nature())

    def read_nature(self) -> str:
        """Read the nature that a simulated card says, R for any other; the application VITALE must be selected."""
        status = self._select_nature()
        if status >> 8 == _NO_DIAGNOSIS:
            status = self._select_nature()  # what says nothing of the file must not make a test card a real one
        return nature_of(self._channel.read_selected(apdu.MAX_READ)) if status == apdu.OK else REAL

    def _select_nature(self) -> int:
        return self._channel.send(apdu.SELECT, 0x02, 0x0C, _NATURE_FILE).status

    def _read_by_short_identifier(self) -> bytes:
        answer = self._channel.send(apdu.READ_BINARY, 0x80 | _IDENTITY_SFI, 0, le=_WHOLE)
        if answer.status not in (apdu.OK, apdu.END_OF_FILE):
            raise failure_of(answer.status)
        if answer.status == apdu.END_OF_FILE or len(answer.data) < apdu.MAX_READ:
            return answer.data
        return self._channel.read_selected(_WHOLE, start=answer.data)


def nature_of(content: bytes) -> str:
    """Read the simulated profile of the nature, R when the file is not ours; raises Failure CARD_UNREADABLE."""
    try:
        template = next((each for each in parse(content) if each.tag == _NATURE_TEMPLATE), None)
        mark, nature = (template.first(_MARK), template.first(_NATURE)) if template else (None, None)
    except Failure:
        return REAL
    if mark is None or mark.value != _OUR_MARK:
        return REAL
    letter = text(nature.value) if nature else ""
    if letter not in (REAL, DEMONSTRATION, TEST):
        raise Failure("CARD_UNREADABLE", what="Vitale")
    return letter


def _persons(content: bytes) -> list[Tlv]:
    return [each for each in parse(content) if each.tag == _PERSON]


def _beneficiary(person: Tlv, number: Tlv, rank: int) -> Beneficiary:
    fields = {each.tag: text(each.value) for each in person.children}
    nir = number.first(_NIR)
    birth_date = fields.get(_BIRTH_DATE, "")
    if not fields.get(_FAMILY_NAME) or not (len(birth_date) == 8 and birth_date.isdecimal()) or nir is None:
        raise Failure("CARD_UNREADABLE", what="Vitale")
    return Beneficiary(fields[_FAMILY_NAME], fields.get(_GIVEN_NAME, ""), birth_date, _nir(nir), rank)


def _nir(field: Tlv) -> Nir:
    try:
        return Nir.parse(text(field.value))
    except Failure as failure:
        raise Failure("CARD_UNREADABLE", what="Vitale") from failure
