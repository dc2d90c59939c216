"""The nouns of the patient's space, and its refusals."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_SENTENCES: dict[str, str] = tomllib.loads(
    (Path(__file__).parent / "data" / "patient_refusals.toml").read_text("utf-8")
)


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a mishap
    """The act is not open: `code` (a row of data/patient_refusals.toml) and its French `sentence`."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.sentence = _SENTENCES[code]
        super().__init__(self.sentence)


@dataclass(frozen=True)
class Visitor:
    """Who is in the space of a dossier: the holder, or a legal representative of a minor (`name` is then theirs)."""

    ins: str
    name: str
    representative: bool = False


@dataclass(frozen=True)
class Summary:
    """The first page: who, the state of the dossier ("ouvert", "fermé"), what was chosen for emergencies."""

    name: str
    birth_date: str
    is_minor: bool
    is_open: bool
    closed_at: datetime | None
    closing_reason: str
    purged_after: datetime | None
    opposed_break_glass: bool
    opposed_regulation: bool
    masked_in_emergency: bool
    mobile: str
    mail: str
    has_account: bool


@dataclass(frozen=True)
class Document:
    """A document as its holder sees it; state is a French word, `mine`: put here by the holder or a representative."""

    unique_id: str
    title: str
    type_code: str
    type_name: str
    created: datetime
    author: str
    institution: str
    state: str
    masked: bool
    mine: bool
    media_type: str
    size: int


@dataclass(frozen=True)
class Opened:
    """The body of a document: its media type (application/pdf, image/jpeg, text/plain, text/xml...), name and bytes."""

    title: str
    media_type: str
    file_name: str
    data: bytes


@dataclass(frozen=True)
class Contact:
    """Somebody to call or to trust."""

    name: str
    link: str = ""
    phone: str = ""
    address: str = ""


@dataclass(frozen=True)
class Wishes:
    """What the patient wants known: organ donation is "", "accord" or "opposition"; directives "" when none."""

    directives: str = ""
    organ_donation: str = ""
    trusted_person: Contact | None = None
    persons_to_call: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Party:
    """A professional or structure that the dossier knows; state: "autorisé", "autorisation expirée", "bloqué"."""

    holder: str
    name: str
    is_structure: bool
    profession: str
    state: str
    attending: bool
    since: datetime
    until: datetime | None
    last_action: datetime | None


@dataclass(frozen=True)
class Access:
    """One line of the access history, in French words; `emergency`: "mode urgence", or ""."""

    at: datetime
    who: str
    structure: str
    action: str
    emergency: str
    reason: str
    outcome: str


@dataclass(frozen=True)
class Wanted:
    """A request made of the host's desk: kind "copie" or "destruction", medium "papier" or "cd-rom" ("" else).

    state: "demandée", "exécutée", "refusée" or "annulée".
    """

    number: int
    kind: str
    medium: str
    asked_at: datetime
    state: str
    settled_at: datetime | None


@dataclass(frozen=True)
class OnlineCreation:
    """The form of a creation by the patient: the code of Assurance Maladie, the identity, consent and choices."""

    code: str
    ins: str
    family_name: str
    birth_date: str
    consent: bool
    opposed_break_glass: bool = False
    opposed_regulation: bool = False
    mobile: str = ""
    mail: str = ""
