"""What the published interface leaves open: our inferred choices, each of which a practice may change."""

from __future__ import annotations

from dataclasses import dataclass

from dossier.metadata import HIDDEN_FROM_REPRESENTATIVES, Code

CODED, TEXT = "CE", "text"
BARE, WITH_OID = "bare", "oid"
_TO_REPRESENTATIVES = Code(
    HIDDEN_FROM_REPRESENTATIVES, "1.2.250.1.213.1.1.4.13", "Document non visible par les représentants légaux"
)


@dataclass(frozen=True)
class Conventions:
    """Inferred details of the wire.

    minor_code: value of the attribute that marks the secret connection of a minor; minor_form: TEXT
    ("code^^system"), or CODED (an HL7 CE element of the name minor_element); page_ins: the INS in the address of a
    contextual page is BARE (15 characters) or WITH_OID (its CX, percent-encoded).
    """

    minor_code: Code = _TO_REPRESENTATIVES
    minor_form: str = TEXT
    minor_element: str = "ConfidentialityCode"
    page_ins: str = BARE


INFERRED = Conventions()
