"""What the cards room tells the house: slots, and the professional of a card."""

from __future__ import annotations

from dataclasses import dataclass

from cps_bridge.cards.access import PinState
from dossier.certificate import Certificate
from dossier.context import CardEpoch
from dossier.professional import CardKind, Professional


@dataclass(frozen=True)
class Slot:
    """One reader and what it holds.

    kind: None when the reader is empty or its card is still being read; epoch: None unless the card can be used;
    failure: the code of the Failure that says why a card cannot be used, "" otherwise; model: the product as people
    call it ("CPS3", "Vitale 2"), "" when unknown; is_test: a card of the test authority, or a demonstration Vitale.
    """

    reader: str
    kind: CardKind | None
    epoch: CardEpoch | None
    failure: str = ""
    model: str = ""
    is_test: bool = False


@dataclass(frozen=True)
class ProfessionalCard:
    """What a professional card says without its PIN; pin was asked of the card just now.

    model: the product as people call it; has_pin_pad: whether its reader lets the person type the PIN on itself.
    """

    serial: str
    professional: Professional
    authentication: Certificate
    signature: Certificate | None
    pin: PinState
    model: str = ""
    has_pin_pad: bool = False

    @property
    def tries_left(self) -> int | None:
        """How many wrong PINs the card still accepts, None when it does not tell."""
        return self.pin.tries_left
