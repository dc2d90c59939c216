"""Other programs at the same reader, real ones: each ends in a stated condition, and the PIN is never assumed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cards_stage import PATIENCE, code_of

from card_sim.vpcd import VpcdSlot
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.cards.signer import KeyUse
from dossier.failure import Failure
from dossier.professional import CardKind

DIGEST = bytes(32)
PIN = b"1234"


class Rival:
    """The other program, and how to talk to it."""

    def __init__(self, reader: str) -> None:
        script = Path(__file__).with_name("cards_rival.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), reader], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def does(self, what: str) -> None:
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def close(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def hand(vpcd_pair):
    slot = VpcdSlot(vpcd_pair[0])
    yield slot
    slot.remove()


@pytest.fixture
def port(vpcd_pair):
    port = PcscReaders(only=frozenset(vpcd_pair[2]))
    view = port.readers()
    while any(atr for _, atr, _ in view):  # what an earlier test took out is gone for the service too
        view = port.wait(view, PATIENCE)
    yield port
    port.close()


@pytest.fixture
def rival(vpcd_pair):
    rival = Rival(vpcd_pair[2][0])
    yield rival
    rival.close()


@pytest.fixture
def session(services, port, hand, deck):
    """A service and the epoch of a session with its PIN verified."""
    service = services(port)
    hand.insert(deck.card("generaliste"))
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(PIN))
    return service, epoch


def sign(service, epoch) -> bytes:
    return service.signer(epoch, KeyUse.SIGNATURE).sign("sha256", DIGEST)


def until_free(service, epoch) -> bytes:
    """Sign as soon as the other program has let go; busy is the only thing that may be said meanwhile."""
    for _ in range(20):
        try:
            return sign(service, epoch)
        except Failure as failure:
            assert failure.code == "CARD_BUSY"
    raise AssertionError("still busy")


def looked(port, times: int) -> bool:
    """Wait until the watch has looked at the readers so many times more."""
    enough, looks, look = threading.Event(), [], port.readers

    def counted():
        looks.append(1)
        if len(looks) >= times:
            enough.set()
        return look()

    port.readers = counted
    return enough.wait(PATIENCE)


@pytest.mark.pcsc
def test_a_program_that_holds_the_card_a_second_is_waited_for(session, rival):
    service, epoch = session
    rival.does("hold_a_second")
    assert sign(service, epoch)


@pytest.mark.pcsc
def test_a_program_that_holds_the_card_longer_makes_it_busy_and_costs_no_pin(session, rival):
    service, epoch = session
    rival.does("hold")
    assert code_of(sign, service, epoch) == "CARD_BUSY"
    assert code_of(sign, service, epoch) == "CARD_BUSY"
    assert service.is_current(epoch)
    rival.does("release")
    assert until_free(service, epoch)
    assert service.is_current(epoch)


@pytest.mark.pcsc
def test_a_log_out_while_another_program_holds_the_card_ends_the_rights_once_it_is_free(session, rival, port):
    service, epoch = session
    rival.does("hold")
    assert code_of(sign, service, epoch) == "CARD_BUSY"
    service.log_out(epoch)
    rival.does("release")
    codes = {code_of(sign, service, epoch) for _ in range(3)}
    assert codes <= {"CARD_BUSY", "PIN_REQUIRED"} and "PIN_REQUIRED" in codes


@pytest.mark.pcsc
def test_a_card_held_when_it_is_first_seen_is_busy_and_read_as_soon_as_it_is_free(
    services, port, hand, deck, rival, until
):
    hand.insert(deck.card("generaliste"))
    view = port.readers()
    while not any(atr for _, atr, _ in view):
        view = port.wait(view, PATIENCE)
    rival.does("hold")
    service = services(port)
    slots = until(service, lambda slots: any(slot.failure for slot in slots))
    assert next(slot for slot in slots if slot.failure).failure == "CARD_BUSY"
    assert code_of(service.wait_for, CardKind.CPS, timeout=0.1) == "CARD_BUSY"
    before = [each for each in threading.enumerate() if each.name == "cards"]
    assert looked(port, 6)
    assert len([each for each in threading.enumerate() if each.name == "cards"]) <= len(before)  # nothing piles up
    rival.does("release")
    slot = service.wait_for(CardKind.CPS, timeout=PATIENCE)
    assert service.read_professional(slot.epoch)


@pytest.mark.pcsc
def test_exclusive_use_by_another_program_makes_the_card_busy_until_it_ends(services, port, hand, deck, rival, until):
    hand.insert(deck.card("jean"))
    view = port.readers()
    while not any(atr for _, atr, _ in view):
        view = port.wait(view, PATIENCE)
    rival.does("exclusive")
    service = services(port)
    slots = until(service, lambda slots: any(slot.failure for slot in slots))
    found = next(slot for slot in slots if slot.failure)
    assert (found.failure, found.kind, found.epoch) == ("CARD_BUSY", CardKind.VITALE, None)
    rival.does("release")
    slot = service.wait_for(CardKind.VITALE, timeout=PATIENCE)
    assert service.read_vitale(slot.epoch)
    rival.does("exclusive")
    assert code_of(service.read_vitale, slot.epoch) == "CARD_BUSY"
    assert service.is_current(slot.epoch)
    rival.does("release")
    assert service.read_vitale(slot.epoch)


@pytest.mark.pcsc
@pytest.mark.parametrize("deed", ["reset", "reconnect", "log_out"])
def test_rights_that_another_program_ended_are_never_assumed(session, rival, deed):
    service, epoch = session
    sign(service, epoch)
    rival.does(deed)
    assert code_of(sign, service, epoch) == "PIN_REQUIRED"
    assert code_of(service.read_activities, epoch) == "PIN_REQUIRED"
    assert service.is_current(epoch)
    assert service.read_professional(epoch).tries_left == (2 if deed == "log_out" else 3)
    service.verify_pin(epoch, bytearray(PIN))
    assert sign(service, epoch)


@pytest.mark.pcsc
def test_a_program_that_selects_something_else_between_two_jobs_disturbs_nothing(session, rival):
    service, epoch = session
    for _ in range(2):
        rival.does("wander")
        assert sign(service, epoch) and service.read_activities(epoch)


@pytest.mark.pcsc
def test_a_program_that_dies_with_the_card_in_its_hands_leaves_it_free(session, rival):
    service, epoch = session
    rival.does("hold")
    assert code_of(sign, service, epoch) == "CARD_BUSY"
    rival.process.kill()
    rival.process.wait(PATIENCE)
    for _ in range(10):
        try:
            sign(service, epoch)
            break
        except Failure as failure:  # its end resets the card, or not: the PIN is asked then
            assert failure.code in ("CARD_BUSY", "PIN_REQUIRED")
            if failure.code == "PIN_REQUIRED":
                break
    service.verify_pin(epoch, bytearray(PIN))
    assert sign(service, epoch)
