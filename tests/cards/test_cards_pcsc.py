"""The real PC/SC service with virtual readers: pcscd, vpcd, pyscard."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import subprocess
import sys
import threading
import time

import pytest
from cards_stage import PATIENCE, code_of, verify

from card_sim.faults import Fault
from card_sim.vpcd import VpcdSlot
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.cards.signer import KeyUse
from dossier.failure import Failure
from dossier.professional import CardKind

DIGEST = hashlib.sha256(b"lot").digest()


@pytest.fixture
def hands(vpcd_pair):
    """The two slots of this worker, emptied at the end."""
    slots = VpcdSlot(vpcd_pair[0]), VpcdSlot(vpcd_pair[1])
    yield slots
    for slot in slots:
        slot.remove()


@pytest.fixture
def names(vpcd_pair):
    return vpcd_pair[2]


@pytest.fixture
def port(names):
    port = PcscReaders(only=frozenset(names))
    until_empty(port)  # what an earlier test took out is gone for the service too
    yield port
    print("readers at the end:", port.readers())  # pytest shows it when the test fails
    port.close()


def until_empty(port):
    """Wait until the PC/SC service itself has seen every card of this pair leave."""
    view, deadline = port.readers(), time.monotonic() + PATIENCE
    while any(atr for _, atr, _ in view):
        assert time.monotonic() < deadline, view
        view = port.wait(view, PATIENCE)


@pytest.fixture
def real(services, port):
    return services(port)


@pytest.mark.pcsc
def test_readers_are_named_and_their_counter_grows(hands, port, deck, names):
    before = {name: counter for name, _, counter in port.readers()}
    assert set(before) == set(names)
    hands[0].insert(deck.card("jean"))
    view = port.wait(port.readers(), PATIENCE)
    while not any(atr for _, atr, _ in view):
        view = port.wait(view, PATIENCE)
    after = {name: (atr, counter) for name, atr, counter in view}
    assert after[names[0]][0] == deck.card("jean").atr
    assert after[names[0]][1] > before[names[0]]
    assert after[names[1]] == (b"", before[names[1]])


@pytest.mark.pcsc
def test_waiting_can_be_ended_from_another_thread(port):
    ended = threading.Event()

    def wait():
        port.wait(port.readers(), 600)
        ended.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    port.wake()
    assert ended.wait(PATIENCE)
    waiter.join()


@pytest.mark.pcsc
def test_a_whole_session_with_both_cards(hands, real, deck):
    hands[0].insert(deck.card("generaliste"))
    hands[1].insert(deck.card("famille-marchand"))
    epoch = real.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    vitale = real.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
    assert real.read_professional(epoch).tries_left == 3
    real.verify_pin(epoch, bytearray(b"1234"))
    assert [each.sector for each in real.read_activities(epoch)] == ["SA08", "SA05"]
    for use in KeyUse:
        signer = real.signer(epoch, use)
        verify(signer.certificate, signer.sign("sha256", DIGEST), "sha256", DIGEST)
    assert [each.given_name for each in real.read_vitale(vitale)] == ["SOPHIE", "LEO"]
    assert real.is_current(epoch) and real.is_current(vitale)


@pytest.mark.pcsc
def test_log_out_takes_the_rights_from_the_card_itself(hands, real, port, deck, names):
    card = deck.card("generaliste")
    hands[0].insert(card)
    epoch = real.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    real.verify_pin(epoch, bytearray(b"1234"))
    real.log_out(epoch)
    other = port.connect(names[0])
    assert other.transmit(bytes.fromhex("00A4090C023F00")) == bytes.fromhex("9000")
    assert other.transmit(bytes.fromhex("00200001")) == bytes.fromhex("63C3")
    other.close()
    assert real.is_current(epoch)
    assert code_of(real.read_activities, epoch) == "PIN_REQUIRED"


@pytest.mark.pcsc
def test_removal_during_a_session_ends_it(hands, real, deck, until):
    hands[0].insert(deck.card("generaliste"))
    epoch = real.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    real.verify_pin(epoch, bytearray(b"1234"))
    signer = real.signer(epoch, KeyUse.SIGNATURE)
    hands[0].remove()
    assert code_of(signer.sign, "sha256", DIGEST) == "CARD_REMOVED"
    until(real, lambda slots: all(slot.kind is None for slot in slots))
    assert not real.is_current(epoch)


@pytest.mark.pcsc
@pytest.mark.parametrize("number", [1, 3, 6, 8])
def test_a_card_that_dies_in_the_middle_of_a_command_is_removed(hands, real, deck, number):
    card = deck.card("generaliste")
    hands[0].insert(card)
    epoch = real.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    card.break_down(Fault.DIE_AT, number)

    def session():
        real.read_professional(epoch)
        real.verify_pin(epoch, bytearray(b"1234"))
        real.signer(epoch, KeyUse.SIGNATURE).sign("sha256", DIGEST)

    assert code_of(session) == "CARD_REMOVED"
    assert not real.is_current(epoch)


@pytest.mark.pcsc
def test_a_fast_swap_of_two_vitale_never_gives_the_second_under_the_first(hands, real, deck, port):
    people = {}
    for turn in range(4):
        name = ("jean", "karim")[turn % 2]
        hands[1].insert(deck.card(name))
        epoch = real.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
        found = [each.given_name for each in real.read_vitale(epoch)]
        assert people.setdefault(epoch.card_hash, found) == found == [name.upper()]
        hands[1].insert(deck.card(("karim", "jean")[turn % 2]))
        assert code_of(real.read_vitale, epoch) == "CARD_REMOVED"
        hands[1].remove()
        until_empty(port)  # else the service may take the next card for one that is still moving, and call it mute
    assert len(people) == 2


@pytest.mark.pcsc
def test_a_reset_by_another_program_costs_the_code_not_the_epoch(hands, real, port, deck, names):
    hands[0].insert(deck.card("generaliste"))
    epoch = real.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    real.verify_pin(epoch, bytearray(b"1234"))
    other = port.connect(names[0])
    other._disposition = other._context.scard.SCARD_RESET_CARD
    other.close()
    assert code_of(real.signer(epoch, KeyUse.SIGNATURE).sign, "sha256", DIGEST) == "PIN_REQUIRED"
    assert real.is_current(epoch)
    real.verify_pin(epoch, bytearray(b"1234"))
    real.signer(epoch, KeyUse.SIGNATURE).sign("sha256", DIGEST)


@pytest.mark.pcsc
def test_a_card_held_exclusively_by_another_program_is_busy(hands, real, port, deck, names):
    hands[0].insert(deck.card("generaliste"))
    epoch = real.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    scard = pytest.importorskip("smartcard.scard")
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    result, card, _ = scard.SCardConnect(context, names[0], scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0)
    assert result == scard.SCARD_S_SUCCESS
    try:
        assert code_of(real.read_professional, epoch) == "CARD_BUSY"
    finally:
        scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
        scard.SCardReleaseContext(context)
    assert real.read_professional(epoch)


@pytest.mark.pcsc
def test_a_mute_card_costs_its_reader_only(hands, names, services, port, deck, until):
    before = set(threading.enumerate())
    real = services(port, limit=1.0)
    stuck = [each for each in threading.enumerate() if each.name == "cards" and each not in before]
    card = deck.card("generaliste")
    hands[0].insert(card)
    epoch = real.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    card.break_down(Fault.MUTE)
    assert code_of(real.read_professional, epoch) == "CARD_MUTE"
    hands[1].insert(deck.card("jean"))
    assert real.read_vitale(real.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch)
    hands[0].remove()
    for thread in stuck:  # it ends with the card, and lets go of its transaction and its link
        thread.join(PATIENCE)
        assert not thread.is_alive()
    # The service looks every 0.4 s only: a card put in before it has seen the reader empty is no new card to it.
    until(real, lambda slots: any(slot.reader == names[0] and slot.kind is None for slot in slots))
    hands[0].insert(deck.card("pharmacien"))
    slots = until(real, lambda slots: any(slot.kind is CardKind.CPS and slot.epoch for slot in slots))
    mine = next(slot for slot in slots if slot.kind is CardKind.CPS)
    assert real.read_professional(mine.epoch).professional.family_name == "MERCIER"
    for hand in hands:
        hand.remove()
    real.close()
    until_empty(port)


@pytest.mark.pcsc
def test_the_simulator_as_a_process_is_read_and_swapped(vpcd_pair, port, services, authority_dir, tmp_path, until):
    real, control = services(port), tmp_path / "control"
    first, second = (f"{host}:{number}" for host, number in vpcd_pair[:2])
    command = [sys.executable, "-m", "card_sim", "serve", "--authority", str(authority_dir)]
    command += ["--card", f"pharmacien=vpcd {first}", "--card", f"jean=vpcd {second}", "--control", str(control)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
        try:
            assert json.loads(simulator.stdout.readline())["ready"]
            epoch = real.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
            vitale = real.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
            assert real.read_professional(epoch).professional.family_name == "MERCIER"
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(str(control))
                line.sendall(b'{"do": "swap", "slot": 1, "card": "karim"}\n')
                assert json.loads(line.makefile().readline())["ok"]
            until(real, lambda slots: any(slot.epoch and slot.epoch.insertion > vitale.insertion for slot in slots))
            assert not real.is_current(vitale) and real.is_current(epoch)
            swapped = real.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
            assert [each.given_name for each in real.read_vitale(swapped)] == ["KARIM"]
        finally:
            simulator.terminate()
        assert simulator.wait(PATIENCE) == 0


def test_without_pyscard_the_service_is_said_to_be_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    port = PcscReaders()
    with pytest.raises(Failure) as caught:
        port.readers()
    assert (caught.value.code, caught.value.facts) == ("PCSC_DOWN", {"cause": "pyscard"})
    with contextlib.suppress(Failure):
        port.connect("nulle part")
    port.wake()
    port.close()


def test_a_card_service_without_pyscard_says_so_to_whoever_waits(monkeypatch, services):
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    service = services(PcscReaders())
    assert service.slots() == ()
    assert code_of(service.wait_for, CardKind.CPS) == "PCSC_DOWN"


@pytest.mark.pcsc
def test_a_card_pulled_just_before_log_out_leaves_the_reader_usable(hands, real, deck):
    """The service has not seen the removal yet when the link is closed: it must not reset what is no longer there."""
    for _ in range(3):
        hands[0].insert(deck.card("generaliste"))
        epoch = real.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
        real.verify_pin(epoch, bytearray(b"1234"))
        hands[0].remove()
        real.log_out(epoch)
