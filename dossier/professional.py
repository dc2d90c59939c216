"""Who acts: the professional, the place, the sector."""

from __future__ import annotations

import enum
from dataclasses import dataclass

DOCTOR = "10"
PHARMACIST = "21"
NURSE = "60"
_TAUGHT = frozenset({DOCTOR, PHARMACIST, "40", "50"})
"""The professions that TRE_G16 knows "in training": dentists and midwives too."""


class CardKind(enum.Enum):
    """The cards a professional, or a patient, may put in a reader."""

    CPS = "CPS"
    CPF = "CPF"
    CPE = "CPE"
    CPA = "CPA"
    VITALE = "Vitale"
    UNKNOWN = "inconnue"


@dataclass(frozen=True)
class HealthStructure:
    """A place of practice: Struct_IdNat (type digit and number, TRE_G07) and its name."""

    id_nat: str
    name: str


@dataclass(frozen=True)
class Activity:
    """One practice situation of a card: structure and sector (TRE_R02, SAnn) of the same record."""

    structure: HealthStructure
    sector: str


@dataclass(frozen=True)
class Professional:
    """The holder of a professional card.

    id_nat: PS_IdNat (type digit and number, TRE_G08); profession: TRE_G15 code, "" for an employee without one;
    specialty: savoir-faire (SM26) or pharmacist section (A), "" when the profession has none.
    """

    id_nat: str
    family_name: str
    given_name: str
    profession: str
    specialty: str = ""
    card_kind: CardKind = CardKind.CPS
    is_test: bool = False

    @property
    def is_doctor(self) -> bool:
        """Whether the profession is médecin."""
        return self.profession == DOCTOR

    @property
    def in_training(self) -> bool:
        """Whether the profession is the one of a student (TRE_G16): a CPF that names no savoir-faire."""
        return self.card_kind is CardKind.CPF and not self.specialty and self.profession in _TAUGHT

    @property
    def specialty_code(self) -> str:
        """The authorSpecialty code of JDV_J01: G15_10/SM26, G15_21/A, G15_60, and G16_10 in training."""
        if self.in_training:
            return f"G16_{self.profession}"
        base = f"G15_{self.profession}"
        return f"{base}/{self.specialty}" if self.specialty else base
