"""Which card an answer to reset (ISO/IEC 7816-3 clause 8) announces, and whether this client can talk to it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache

from cps_bridge.cards.port import MUTE_ATR
from dossier.failure import Failure
from dossier.professional import CardKind


class Model(enum.Enum):
    """The card products known by their ATR; the value is the name shown to people."""

    CPS3 = "CPS3"
    CPS3_CONTACTLESS = "CPS3 sans contact"
    CPS4 = "CPS4"
    CPS2TER = "CPS2ter"
    VITALE_2 = "Vitale 2"
    VITALE_1 = "Vitale 1"

    @property
    def kind(self) -> CardKind:
        """The family of the card, before its certificates say more."""
        return CardKind.VITALE if self in (Model.VITALE_1, Model.VITALE_2) else CardKind.CPS


@dataclass(frozen=True)
class AtrPattern:
    """An ATR and the bits of it that count."""

    value: bytes
    mask: bytes
    model: Model

    @classmethod
    def of(cls, pattern: str, model: Model) -> AtrPattern:
        """Read a pattern of hexadecimal digits where . stands for any half-byte."""
        digits = pattern.replace(" ", "")
        mask = "".join("0" if digit == "." else "F" for digit in digits)
        return cls(bytes.fromhex(digits.replace(".", "0")), bytes.fromhex(mask), model)

    def matches(self, atr: bytes) -> bool:
        """Compare the bits that count; the length always counts."""
        if len(atr) != len(self.value):
            return False
        return all(byte & mask == value for byte, mask, value in zip(atr, self.mask, self.value, strict=True))


PATTERNS = (
    # Inferred: no public list says which CPS this is. Its version bytes say 2.12 where a CPS3 says 3.10, and the module
    # for the CPS3 does not take it. It is tried all the same, and told to be a CPS2ter once it answers like one.
    AtrPattern.of("3BAC .... .... 1225 0064 8082 0212 0090 00", Model.CPS2TER),
    # Bytes 2 to 5 carry speeds, bytes 12 to 14 the version of the card's data: both vary among CPS3 in the field.
    AtrPattern.of("3BAC .... .... 1225 0064 80.. .... ..90 00", Model.CPS3),
    AtrPattern.of("3B8F 8001 0031 B864 04B0 ECC1 7394 0180 8290 000E", Model.CPS3_CONTACTLESS),
    AtrPattern.of("3B9B 1880 0100 1225 0064 8004 0100 0090 44", Model.CPS4),
    AtrPattern.of("3B9B 1880 0100 1225 0064 8000 0401 0090 44", Model.CPS4),
    AtrPattern.of("3BDC 18FF 0000 1225 0064 8000 0401 0090 00", Model.CPS4),
    AtrPattern.of("3B75 1300 004. 09EA 9000", Model.VITALE_2),
    AtrPattern.of("3F65 2500 2209 .990 00", Model.VITALE_1),
    AtrPattern.of("3F65 2500 2C09 .990 00", Model.VITALE_1),
    AtrPattern.of("3F65 2500 5209 6A90 00", Model.VITALE_1),
    AtrPattern.of("3F65 2500 A309 6A90 00", Model.VITALE_1),
    AtrPattern.of("3F65 2500 A409 6A90 00", Model.VITALE_1),
)


@lru_cache(maxsize=32)
def recognise(atr: bytes) -> Model:
    """Give the product of an ATR; raises Failure CARD_UNKNOWN, or CARD_MUTE for a card that gave no ATR."""
    if atr == MUTE_ATR:
        raise Failure("CARD_MUTE")
    found = next((pattern.model for pattern in PATTERNS if pattern.matches(atr)), None)
    if found is None:
        raise Failure("CARD_UNKNOWN")
    return found


def kind_of(atr: bytes) -> CardKind:
    """Give the family of the card, UNKNOWN when its ATR is in no table."""
    return next((pattern.model.kind for pattern in PATTERNS if pattern.matches(atr)), CardKind.UNKNOWN)


def demand_supported(model: Model) -> None:
    """Refuse honestly what the client cannot read, each with what the person can do about it.

    Raises Failure CARD_CONTACTLESS, CARD_VITALE_1.
    """
    if model is Model.CPS3_CONTACTLESS:
        raise Failure("CARD_CONTACTLESS")
    if model is Model.VITALE_1:
        raise Failure("CARD_VITALE_1")
