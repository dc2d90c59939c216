"""The cards one can put in a reader, by name: the keys of the cast."""

from __future__ import annotations

from card_sim import cast
from card_sim.authority import Authority
from card_sim.card import T0Card
from card_sim.cps import CpsCard
from card_sim.faults import BreakableCard
from card_sim.vitale import VitaleCard


def names() -> tuple[str, ...]:
    """List every card name: professionals, then Vitale cards."""
    return (*cast.professionals(), *cast.vitale_cards())


def describe(name: str) -> str:
    """Say in French what a card is, for people who choose one; raises KeyError."""
    who = cast.professionals().get(name)
    if who is None:
        people = ", ".join(f"{each.family_name} {each.given_name}" for each in cast.vitale_cards()[name].beneficiaries)
        return f"Vitale : {people}"
    places = ", ".join(each.structure.name for each in who.activities)
    role = " ".join(filter(None, (who.title, who.specialty)))
    return f"{who.card_kind} : {who.given_name} {who.family_name}{f' ({role})' if role else ''}, {places}"


def card_named(name: str, authority: Authority) -> BreakableCard:
    """Make a new card of this name, codes unused; raises KeyError for a name outside the cast."""
    card: T0Card
    if name in cast.vitale_cards():
        card = VitaleCard(cast.vitale_cards()[name])
    else:
        card = CpsCard(cast.professionals()[name], authority.card_material(name))
    return BreakableCard(card)


class Deck:
    """Cards that keep their state: the same name gives the same card, so a blocked PIN stays blocked."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._cards: dict[str, BreakableCard] = {}

    def card(self, name: str) -> BreakableCard:
        """Give the card of this name; raises KeyError."""
        if name not in self._cards:
            self._cards[name] = card_named(name, self._authority)
        return self._cards[name]
