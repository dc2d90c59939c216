"""Cards and readers of the simulator at the far end of the card wire."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from cards_stage import LEFT, PATIENCE, PROFESSIONAL, RIGHT, DirectLink

from card_sim.authority import Authority
from card_sim.deck import Deck, card_named
from card_sim.reader import InProcessReaders
from cps_bridge.cards.service import CardService


@pytest.fixture(scope="session")
def authority(authority_dir) -> Authority:
    return Authority.open(authority_dir)


@pytest.fixture
def deck(authority) -> Deck:
    return Deck(authority)


@pytest.fixture
def link_to(authority) -> Callable[[str], DirectLink]:
    """Gives a link of its own to a card of the cast, by name."""
    return lambda name: DirectLink(card_named(name, authority))


@pytest.fixture
def readers() -> InProcessReaders:
    return InProcessReaders((LEFT, RIGHT))


@pytest.fixture
def services() -> Iterator[Callable[..., CardService]]:
    """Starts services and closes them at the end."""
    started = []

    def start(port, **options) -> CardService:
        service = CardService(port, **options)
        service.start()
        started.append(service)
        service.settled_slots()
        return service

    yield start
    for service in started:
        service.close()


@pytest.fixture
def service(services, readers) -> CardService:
    return services(readers)


@pytest.fixture
def until() -> Callable[[CardService, Callable[[tuple], bool]], tuple]:
    """Waits until the slots of a service satisfy a condition, and gives them."""

    def wait(service: CardService, condition: Callable[[tuple], bool]) -> tuple:
        met, seen = threading.Event(), []

        def look(slots) -> None:
            if condition(slots):
                seen.append(slots)
                met.set()

        unsubscribe = service.subscribe(look)
        try:
            look(service.slots())
            assert met.wait(PATIENCE), service.slots()
        finally:
            unsubscribe()
        return seen[0]

    return wait


@pytest.fixture
def professional(service, readers, deck):
    """Inserts a professional card by name and gives its epoch."""

    def insert(name: str = "generaliste", reader: str = LEFT):
        readers.insert(reader, deck.card(name))
        return service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch

    return insert
