"""The dossiers a professional follows, who may open a patient's one, and people looked for without an INS."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from dossier.metadata import Code
from dossier.patient import Ins, Traits


class ListBasis(enum.Enum):
    """What a list of dossiers starts from (TD0.4): authorisations since a date, or documents since a date."""

    AUTHORISED = "LASTAUTORIZATION"
    DOCUMENTS = "LASTDOC"


@dataclass(frozen=True)
class FollowedDossier:
    """One line of TD0.4.

    birth_date: yyyymmdd; has_message: a message of the patient waits; last_access, last_update and last_added: UTC,
    None when the host does not say; other_ids: further qualified identities of the same person.
    """

    ins: Ins
    family_name: str
    birth_name: str
    given_name: str
    civility: str = ""
    birth_date: str = ""
    is_attending_doctor: bool = False
    has_message: bool = False
    last_access: datetime | None = None
    last_update: datetime | None = None
    last_added: datetime | None = None
    other_ids: tuple[Ins, ...] = ()


class PartyFilter(enum.Enum):
    """Which professionals TD1.6 lists: those who may open the dossier, those the patient blocked, or all."""

    ACTIVE = "ACTIVE"
    FORBIDDEN = "INTERDITE"
    ALL = "TOUTE"


@dataclass(frozen=True)
class AuthorisedParty:
    """One professional, or one structure, that the patient authorised or blocked (TD1.6).

    id_nat: PS_IdNat or Struct_IdNat; since: start of the authorisation; last_action: last access; UTC.
    """

    id_nat: str
    is_structure: bool
    family_name: str
    given_name: str = ""
    specialties: tuple[Code, ...] = ()
    since: datetime | None = None
    last_action: datetime | None = None
    is_forbidden: bool = False
    is_attending_doctor: bool = False


@dataclass(frozen=True)
class SearchedTraits:
    """What a regulation centre knows of somebody (TD0.5): a name at least; birth_date: yyyymmdd, sex: M or F."""

    family_name: str
    given_name: str = ""
    birth_date: str = ""
    sex: str = ""
    city: str = ""
    postal_code: str = ""


@dataclass(frozen=True)
class Candidate:
    """One person that answers to searched traits.

    score: likeness in percent, None when the host does not say; opposes_regulation: the emergency access is refused.
    """

    ins: Ins | None
    traits: Traits
    city: str = ""
    postal_code: str = ""
    score: int | None = None
    opposes_regulation: bool = False
