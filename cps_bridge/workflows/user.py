"""The person, as workflows see them: ask and tell.

A workflow never knows whether it talks to the window, the command line, a program or a test. Cancelling, closing the
window or pulling the card makes the pending ``ask`` raise ``Cancelled`` or ``Failure``; the workflow unwinds.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from cps_bridge.workflows.acts import Act
from dossier.access import BreakGlass, ConsentMode, Contact, EmergencyChoices
from dossier.context import CardEpoch
from dossier.patient import Beneficiary, Traits
from dossier.professional import Activity, CardKind

T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[T]):
    """Something that only the person can answer; T is the type of the answer."""


@dataclass(frozen=True)
class AskPin(Question[bytearray]):
    """The PIN of the professional's card; the answer is wiped by the one who asked.

    tries_left: 1 is the last try, None when the card does not tell; minimum and maximum: digits of the PIN; purpose:
    "session", or "change" for the present PIN of a card that gets a new one.
    """

    holder: str
    tries_left: int | None
    minimum: int = 4
    maximum: int = 4
    purpose: str = "session"


@dataclass(frozen=True)
class ConfirmLastTry(Question[str]):
    """Asked before a code is presented that may block the card: the person types the word shown, nothing less.

    code: "pin" or "puk"; the answer is what was typed: anything else than the word gives up.
    """

    holder: str
    word: str
    code: str = "pin"


@dataclass(frozen=True)
class AskNewPin(Question[bytearray]):
    """The new PIN, which the door has the person type twice and compares; wiped by the one who asked."""

    holder: str
    minimum: int = 4
    maximum: int = 4


@dataclass(frozen=True)
class AskUnblockingCode(Question[bytearray]):
    """The code that unblocks the card (PUK); tries_left: None when unknown; wiped by the one who asked."""

    holder: str
    tries_left: int | None
    minimum: int = 8
    maximum: int = 8


@dataclass(frozen=True)
class ChooseActivity(Question[Activity]):
    """In which practice situation the professional works now."""

    activities: tuple[Activity, ...]


@dataclass(frozen=True)
class ChooseBeneficiary(Question[Beneficiary]):
    """Which person of the Vitale card is the patient."""

    beneficiaries: tuple[Beneficiary, ...]


@dataclass(frozen=True)
class AskDatamatrix(Question[str]):
    """The content of an INS datamatrix, as a 2D scanner types it."""


@dataclass(frozen=True)
class AskTraits(Question[Traits]):
    """The traits of a patient, typed by hand: an identity that is never qualified by that alone."""


@dataclass(frozen=True)
class AskVitaleApplication(Question[str]):
    """What the patient's carte Vitale application shows: the text of its QR code, "" when the reader took it by NFC."""

    by_qr: bool = True
    by_nfc: bool = False


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
class ConfirmAct(Question[bool]):
    """Whether an act shall be done; about: the title of the document or the contact concerned, or ""."""

    act: Act
    patient: Traits
    about: str = ""


@dataclass(frozen=True)
class ConfirmTyped(Question[str]):
    """Asked before what cannot be undone: the person types the word shown; anything else gives up."""

    act: Act
    patient: Traits
    word: str
    about: str = ""


@dataclass(frozen=True)
class Change:
    """One difference that is about to be sent: the name of the field, in French, and both values ("" for none)."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class ConfirmChanges(Question[bool]):
    """Whether these differences of the administrative data shall be sent, and no others."""

    patient: Traits
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class News:
    """Something the person should know while a workflow goes on; no answer expected."""


@dataclass(frozen=True)
class CardWanted(News):
    """A card must be put in a reader; followed by CardSeen."""

    kind: CardKind


@dataclass(frozen=True)
class CardSeen(News):
    """The wanted card is there; epoch: its stay, on which the use case stands from now on."""

    kind: CardKind
    epoch: CardEpoch | None = field(default=None, compare=False)


@dataclass(frozen=True)
class PinOnReader(News):
    """The code is to be typed on the reader's own keys now; followed by PinTyped."""

    holder: str
    tries_left: int | None


@dataclass(frozen=True)
class PinTyped(News):
    """The reader has taken, or given up, the code."""


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
