"""How a dossier may be opened: consent, authorisation, the emergency modes."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime

from dossier.failure import Failure
from dossier.patient import Ins, Traits

# What XML 1.0 (2.2) cannot hold: the text goes into the VIHF.
_NOT_WRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class AccessMode(enum.Enum):
    """PurposeOfUse of the VIHF (TRE_R248)."""

    NORMAL = "normal"
    BREAK_GLASS = "bris_de_glace"
    REGULATION = "centre_15"


class BreakGlassReason(enum.Enum):
    """Why a professional opens a dossier without authorisation; the value is what people read."""

    UNCONSCIOUS = "Patient inconscient ou incapable de s'exprimer"
    LIFE_THREAT = "Risque immédiat pour la vie du patient"
    OTHER = "Autre situation d'urgence"


@dataclass(frozen=True)
class BreakGlass:
    """A justified emergency access: it cannot exist without a reason and a text of its own."""

    reason: BreakGlassReason
    text: str

    def __post_init__(self) -> None:
        if len(self.text.strip()) < 10:
            raise Failure("BREAK_GLASS_REASON_MISSING")
        if _NOT_WRITABLE.search(self.text):
            raise Failure("BREAK_GLASS_TEXT_INVALID")

    def __str__(self) -> str:
        return f"{self.reason.value} : {self.text.strip()}"


@dataclass(frozen=True)
class Access:
    """The mode of every call of an access, with its justification when it is a break-glass.

    secret: the secret connection of a minor, whose legal representatives learn nothing of it.
    """

    mode: AccessMode = AccessMode.NORMAL
    justification: BreakGlass | None = None
    secret: bool = False

    def __post_init__(self) -> None:
        if (self.mode is AccessMode.BREAK_GLASS) != (self.justification is not None):
            raise Failure("BREAK_GLASS_REASON_MISSING")


NORMAL_ACCESS = Access()


class ConsentMode(enum.Enum):
    """How the consent was given; the value is what people read."""

    ORAL = "oral"
    WRITTEN = "écrit"


@dataclass(frozen=True)
class Consent:
    """The patient's agreement: informed, then consenting; by whom collected (PS_IdNat) and when."""

    mode: ConsentMode
    collected_by: str
    collected_at: datetime


@dataclass(frozen=True)
class EmergencyChoices:
    """The two emergency boxes: ticked (True) allows, unticked is an opposition of the patient."""

    allow_break_glass: bool = True
    allow_regulation: bool = True


class ChannelKind(enum.Enum):
    """Where one-time codes go (TD1.5)."""

    EMAIL = "EMAIL"
    SMS = "SMS"


@dataclass(frozen=True)
class Contact:
    """The patient's e-mail address or mobile number (10 digits, 06 or 07)."""

    kind: ChannelKind
    value: str

    def __post_init__(self) -> None:
        if self.kind is ChannelKind.SMS:
            if not (len(self.value) == 10 and self.value.isdigit() and self.value[:2] in ("06", "07")):
                raise Failure("CONTACT_MOBILE_INVALID")
        elif not (1 < self.value.find("@") < len(self.value) - 3 and "." in self.value.split("@")[-1]) or (
            " " in self.value or len(self.value) > 254
        ):
            raise Failure("CONTACT_EMAIL_INVALID")


@dataclass(frozen=True)
class AccountSecrets:
    """Identifier and password of the patient's account: printed once, kept nowhere, never in a repr."""

    login: str
    password: str

    def __repr__(self) -> str:
        return "AccountSecrets(...)"


class AuthorisationState(enum.Enum):
    """TD0.2 AUTORISATION values."""

    VALID = "VALIDE"
    EXPIRED = "EXPIRE"
    FORBIDDEN = "INTERDIT"
    NONE = "NON_EXISTE"


class DossierState(enum.Enum):
    """Whether the host keeps a dossier for an INS."""

    ABSENT = "absent"
    OPEN = "ouvert"
    CLOSED = "fermé"


@dataclass(frozen=True)
class Dossier:
    """What TD0.2 says of a dossier; closing_reason and closed_at: of a closed one, when the host says them."""

    ins: Ins
    state: DossierState
    authorisation: AuthorisationState = AuthorisationState.NONE
    is_attending_doctor: bool = False
    account_open: bool = False
    attached_to_ens: bool = False
    traits: Traits | None = None
    closing_reason: str = ""
    closed_at: datetime | None = None
