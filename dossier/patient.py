"""Who the patient is: NIR, INS, traits, and how far the identity can be trusted."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field

from dossier.failure import Failure

INS_NIR = "1.2.250.1.213.1.4.8"
INS_NIA = "1.2.250.1.213.1.4.9"
INS_NIR_TEST = "1.2.250.1.213.1.4.10"
INS_NIR_DEMO = "1.2.250.1.213.1.4.11"
INS_OIDS = frozenset({INS_NIR, INS_NIA, INS_NIR_TEST, INS_NIR_DEMO})
TEST_OIDS = frozenset({INS_NIR_TEST, INS_NIR_DEMO})

_NIR = re.compile(r"^[1-478]\d{4}(?:\d{2}|2[AB])\d{6}$")


def nir_key(body: str) -> str:
    """Compute the two-digit key of a 13-character NIR: 97 - (n mod 97), 2A as 19 and 2B as 18."""
    return f"{97 - int(body.replace('2A', '19').replace('2B', '18')) % 97:02d}"


@dataclass(frozen=True)
class Nir:
    """A social security number with its key: 15 characters. It is not an INS."""

    value: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Nir:
        """Read 15 characters, spaces allowed; raises Failure NIR_SHAPE or NIR_KEY."""
        value = _checked_number(text, "NIR_SHAPE", "NIR_KEY")
        return cls(value)

    def __str__(self) -> str:
        return masked(self.value)


def _checked_number(text: str, shape_code: str, key_code: str) -> str:
    value = text.replace(" ", "").upper()
    if len(value) != 15 or not _NIR.match(value[:13]) or not value[13:].isdigit():
        raise Failure(shape_code)
    if nir_key(value[:13]) != value[13:]:
        raise Failure(key_code)
    return value


def masked(number: str) -> str:
    """Show only the last three characters of a NIR or an INS, for screens and logs."""
    return f"...{number[-3:]}"


@dataclass(frozen=True)
class Ins:
    """A national health identity: matricule of 15 characters and the OID that says which kind."""

    matricule: str = field(repr=False)
    oid: str

    @classmethod
    def parse(cls, matricule: str, oid: str) -> Ins:
        """Check shape, key and OID; raises Failure INS_SHAPE, INS_KEY or INS_OID."""
        if oid not in INS_OIDS:
            raise Failure("INS_OID", oid=oid[:40])
        return cls(_checked_number(matricule, "INS_SHAPE", "INS_KEY"), oid)

    @property
    def is_test(self) -> bool:
        """Whether the OID is the one of test or demonstration identities."""
        return self.oid in TEST_OIDS

    def __str__(self) -> str:
        return masked(self.matricule)


class Sex(enum.Enum):
    """Administrative sex, as HL7 codes it."""

    MALE = "M"
    FEMALE = "F"
    UNKNOWN = "U"


class IdentityStatus(enum.Enum):
    """The four degrees of trust of the RNIV; only QUALIFIED may feed a dossier."""

    PROVISIONAL = "provisoire"
    RETRIEVED = "récupérée"
    VALIDATED = "validée"
    QUALIFIED = "qualifiée"


@dataclass(frozen=True)
class Traits:
    """The strict traits: names in capitals, birth date yyyymmdd (lunar dates exist), INSEE birth place."""

    birth_name: str
    given_names: tuple[str, ...]
    birth_date: str
    sex: Sex
    birth_place: str = ""
    usage_name: str = ""

    @property
    def first_given_name(self) -> str:
        """The first of the birth given names."""
        return self.given_names[0] if self.given_names else ""

    @property
    def shown_name(self) -> str:
        """The name as written on screens: usage name, or birth name, in capitals."""
        return (self.usage_name or self.birth_name).upper()


@dataclass(frozen=True)
class PatientIdentity:
    """Traits, INS if known, and the status that says what they may be used for."""

    traits: Traits
    status: IdentityStatus
    ins: Ins | None = None

    def qualified_ins(self) -> Ins:
        """Give the INS of a qualified identity; raises Failure IDENTITY_NOT_QUALIFIED otherwise."""
        if self.status is not IdentityStatus.QUALIFIED or self.ins is None:
            raise Failure("IDENTITY_NOT_QUALIFIED", status=self.status.value)
        return self.ins


@dataclass(frozen=True)
class Beneficiary:
    """One person on a Vitale card; insured_nir is the policy holder's, never a child's own identifier.

    rank: 1 for the first person; birth_date yyyymmdd as printed on the card.
    """

    family_name: str
    given_name: str
    birth_date: str
    insured_nir: Nir
    rank: int
