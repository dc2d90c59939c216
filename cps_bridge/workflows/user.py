"""The person, as workflows see them: ask and tell.

A workflow never knows whether it talks to the window, the command line, a program or a test. Cancelling, closing the
window or pulling the card makes the pending ``ask`` raise ``Cancelled`` or ``Failure``; the workflow unwinds.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from dossier.access import BreakGlass, ConsentMode, Contact, EmergencyChoices
from dossier.patient import Beneficiary, Traits
from dossier.professional import Activity, CardKind

T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[T]):
    """Something that only the person can answer; T is the type of the answer."""


@dataclass(frozen=True)
class AskPin(Question[bytearray]):
    """The PIN of the professional's card; the answer is wiped by the one who asked. tries_left: 1 is the last try."""

    holder: str
    tries_left: int


@dataclass(frozen=True)
class ChooseActivity(Question[Activity]):
    """In which practice situation the professional works now."""

    activities: tuple[Activity, ...]


@dataclass(frozen=True)
class ChooseBeneficiary(Question[Beneficiary]):
    """Which person of the Vitale card is the patient."""

    beneficiaries: tuple[Beneficiary, ...]


@dataclass(frozen=True)
class ConfirmInformation(Question[bool]):
    """Whether the patient was informed (leaflet, rights) before anything is created."""

    patient: Traits


@dataclass(frozen=True)
class AskConsent(Question[ConsentMode | None]):
    """How the patient consented; None when the consent box is not ticked: then nothing is created."""

    patient: Traits
    collected_by: str


@dataclass(frozen=True)
class AskEmergencyChoices(Question[EmergencyChoices]):
    """The two emergency boxes, shown ticked and explained."""

    shown: EmergencyChoices


@dataclass(frozen=True)
class AskContact(Question[tuple[Contact, ...]]):
    """The patient's e-mail address, mobile number, or both, for one-time codes; the first opens the account."""


@dataclass(frozen=True)
class ConfirmCreation(Question[bool]):
    """The last look before the dossier is created: three traits repeated."""

    patient: Traits
    contacts: tuple[Contact, ...]


@dataclass(frozen=True)
class ConfirmReactivation(Question[bool]):
    """Whether a closed dossier shall be reactivated (TD1.2), with the patient's agreement."""

    patient: Traits
    closing_reason: str


class AccessChoice(enum.Enum):
    """What the professional declares about a dossier."""

    NOT_NOW = "Ne pas déclarer d'accès"
    AUTHORISED = "Le patient m'autorise à consulter son dossier"
    ATTENDING = "Le patient m'autorise et me déclare médecin traitant"


@dataclass(frozen=True)
class AskAccess(Question[AccessChoice]):
    """Whether the patient authorises this professional; never answered without an explicit gesture."""

    patient: Traits
    may_be_attending: bool


@dataclass(frozen=True)
class AskBreakGlass(Question[BreakGlass]):
    """Reason and text of an emergency access."""

    patient: Traits | None


@dataclass(frozen=True)
class ConfirmBreakGlass(Question[bool]):
    """The second confirmation, which names the consequences: logged by the host, patient notified."""

    patient: Traits | None
    justification: BreakGlass


@dataclass(frozen=True)
class ConfirmDeposit(Question[bool]):
    """The patient's three traits once more before documents leave."""

    patient: Traits
    titles: tuple[str, ...]


@dataclass(frozen=True)
class ConfirmMask(Question[bool]):
    """Whether the document shall be masked to (or shown again to) the other professionals."""

    title: str
    mask: bool


@dataclass(frozen=True)
class News:
    """Something the person should know while a workflow goes on; no answer expected."""


@dataclass(frozen=True)
class CardWanted(News):
    """A card must be put in a reader; followed by CardSeen."""

    kind: CardKind


@dataclass(frozen=True)
class CardSeen(News):
    """The wanted card is there."""

    kind: CardKind


@dataclass(frozen=True)
class Step(News):
    """The workflow enters a named step; code is a key of the step sentences (gui and command line translate it)."""

    code: str


@dataclass(frozen=True)
class Progress(News):
    """Bytes done of bytes in all."""

    done: int
    total: int


class User(Protocol):
    """The two methods by which a workflow reaches a person."""

    def ask(self, question: Question[T]) -> T:
        """Put a question and wait; raises Cancelled when the person gives up, Failure when the need went away."""
        ...

    def tell(self, news: News) -> None:
        """Say something; returns at once."""
        ...
