"""How many commands a card gets for what people do: exact, so that any growth is seen and has to be wanted.

GET RESPONSE, and a reading repeated with the length that the card wants, count like any other command: over T=0 each is
a round trip of its own.
"""

from __future__ import annotations

import pytest
from cards_stage import LEFT, PATIENCE, PROFESSIONAL, RIGHT

from cps_bridge.cards.signer import KeyUse
from dossier.professional import CardKind

DIGEST = bytes(32)

SESSION = {
    # identify: two for the serial, three for each of five directory files, one more for the long one, then both
    # certificates, seven each, in blocks of at most 231 bytes
    "generaliste": {"identify": 32, "look": 4, "verify": 5, "activities": 6, "sign": 4, "authenticate": 4},
    "medecin-cps4": {"identify": 38, "look": 8, "verify": 10, "activities": 9, "sign": 4, "authenticate": 5},
}
VITALE = {"identify": 7, "read": 7}


class Tally:
    """Counts the commands that reach a card."""

    def __init__(self, card) -> None:
        self.count, original = 0, card.card.apdu

        def counted(command):
            self.count += 1
            return original(command)

        card.card.apdu = counted

    def of(self, call, *arguments):
        before = self.count
        result = call(*arguments)
        return self.count - before, result


@pytest.mark.parametrize("name", SESSION)
def test_opening_a_session_costs_so_many_commands(service, readers, deck, name):
    card = deck.card(name)
    tally, counts = Tally(card), {}

    def identify():
        readers.insert(LEFT, card)
        return service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch

    counts["identify"], epoch = tally.of(identify)
    counts["look"], _ = tally.of(service.read_professional, epoch)
    counts["verify"], _ = tally.of(service.verify_pin, epoch, bytearray(card.card.codes.pin._value))
    counts["activities"], _ = tally.of(service.read_activities, epoch)
    counts["sign"], _ = tally.of(service.signer(epoch, KeyUse.SIGNATURE).sign, "sha256", DIGEST)
    counts["authenticate"], _ = tally.of(service.signer(epoch, KeyUse.AUTHENTICATION).sign, "sha256", DIGEST)
    assert counts == SESSION[name]


def test_reading_a_vitale_costs_so_many_commands(service, readers, deck):
    card = deck.card("famille-marchand")
    tally = Tally(card)

    def identify():
        readers.insert(RIGHT, card)
        return service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch

    identified, epoch = tally.of(identify)
    read, _ = tally.of(service.read_vitale, epoch)
    assert {"identify": identified, "read": read} == VITALE


def test_looking_at_the_slots_and_at_an_epoch_costs_no_command(service, readers, deck, professional):
    epoch = professional()
    tally = Tally(readers.card(LEFT))
    service.slots()
    service.settled_slots()
    assert service.is_current(epoch)
    assert tally.count == 0


def test_logging_out_in_the_process_costs_no_command(service, readers, professional):
    epoch = professional()
    service.verify_pin(epoch, bytearray(b"1234"))
    tally = Tally(readers.card(LEFT))
    service.log_out(epoch)
    assert tally.count == 0
