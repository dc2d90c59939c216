"""What the cards room tells the house: slots, and the professional of a card."""

from __future__ import annotations

from dataclasses import dataclass

from dossier.certificate import Certificate
from dossier.context import CardEpoch
from dossier.professional import CardKind, Professional


@dataclass(frozen=True)
class Slot:
    """One reader and what it holds.

    kind: None when the reader is empty or its card is still being read; epoch: None unless the card can be used;
    failure: the code of the Failure that says why a card cannot be used, "" otherwise.
    """

    reader: str
    kind: CardKind | None
    epoch: CardEpoch | None
    failure: str = ""


@dataclass(frozen=True)
class ProfessionalCard:
    """What a professional card says without its PIN; tries_left was asked of the card just now, 1 is the last try."""

    serial: str
    professional: Professional
    authentication: Certificate
    signature: Certificate | None
    tries_left: int
