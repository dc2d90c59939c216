"""The professional as an author of documents and lots."""

from __future__ import annotations

from dossier import codes
from dossier.metadata import Author, Institution, Person
from dossier.professional import Activity, Professional


def author_of(professional: Professional, activity: Activity) -> Author:
    """Make the XDS author of the card's holder in the chosen practice situation; it cannot be typed over."""
    specialty = codes.load(codes.SPECIALTY).get(professional.specialty_code)
    return Author(
        Person(professional.id_nat, professional.family_name, professional.given_name),
        specialty,
        Institution(activity.structure.name, activity.structure.id_nat),
    )
