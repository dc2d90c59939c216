"""A simulated carte Vitale application: the text that its QR code would hold, in a format of our own.

What the real application shows is not public. Ours is CPSBRIDGE-SIMULATION-APCV:<name of a Vitale card>:<rank>, so that
nobody takes it for the real one; by QR code only, NFC is not simulated.
"""

from __future__ import annotations

from collections.abc import Mapping

from card_sim.cast import CastBeneficiary, CastVitale

PREFIX = "CPSBRIDGE-SIMULATION-APCV"


def shown(vitale: str, rank: int) -> str:
    """Give the text of the QR code of one person."""
    return f"{PREFIX}:{vitale}:{rank}"


def read(text: str, cards: Mapping[str, CastVitale]) -> CastBeneficiary:
    """Give the person of a scanned text; raises ValueError for a text that is not ours, or names nobody."""
    prefix, _, rest = text.strip().partition(":")
    name, _, rank = rest.rpartition(":")
    if prefix != PREFIX or name not in cards or not (rank.isascii() and rank.isdigit() and len(rank) < 4):
        raise ValueError("not a simulated application")
    found = next((each for each in cards[name].beneficiaries if each.rank == int(rank)), None)
    if found is None:
        raise ValueError("no such person")
    return found
