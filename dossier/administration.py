"""The administrative part of a dossier: civil status, address, channels, choices, legal representatives (TD1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dossier.access import Contact, DossierState, EmergencyChoices
from dossier.patient import Ins, Traits

TITLES = ("M", "MME", "MLLE")


@dataclass(frozen=True)
class Address:
    """A postal address: the lines above the postal code, then postal code, city and country; all "" when not known."""

    lines: tuple[str, ...] = ()
    postal_code: str = ""
    city: str = ""
    country: str = ""


@dataclass(frozen=True)
class LegalRepresentative:
    """Who represents a minor; link: HL7 code of the relation (FTH father, MTH mother, RESPRSN responsible...)."""

    link: str
    family_name: str
    given_name: str
    address: Address = Address()
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Administration:
    """What TD1.3a says and TD1.3b changes.

    contacts: e-mail and mobile; home_phone: a landline, kept as the host writes it; birth_place: as the host names it;
    title: one of TITLES or ""; closing_reason and closed_at: of a closed dossier, when the host says them.
    """

    ins: Ins
    traits: Traits
    choices: EmergencyChoices
    contacts: tuple[Contact, ...] = ()
    account_open: bool = False
    address: Address = Address()
    birth_place: str = ""
    deceased: bool = False
    representatives: tuple[LegalRepresentative, ...] = ()
    title: str = ""
    home_phone: str = ""
    state: DossierState = DossierState.OPEN
    closing_reason: str = ""
    closed_at: datetime | None = None
