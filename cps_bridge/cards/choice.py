"""Which card answers to what is wanted, when several readers hold something."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cps_bridge.cards.recognise import kind_of
from cps_bridge.cards.stay import Stay, repeated
from dossier.failure import Failure
from dossier.professional import CardKind

TRANSIENT = ("CARD_BUSY", "CARD_RESET")
"""Failures of an identification that are worth another attempt while the card stays in the reader."""


def wanted(stays: Iterable[Stay], kinds: tuple[CardKind, ...]) -> Stay | None:
    """Give the first usable card of one of these kinds, in the order of the readers; None when there is none yet.

    Two Vitale are never chosen from: raises Failure CARD_TWO_VITALE, whatever state they are in. A card that is still
    being read is waited for rather than passed over. Raises the failure of the only cards of these kinds.
    """
    family = [stay for stay in stays if _may_be(stay, kinds)]
    if sum(kind_of(stay.atr) is CardKind.VITALE for stay in family) > 1:
        raise Failure("CARD_TWO_VITALE")
    for stay in family:
        if stay.is_pending:
            return None
        if stay.is_usable and stay.kind in kinds:
            return stay
    for stay in family:
        if stay.failure and stay.failure.code not in TRANSIENT and stay.kind in kinds:
            raise repeated(stay.failure)
    return None


def in_the_way(stays: Sequence[Stay], kinds: tuple[CardKind, ...], readers: int) -> Failure | None:
    """Give what keeps a card that is there from being the wanted one, at the end of a wait; readers: how many."""
    for stay in stays:
        if stay.failure and stay.kind in (*kinds, CardKind.UNKNOWN):
            return repeated(stay.failure)
    no_room = readers and len(stays) == readers and not any(_may_be(stay, kinds) for stay in stays)
    return Failure("CARD_WRONG_KIND") if no_room else None


def _may_be(stay: Stay, kinds: tuple[CardKind, ...]) -> bool:
    """Tell whether the family that the answer to reset announces holds one of these kinds."""
    family = kind_of(stay.atr)
    if family is CardKind.UNKNOWN:
        return False
    return (family is CardKind.VITALE and CardKind.VITALE in kinds) or (
        family is not CardKind.VITALE and any(kind is not CardKind.VITALE for kind in kinds)
    )
