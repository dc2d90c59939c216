"""Which desks a profession works at, and the words for a professional."""

from __future__ import annotations

from dossier import codes
from dossier.professional import PHARMACIST, Activity, CardKind, Professional
from gui.words import capital_name

COUNTER, CONSULTATION, IMAGING, EMERGENCY = "counter", "consultation", "imaging", "emergency"
FOLLOWED = "followed"
_IMAGING_SPECIALTIES = frozenset({"SM28", "SM44", "SM45"})
_HOSPITAL = "SA01"
PROFESSIONAL_CARDS = (CardKind.CPS, CardKind.CPF, CardKind.CPE, CardKind.CPA)


def desks_of(professional: Professional) -> tuple[str, ...]:
    """Give the desks of a profession, the one it starts at first."""
    if professional.is_doctor and professional.specialty in _IMAGING_SPECIALTIES:
        return (IMAGING, CONSULTATION, COUNTER, EMERGENCY, FOLLOWED)
    if professional.is_doctor:
        return (CONSULTATION, COUNTER, EMERGENCY, FOLLOWED)
    if professional.profession == PHARMACIST:
        return (COUNTER, CONSULTATION, EMERGENCY, FOLLOWED)
    if professional.profession:
        return (CONSULTATION, COUNTER, EMERGENCY, FOLLOWED)
    return (COUNTER, IMAGING)


def may_regulate(professional: Professional, activity: Activity) -> bool:
    """Whether the place may be a SAMU: a doctor of a public hospital; the host decides."""
    return professional.is_doctor and activity.sector == _HOSPITAL


def profession_words(professional: Professional) -> str:
    """Write profession and specialty; the kind of card for an employee without profession."""
    if not professional.profession:
        return f"Carte {professional.card_kind.value}"
    known = codes.load(codes.SPECIALTY).get(professional.specialty_code)
    if known is None:
        profession = codes.load(codes.PROFESSION).get(professional.profession)
        return profession.display if profession else professional.profession
    return known.display.replace("(SM)", "").replace("Qualifié en ", "").strip()


def holder_words(professional: Professional) -> str:
    """Write the name of a professional: Dr MARTIN Claire."""
    name = capital_name(professional.family_name, professional.given_name)
    return f"Dr {name}" if professional.is_doctor and not professional.in_training else name
