"""The card leaves, or is changed for another, at any moment."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from functools import partial

import pytest
from cards_stage import LEFT, PATIENCE, PROFESSIONAL, RIGHT, code_of, verify

from card_sim.faults import Fault
from card_sim.reader import InProcessReaders
from cps_bridge.cards.signer import KeyUse
from dossier.failure import Failure
from dossier.professional import CardKind

DIGEST = hashlib.sha256(b"lot").digest()


def session(service, epoch) -> None:
    """Everything that a session asks of a professional card."""
    service.read_professional(epoch)
    service.verify_pin(epoch, bytearray(b"1234"))
    service.read_activities(epoch)
    for use in KeyUse:
        signer = service.signer(epoch, use)
        verify(signer.certificate, signer.sign("sha256", DIGEST), "sha256", DIGEST)


def lives(card, journey, limit=200) -> int:
    """How many commands a journey sends to a card."""
    count = 0
    original = card.card.apdu

    def counted(command):
        nonlocal count
        count += 1
        return original(command)

    card.card.apdu = counted
    journey()
    card.card.apdu = original
    assert 0 < count < limit
    return count


def outcome_of(call, *arguments) -> str:
    try:
        call(*arguments)
    except Failure as failure:
        return failure.code
    return "done"


@pytest.mark.parametrize("fault", [Fault.DIE_AT, Fault.MUTE, Fault.WRONG_SW])
def test_a_session_cut_at_any_command_fails_cleanly_and_the_next_one_works(service, readers, deck, fault):
    card = deck.card("generaliste")
    expected = {
        Fault.DIE_AT: {"CARD_REMOVED"},
        Fault.MUTE: {"CARD_MUTE"},
        Fault.WRONG_SW: {"CARD_REFUSED", "done"},  # done: the tries left of the unblocking code are not needed
    }[fault]
    readers.insert(LEFT, card)
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    total = lives(card, lambda: session(service, epoch))
    for number in range(1, total + 1):
        readers.insert(LEFT, card)
        epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
        card.break_down(fault, number)
        assert outcome_of(session, service, epoch) in expected, number
        assert service.is_current(epoch) == (fault is Fault.WRONG_SW)
        card.break_down(Fault.WRONG_SW, 10**6)
    readers.insert(LEFT, card)
    session(service, service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch)


@pytest.mark.parametrize("name", ["generaliste", "famille-marchand"])
def test_a_card_that_leaves_while_it_is_identified_leaves_an_empty_slot(service, readers, deck, name):
    card = deck.card(name)
    total = lives(card, lambda: _identified(service, readers, card))
    for number in range(1, total):
        card.break_down(Fault.DIE_AT, number)
        readers.insert(LEFT, card)
        view = readers.readers()
        while view[0][1]:
            view = readers.wait(view, PATIENCE)
        assert code_of(service.wait_for, CardKind.CPS, CardKind.VITALE, timeout=0) == "CARD_NOT_INSERTED"
        assert service.slots()[0].kind is None
    _identified(service, readers, card)


def _identified(service, readers, card):
    readers.insert(LEFT, card)
    assert service.wait_for(*PROFESSIONAL, CardKind.VITALE, timeout=PATIENCE).epoch


def test_reading_a_vitale_cut_at_any_command_gives_no_person(service, readers, deck):
    card = deck.card("famille-marchand")
    readers.insert(LEFT, card)
    epoch = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
    total = lives(card, partial(service.read_vitale, epoch))
    for number in range(1, total + 1):
        readers.insert(LEFT, card)
        epoch = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
        card.break_down(Fault.DIE_AT, number)
        assert code_of(service.read_vitale, epoch) == "CARD_REMOVED"


def test_another_vitale_with_the_same_answer_to_reset_is_another_epoch(service, readers, deck):
    readers.insert(RIGHT, deck.card("jean"))
    first = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
    readers.insert(RIGHT, deck.card("karim"))
    assert not service.is_current(first)
    assert code_of(service.read_vitale, first) == "CARD_REMOVED"
    second = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
    assert second.card_hash != first.card_hash
    assert [each.given_name for each in service.read_vitale(second)] == ["KARIM"]
    assert code_of(service.read_vitale, first) == "CARD_REMOVED"


class BlindReaders(InProcessReaders):
    """Readers whose driver misses insertions and removals while a card is there: the counter never moves."""

    def readers(self):
        return tuple((name, atr, 1) for name, atr, _ in super().readers())

    def wait(self, known, timeout):
        super().wait(super().readers(), min(timeout, 0.05))
        return self.readers()


@pytest.mark.parametrize(("first", "second"), [("jean", "karim"), ("generaliste", "pharmacien")])
def test_a_swap_that_the_reader_missed_is_found_by_the_content(services, deck, until, first, second):
    readers = BlindReaders((LEFT,))
    service = services(readers)
    readers.insert(LEFT, deck.card(first))
    epoch = service.wait_for(CardKind.VITALE, CardKind.CPS, timeout=PATIENCE).epoch
    readers.insert(LEFT, deck.card(second))
    read = service.read_vitale if first == "jean" else service.read_professional
    assert code_of(read, epoch) == "CARD_REMOVED"
    assert code_of(read, epoch) == "CARD_REMOVED"
    slots = until(service, lambda slots: slots[0].epoch is not None)
    assert slots[0].epoch.card_hash != epoch.card_hash
    assert read(slots[0].epoch)


def test_a_swap_that_the_reader_missed_never_signs_for_the_other_professional(services, deck):
    readers = BlindReaders((LEFT,))
    service = services(readers)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.SIGNATURE)
    readers.insert(LEFT, deck.card("pharmacien"))
    assert code_of(signer.sign, "sha256", DIGEST) == "PIN_REQUIRED"
    pin = bytearray(b"1234")
    assert code_of(service.verify_pin, epoch, pin) == "CARD_REMOVED"
    assert deck.card("pharmacien").card.apdu(bytes.fromhex("00200001"))[-1] & 0x0F == 3  # its counter is untouched


def test_two_readers_whose_cards_are_exchanged_end_both_epochs(service, readers, deck):
    readers.insert(LEFT, deck.card("generaliste"))
    readers.insert(RIGHT, deck.card("jean"))
    professional = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    vitale = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
    readers.insert(LEFT, deck.card("jean"))
    readers.insert(RIGHT, deck.card("generaliste"))
    assert not service.is_current(professional) and not service.is_current(vitale)
    assert service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch.reader == RIGHT
    assert service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch.reader == LEFT


def test_swaps_while_another_thread_reads_never_mix_two_patients(service, readers, deck):
    """Each reading names the card of its epoch, or is refused."""
    people = {}
    for name in ("jean", "karim"):
        readers.insert(LEFT, deck.card(name))
        epoch = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
        people[epoch.card_hash] = service.read_vitale(epoch)
    stop = threading.Event()

    def shuffle():
        turn = 0
        while not stop.is_set():
            readers.insert(LEFT, deck.card(("jean", "karim")[turn % 2]))
            turn += 1
            stop.wait(0.002)

    hand = threading.Thread(target=shuffle)
    hand.start()
    try:
        read = 0
        for _ in range(150):
            with contextlib.suppress(Failure):
                epoch = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
                assert service.read_vitale(epoch) == people[epoch.card_hash]
                read += 1
    finally:
        stop.set()
        hand.join()
    readers.insert(LEFT, deck.card("jean"))
    epoch = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
    assert service.read_vitale(epoch) == people[epoch.card_hash]


class StuckReaders(InProcessReaders):
    """Readers with a driver that blocks for ever, once asked to."""

    def __init__(self, names) -> None:
        super().__init__(names)
        self.stuck, self.release, self.sent_late = threading.Event(), threading.Event(), []

    def connect(self, reader):
        return StuckLink(self, super().connect(reader))


class StuckLink:
    def __init__(self, readers, link) -> None:
        self.readers, self.link = readers, link

    def transmit(self, command):
        if self.readers.release.is_set():
            self.readers.sent_late.append(command)
        if self.readers.stuck.is_set():
            self.readers.release.wait()
        return self.link.transmit(command)

    def transaction(self):
        return self.link.transaction()

    def close(self):
        self.link.close()


def test_a_driver_that_blocks_for_ever_is_a_mute_card_and_other_cards_go_on(services, deck, until):
    readers = StuckReaders((LEFT, RIGHT))
    service = services(readers, limit=0.6)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    readers.stuck.set()
    try:
        assert code_of(service.read_professional, epoch) == "CARD_MUTE"
        assert code_of(service.read_professional, epoch) == "CARD_MUTE"
        until(service, lambda slots: slots[0].failure == "CARD_MUTE")
        readers.stuck.clear()
        readers.insert(RIGHT, deck.card("jean"))
        vitale = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
        assert service.read_vitale(vitale)
    finally:
        readers.release.set()


def test_a_blocked_job_that_comes_back_late_sends_nothing_more(services, deck):
    readers = StuckReaders((LEFT,))
    service = services(readers, limit=0.6)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    blocked = service._jobs._thread._worker
    readers.stuck.set()
    assert code_of(service.verify_pin, epoch, bytearray(b"1234")) == "CARD_MUTE"
    readers.release.set()
    blocked.join(PATIENCE)
    assert not blocked.is_alive() and not readers.sent_late


def test_a_program_that_keeps_the_transaction_makes_the_card_busy_not_mute(services, readers, deck):
    service = services(readers, limit=0.6)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    with readers.connect(LEFT).transaction():
        assert code_of(service.read_professional, epoch) == "CARD_BUSY"
    assert service.is_current(epoch)
    assert service.read_professional(epoch).tries_left == 3


def test_no_code_is_presented_twice_when_the_exchange_breaks(service, readers, deck):
    card = deck.card("generaliste")
    readers.insert(LEFT, card)
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    seen, original = [], card.card.apdu

    def watch(command):
        if command[1] == 0x20 and len(command) > 5:
            seen.append(len(command))
            readers.reset_by_another(LEFT)
        return original(command)

    card.card.apdu = watch
    assert code_of(service.verify_pin, epoch, bytearray(b"1234")) == "CARD_RESET"
    assert len(seen) == 1
