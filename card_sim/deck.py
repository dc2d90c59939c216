"""The cards one can put in a reader, by name: the keys of the cast, and the card files that people write."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from card_sim import cast, files, files_professional, files_vitale
from card_sim.authority import Authority
from card_sim.card import T0Card
from card_sim.faults import BreakableCard
from card_sim.files import CardFile
from card_sim.making import make_card, make_vitale


def names() -> tuple[str, ...]:
    """List every card name of the cast: professionals, then Vitale cards."""
    return (*cast.professionals(), *cast.vitale_cards())


def describe(name: str) -> str:
    """Say in French what a card is, for people who choose one; name: of the cast, or the path of a file.

    Raises KeyError, CardFileError.
    """
    if files.is_path(name):
        return files.load(name).describe()
    who = cast.professionals().get(name)
    return files_professional.describe(who) if who else files_vitale.describe(cast.vitale_cards()[name])


def card_named(name: str, authority: Authority) -> BreakableCard:
    """Make a new card of this name, or of this file, codes unused; raises KeyError, CardFileError."""
    card: T0Card
    if files.is_path(name):
        return files.load(name).make(authority)
    if name in cast.vitale_cards():
        card = make_vitale(cast.vitale_cards()[name])
    else:
        card = make_card(cast.professionals()[name], authority.card_material(name))
    return BreakableCard(card)


class Deck:
    """Cards that keep their state: the same name gives the same card, so a blocked PIN stays blocked.

    A file that was changed since gives a new card.
    """

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._cards: dict[str, BreakableCard] = {}
        self._files: dict[str, tuple[Path, CardFile]] = {}

    def names(self) -> tuple[str, ...]:
        """List every name: the cast, then the files that were added."""
        return (*names(), *self._files)

    def describe(self, name: str) -> str:
        """Say in French what a card is; raises KeyError."""
        return self._files[name][1].describe() if name in self._files else describe(name)

    def add(self, path: Path | str) -> str:
        """Read a card file, again if it is known, and give the name under which it is in the deck.

        Raises CardFileError.
        """
        path = Path(path).absolute()
        read = files.load(path)
        name = self._free_name(read.name, path)
        entry = (path, dataclasses.replace(read, name=name))
        if self._files.get(name) != entry:
            self._cards.pop(name, None)
            self._files[name] = entry
        return name

    def card(self, name: str) -> BreakableCard:
        """Give the card of this name, or of this path; raises KeyError, CardFileError."""
        name = self.add(name) if name not in self._files and files.is_path(name) else name
        if name not in self._cards:
            known = self._files.get(name)
            self._cards[name] = known[1].make(self._authority) if known else card_named(name, self._authority)
        return self._cards[name]

    def name_of(self, card: object) -> str | None:
        """Give the name of a card of the deck, None for another one."""
        return next((name for name, each in self._cards.items() if each is card), None)

    def _free_name(self, wanted: str, path: Path) -> str:
        taken = {each for each, (place, _) in self._files.items() if place != path} | set(names())
        number, name = 1, wanted
        while name in taken:
            number += 1
            name = f"{wanted}-{number}"
        return name
