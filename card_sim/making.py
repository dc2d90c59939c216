"""The one place that turns a member of the cast into a card object."""

from __future__ import annotations

from card_sim.authority import Material
from card_sim.card import T0Card
from card_sim.cast import CastProfessional, CastVitale
from card_sim.contactless import ContactlessCard
from card_sim.cps import CpsCard
from card_sim.cps4 import Cps4Card
from card_sim.vitale import VitaleCard
from card_sim.vitale1 import Vitale1Card


def make_card(who: CastProfessional, material: Material) -> T0Card:
    """Make the card of a professional, of the product it has; raises ValueError for a product nobody knows."""
    if who.product not in _PRODUCTS:
        raise ValueError(who.product)
    return _PRODUCTS[who.product](who, material)


def make_vitale(card: CastVitale) -> T0Card:
    """Make a Vitale card, of the product it has; raises ValueError for a product nobody knows."""
    if card.product == "VITALE1":
        return Vitale1Card()
    if card.product != "VITALE2":
        raise ValueError(card.product)
    return VitaleCard(card)


_PRODUCTS = {"CPS3": CpsCard, "CPS4": Cps4Card, "CPS3-SANS-CONTACT": ContactlessCard, "CPS2TER": CpsCard}
