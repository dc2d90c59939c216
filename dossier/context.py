"""Who is on screen, and by which source we know it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dossier.failure import Failure
from dossier.patient import Beneficiary, Ins, PatientIdentity


class Source(enum.Enum):
    """How the patient was identified; the value is the word shown to people."""

    VITALE = "Vitale"
    INS = "INS"
    DATAMATRIX = "datamatrix"
    APPLICATION = "appli carte Vitale"
    TRAITS = "saisie"
    FEED = "logiciel métier"


@dataclass(frozen=True)
class CardEpoch:
    """One stay of one card in one reader: it ends at the first removal and never comes back.

    insertion: a counter that grows at each insertion; card_hash: hex digest of what identifies the card.
    """

    reader: str
    insertion: int
    card_hash: str


@dataclass(frozen=True)
class PatientContext:
    """The patient on screen. Immutable: another card, or another INS, makes another context."""

    identity: PatientIdentity
    source: Source
    epoch: CardEpoch | None = None
    beneficiary: Beneficiary | None = None

    @property
    def ins(self) -> Ins:
        """The qualified INS; raises Failure IDENTITY_NOT_QUALIFIED."""
        return self.identity.qualified_ins()

    def assert_same_patient(self, **others: Ins) -> None:
        """Compare this context with every other place that names the patient, before anything is committed.

        others: record_target=, patient_id=, resource_id=, ... Raises Failure PATIENT_MISMATCH naming the place.
        """
        for place, ins in others.items():
            if ins != self.ins:
                raise Failure("PATIENT_MISMATCH", place=place)
