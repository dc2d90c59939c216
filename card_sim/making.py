"""The one place that turns a member of the cast into a card object."""

from __future__ import annotations

from card_sim.authority import Material
from card_sim.card import T0Card
from card_sim.cast import CastProfessional, CastVitale
from card_sim.contactless import ContactlessCard
from card_sim.cps import CpsCard
from card_sim.cps2ter import Cps2terCard
from card_sim.cps4 import Cps4Card
from card_sim.vitale import VitaleCard
from card_sim.vitale1 import Vitale1Card


def make_card(who: CastProfessional, material: Material) -> T0Card:
    """Make the card of a professional, of the product it has; raises ValueError for a product nobody knows."""
    match who.product:
        case "CPS3":
            return CpsCard(who, material)
        case "CPS4":
            return Cps4Card(who, material)
        case "CPS3-SANS-CONTACT":
            return ContactlessCard(who, material)
        case "CPS2TER":
            return Cps2terCard(who, material)
    raise ValueError(who.product)


def make_vitale(card: CastVitale) -> T0Card:
    """Make a Vitale card, of the product it has; raises ValueError for a product nobody knows."""
    match card.product:
        case "VITALE2":
            return VitaleCard(card)
        case "VITALE1":
            return Vitale1Card()
    raise ValueError(card.product)
