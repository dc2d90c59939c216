"""What the patient may do with his or her own dossier: one function for each act; the web site only draws them.

Every function takes the house and a Visitor, applies the rules, writes the access log and tells what must be told.
A refusal is `Refused`: a code for tests, a French sentence for the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .accounts import Secrets
from .house import House


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a mishap
    """The act is not open: `code` (one of data/patient_refusals.toml) and its French sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


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


def sign_in(house: House, login: str, password: str) -> Visitor | None:
    """Find who a login and a password are of (the one-time code comes after); None when they are nobody's.

    Raises Refused: TOO_YOUNG, NO_LONGER_REPRESENTATIVE, NO_DOSSIER.
    """


def visitor_of(house: House, ins: str, *, representative: bool = False) -> Visitor:
    """The holder of a dossier, or the first legal representative of a minor, as already recognised.

    Raises Refused: NO_DOSSIER, TOO_YOUNG (the holder is under the minimum age), NO_LONGER_REPRESENTATIVE.
    """


def summary(house: House, visitor: Visitor) -> Summary:
    """Say in what state the dossier is; open to the visitor of a closed one too, like reactivate and ask."""


def documents(house: House, visitor: Visitor) -> tuple[Document, ...]:
    """The documents that the visitor may see, the newest first. Raises Refused CLOSED, as what follows."""


def read(house: House, visitor: Visitor, unique_id: str) -> Opened:
    """Open a document; Refused NO_DOCUMENT when there is none that the visitor may see."""


def add_document(
    house: House, visitor: Visitor, *, title: str, data: bytes, media_type: str, type_code: str = "EXPPAT_2"
) -> str:
    """Add a PDF, a JPEG photo or a plain text (checked by its first bytes); gives its uniqueId.

    type_code: one of PATIENT_TYPES. Raises Refused: NOT_THAT_FORMAT, TOO_LARGE, TITLE_MISSING, NOT_THAT_TYPE.
    """


def remove_document(house: House, visitor: Visitor, unique_id: str) -> None:
    """Delete a document of one's own. Raises Refused: NO_DOCUMENT, NOT_YOURS."""


def set_archived(house: House, visitor: Visitor, unique_id: str, *, archived: bool) -> None:
    """Put a document of one's own among the archives, or back. Raises Refused: NO_DOCUMENT, NOT_YOURS."""


def set_masked(house: House, visitor: Visitor, unique_id: str, *, masked: bool) -> None:
    """Mask a document to professionals (its author and the treating doctor keep it), or show it again."""


def wishes(house: House, visitor: Visitor) -> Wishes:
    """What the patient wants known."""


def set_directives(house: House, visitor: Visitor, text: str) -> None:
    """Write the advance directives ("" withdraws them); professionals read them as a document (EXPPAT_3)."""


def set_organ_donation(house: House, visitor: Visitor, choice: str) -> None:
    """Say "accord", "opposition", or "" (nothing said); part of the document of wishes (EXPPAT_1)."""


def set_trusted_person(house: House, visitor: Visitor, person: Contact | None) -> None:
    """Name the trusted person, or nobody; part of the document of wishes (EXPPAT_1)."""


def set_persons_to_call(house: House, visitor: Visitor, people: Sequence[Contact]) -> None:
    """Name the persons to call in an emergency, in order; part of the document of wishes (EXPPAT_1)."""


def set_emergency(
    house: House, visitor: Visitor, *, opposed_break_glass: bool, opposed_regulation: bool, masked_in_emergency: bool
) -> None:
    """Tick the two boxes of opposition, and whether masked documents are shown in an emergency."""


def set_contact(house: House, visitor: Visitor, *, mobile: str, mail: str) -> None:
    """Change where notices and one-time codes go. Raises Refused: NOT_A_MOBILE, NOT_A_MAIL."""


def parties(house: House, visitor: Visitor) -> tuple[Party, ...]:
    """Who has, had, or is refused access, the newest first."""


def find_professionals(house: House, visitor: Visitor, name: str) -> tuple[Party, ...]:
    """Professionals of the directory by the beginning of their family name, with what the dossier knows of them."""


def authorise(house: House, visitor: Visitor, holder: str, *, attending: bool = False) -> None:
    """Let a professional read the dossier. Raises Refused: NO_SUCH_PROFESSIONAL, NEVER_AUTHORISED."""


def withdraw(house: House, visitor: Visitor, holder: str) -> None:
    """Take an authorisation back; the professional may declare a new one."""


def set_blocked(house: House, visitor: Visitor, holder: str, *, blocked: bool) -> None:
    """Forbid the dossier to a professional or structure, or stop forbidding it."""


def history(house: House, visitor: Visitor) -> tuple[Access, ...]:
    """Who did what in the dossier, the newest first; secret connections are not shown to representatives."""


def notifications(house: House, visitor: Visitor) -> tuple[dict[str, Any], ...]:
    """What the visitor was told, the newest first: at (ISO 8601), kind, text."""


def ask(house: House, visitor: Visitor, kind: str, medium: str = "") -> Wanted:
    """Ask the desk for a copy (medium "papier" or "cd-rom") or for the destruction of a closed dossier.

    Raises Refused: ALREADY_ASKED, NOT_THAT_MEDIUM, CLOSE_FIRST.
    """


def asked(house: House, visitor: Visitor) -> tuple[Wanted, ...]:
    """The requests made, the newest first."""


def cancel(house: House, visitor: Visitor, number: int) -> None:
    """Take a request back before the desk has executed it. Raises Refused NO_REQUEST."""


def close(house: House, visitor: Visitor, reason: str) -> None:
    """Close the dossier. Raises Refused: REASON_MISSING, CLOSED."""


def reactivate(house: House, visitor: Visitor, *, consent: bool) -> None:
    """Open a closed dossier again within the ten years. Raises Refused: CONSENT_MISSING, NOT_CLOSED, TOO_LATE."""


def create_online(house: House, form: OnlineCreation) -> Secrets:
    """Create one's own dossier with the code of Assurance Maladie; gives login and password, once.

    Raises Refused: WRONG_CODE, CODE_EXPIRED, TOO_YOUNG_ONLINE, CONSENT_MISSING, DOSSIER_EXISTS, CONTACT_MISSING.
    """
