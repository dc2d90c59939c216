"""Professional cards through a module: the port still tells who comes and goes, the serial who it is."""

from __future__ import annotations

import pytest
from cards_stage import LEFT, PATIENCE, PROFESSIONAL, RIGHT, code_of

from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.cps3 import Cps3
from cps_bridge.cards.signer import KeyUse
from dossier.professional import CardKind

DIGEST = bytes(32)


class ModuleOfOurs:
    """A module that speaks to the card over a link of its own, as a PKCS#11 module does beside our program."""

    def __init__(self, readers) -> None:
        self.readers, self.sessions = readers, []

    def open(self, reader):
        session = SessionOfOurs(Channel(self.readers.connect(reader)))
        self.sessions.append(session)
        return session

    @property
    def open_sessions(self) -> int:
        return sum(not session.closed for session in self.sessions)

    def close(self): ...


class SessionOfOurs(Cps3):
    may_be_unlocked, closed = False, False

    def close(self) -> None:
        self._channel.close()
        self.closed = True


@pytest.fixture
def module(readers) -> ModuleOfOurs:
    return ModuleOfOurs(readers)


def test_with_a_module_insertion_and_removal_are_still_seen_by_the_port(services, readers, deck, module, until):
    service = services(readers, backend=module)
    readers.insert(LEFT, deck.card("generaliste"))
    readers.insert(RIGHT, deck.card("jean"))
    epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    assert service.read_professional(epoch).professional.family_name == "MARTIN"
    vitale = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
    before = len(module.sessions)
    assert service.read_vitale(vitale)
    assert len(module.sessions) == before  # a Vitale is read by our own commands
    readers.remove(LEFT)
    assert code_of(service.read_professional, epoch) == "CARD_REMOVED"
    until(service, lambda slots: slots[0].kind is None)


def test_a_session_of_the_module_lasts_as_long_as_the_rights_of_the_pin(services, readers, deck, module):
    service = services(readers, backend=module)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    service.read_professional(epoch)
    assert module.open_sessions == 0
    service.verify_pin(epoch, bytearray(b"1234"))
    service.signer(epoch, KeyUse.SIGNATURE).sign("sha256", DIGEST)
    assert module.open_sessions == 1
    service.log_out(epoch)
    assert module.open_sessions == 0
    service.verify_pin(epoch, bytearray(b"1234"))
    readers.remove(LEFT)
    service.settled_slots()
    assert module.open_sessions == 0


def test_a_card_put_under_the_module_unseen_is_found_by_its_serial(services, readers, deck, module):
    """The module reads whatever card is there: the serial must be the one of the epoch."""
    service = services(readers, backend=module)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    other = deck.card("pharmacien")
    readers.card(LEFT).card.apdu = other.card.apdu
    assert code_of(service.verify_pin, epoch, bytearray(b"1234")) == "CARD_REMOVED"
    assert other.card.codes.pin.left == 3 and not other.card.codes.pin.verified


def test_a_card_that_another_program_holds_is_busy_for_the_module_too(services, readers, deck, module):
    service = services(readers, backend=module, limit=0.6)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    with readers.connect(LEFT).transaction():
        assert code_of(service.read_professional, epoch) == "CARD_BUSY"
    readers.hold(LEFT)
    assert code_of(service.read_professional, epoch) == "CARD_BUSY"
    readers.hold(LEFT, False)
    assert service.is_current(epoch)
