"""In whose name a document is written: the holder of the card, or for a secretary a professional of the settings."""

from __future__ import annotations

from cps_bridge.storage.settings import Settings
from dossier import codes
from dossier.failure import Failure
from dossier.professional import Professional

_PARTS = 4


def author_of(settings: Settings, holder: Professional, wanted: str = "") -> Professional:
    """Give the author of a document: whoever has a profession writes in their own name.

    A holder without one (CPE) deposits for a professional of the structure (TD2.2): wanted is their PS_IdNat, not
    needed when the settings name one only. Raises Failure AUTHOR_NOT_PROFESSIONAL without one, AUTHOR_UNKNOWN,
    AUTHOR_SETTING_INVALID.
    """
    if holder.profession:
        return holder
    known = {each.id_nat: each for each in map(read_author, settings.authors)}
    if not known:
        raise Failure("AUTHOR_NOT_PROFESSIONAL", card=holder.card_kind.value)
    if not wanted and len(known) == 1:
        return next(iter(known.values()))
    if wanted not in known:
        raise Failure("AUTHOR_UNKNOWN")
    return known[wanted]


def read_author(text: str) -> Professional:
    """Read "PS_IdNat|NOM|Prénom|profession/savoir-faire"; raises Failure AUTHOR_SETTING_INVALID."""
    parts = [each.strip() for each in text.split("|")]
    if len(parts) != _PARTS or not all(parts):
        raise Failure("AUTHOR_SETTING_INVALID")
    profession, _, specialty = parts[3].partition("/")
    found = Professional(parts[0], parts[1], parts[2], profession, specialty)
    if found.specialty_code not in codes.load(codes.SPECIALTY):
        raise Failure("AUTHOR_SETTING_INVALID")
    return found
