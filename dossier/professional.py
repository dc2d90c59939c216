"""Who acts: the professional, the place, the sector."""

from __future__ import annotations

import enum
from dataclasses import dataclass

DOCTOR = "10"
PHARMACIST = "21"
NURSE = "60"


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
    def specialty_code(self) -> str:
        """The authorSpecialty code of JDV_J01: G15_10/SM26, G15_21/A, G15_60."""
        base = f"G15_{self.profession}"
        return f"{base}/{self.specialty}" if self.specialty else base
