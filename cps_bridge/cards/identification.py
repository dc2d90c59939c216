"""What is read once of a card, when it comes: what never changes while it stays."""

from __future__ import annotations

from cps_bridge.cards.holder import authentication_pair, professional_of
from cps_bridge.cards.opened import Opened
from cps_bridge.cards.recognise import recognise
from cps_bridge.cards.stay import Stay
from dossier.failure import Failure
from dossier.professional import CardKind


def identify(stay: Stay, opened: Opened, *, test_allowed: bool) -> tuple[CardKind, str]:
    """Read the certificates and the holder of a professional card, the persons of a Vitale; give kind and card hash.

    Raises Failure TEST_CARD_REFUSED, CARD_KEY_MISSING, CARD_UNREADABLE.
    """
    stay.model = recognise(stay.atr).value
    if opened.access is None:
        kind = _identify_vitale(stay, opened)
    else:
        stay.pairs = opened.access.read_certificates()
        stay.directory = getattr(opened.access, "directory", None)
        stay.is_test = any(pair.certificate.is_test for pair in stay.pairs)
        stay.professional = professional_of(authentication_pair(stay.pairs).certificate, opened.access.read_specialty)
        kind = stay.professional.card_kind
    if stay.is_test and not test_allowed:
        raise Failure("TEST_CARD_REFUSED")
    return kind, stay.card_hash


def _identify_vitale(stay: Stay, opened: Opened) -> CardKind:
    if opened.vitale is None:
        raise Failure("CARD_UNREADABLE", what="Vitale")
    _ = opened.vitale.beneficiaries  # unreadable persons make an unusable card
    stay.is_test = bool(getattr(opened.vitale, "is_test", False))
    return CardKind.VITALE
