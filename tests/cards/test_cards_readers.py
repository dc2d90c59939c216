"""Readers in trouble, in the process: two cards of a kind, a service that hangs, another program in the way."""

from __future__ import annotations

import threading

import pytest
from cards_stage import LEFT, PATIENCE, PROFESSIONAL, RIGHT, code_of

from card_sim.faults import Fault
from card_sim.reader import InProcessReaders
from cps_bridge.cards.port import MUTE_ATR
from cps_bridge.cards.service import CardService
from cps_bridge.cards.signer import KeyUse
from dossier.failure import Failure
from dossier.professional import CardKind

DIGEST = bytes(32)


def epoch_of(slots: tuple, reader: str):
    return next((slot.epoch for slot in slots if slot.reader == reader), None)


# Two cards of the same kind


def test_of_two_professional_cards_the_first_by_reader_order_is_taken_and_both_are_shown(service, readers, deck, until):
    readers.insert(RIGHT, deck.card("pharmacien"))
    readers.insert(LEFT, deck.card("generaliste"))
    assert service.wait_for(*PROFESSIONAL, timeout=PATIENCE).reader == LEFT
    slots = until(service, lambda slots: all(slot.epoch for slot in slots))
    names = [service.read_professional(slot.epoch).professional.family_name for slot in slots]
    assert names == ["MARTIN", "MERCIER"]


def test_a_session_goes_on_with_its_own_card_when_a_second_one_comes_before_it(service, readers, deck, until):
    readers.insert(RIGHT, deck.card("generaliste"))
    epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    readers.insert(LEFT, deck.card("pharmacien"))
    until(service, lambda slots: all(slot.epoch for slot in slots))
    signer = service.signer(epoch, KeyUse.SIGNATURE)
    assert signer.sign("sha256", DIGEST) and service.is_current(epoch)


def test_an_unusable_professional_card_does_not_hide_a_usable_one(services, readers, deck):
    production = services(readers, test_allowed=False)
    readers.insert(LEFT, deck.card("generaliste"))
    readers.insert(RIGHT, deck.card("pharmacien-reel"))
    assert production.wait_for(*PROFESSIONAL, timeout=PATIENCE).reader == RIGHT


def test_a_card_that_is_still_being_read_is_waited_for_rather_than_passed_over(services, deck):
    """The choice must not depend on which card answers faster."""
    readers = SlowReaders((LEFT, RIGHT))
    service = services(readers)
    readers.insert(LEFT, deck.card("generaliste"))
    assert readers.begun.wait(PATIENCE)
    readers.insert(RIGHT, deck.card("pharmacien"))
    found = []
    waiter = threading.Thread(target=lambda: found.append(service.wait_for(*PROFESSIONAL, timeout=PATIENCE)))
    waiter.start()
    readers.release.set()
    waiter.join(PATIENCE)
    assert found[0].reader == LEFT


def test_of_two_vitale_none_is_chosen(service, readers, deck):
    readers.insert(LEFT, deck.card("jean"))
    readers.insert(RIGHT, deck.card("karim"))
    assert code_of(service.wait_for, CardKind.VITALE) == "CARD_TWO_VITALE"
    readers.remove(LEFT)
    slot = service.wait_for(CardKind.VITALE, timeout=PATIENCE)
    assert [each.given_name for each in service.read_vitale(slot.epoch)] == ["KARIM"]


@pytest.mark.parametrize("trouble", ["unsupported", "held", "mute"])
def test_a_second_vitale_counts_whatever_state_it_is_in(service, readers, deck, until, trouble):
    """The patient's may be the one that cannot be read, and the other one that of the patient before."""
    readers.insert(RIGHT, deck.card("karim"))
    service.wait_for(CardKind.VITALE, timeout=PATIENCE)
    card = deck.card("vitale-1" if trouble == "unsupported" else "jean")
    if trouble == "held":
        readers.hold(LEFT)
    if trouble == "mute":
        card.break_down(Fault.MUTE)
    readers.insert(LEFT, card)
    until(service, lambda slots: slots[0].failure != "")
    assert code_of(service.wait_for, CardKind.VITALE) == "CARD_TWO_VITALE"


def test_a_second_vitale_leaves_the_patient_of_the_first_on_screen(service, readers, deck, until):
    readers.insert(LEFT, deck.card("jean"))
    epoch = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
    readers.insert(RIGHT, deck.card("karim"))
    until(service, lambda slots: all(slot.epoch for slot in slots))
    assert service.is_current(epoch)
    assert [each.given_name for each in service.read_vitale(epoch)] == ["JEAN"]


def test_two_vitale_do_not_keep_a_professional_from_the_own_card(service, readers, deck, professional):
    readers.plug("Lecteur simulé 3")
    readers.insert(RIGHT, deck.card("jean"))
    readers.insert("Lecteur simulé 3", deck.card("karim"))
    assert professional()


# What a wait says when it ends without the card


def test_a_wait_that_ends_says_what_is_the_matter_with_the_card_that_is_there(service, readers, deck, until):
    readers.hold(LEFT)
    readers.insert(LEFT, deck.card("generaliste"))
    until(service, lambda slots: slots[0].failure != "")
    assert code_of(service.wait_for, *PROFESSIONAL, timeout=0.05) == "CARD_BUSY"


def test_a_wait_that_ends_with_a_card_put_in_the_wrong_way_round_says_so(service, readers, until):
    readers.insert(LEFT, MuteCard())
    until(service, lambda slots: slots[0].failure != "")
    assert code_of(service.wait_for, *PROFESSIONAL, timeout=0.05) == "CARD_MUTE"


def test_slots_say_the_product_and_whether_it_is_a_test_card(service, readers, deck, until):
    readers.insert(LEFT, deck.card("generaliste"))
    readers.insert(RIGHT, deck.card("pharmacien-reel"))
    slots = until(service, lambda slots: all(slot.epoch for slot in slots))
    assert [(slot.model, slot.is_test) for slot in slots] == [("CPS3", True), ("CPS3", False)]


def test_a_reader_unplugged_during_a_job_is_said_and_the_epoch_is_over(service, readers, deck, professional):
    epoch = professional()
    card = readers.card(LEFT).card
    original = card.apdu

    def unplug(command):
        readers.unplug(LEFT)
        return original(command)

    card.apdu = unplug
    assert code_of(service.read_professional, epoch) == "READER_GONE"
    assert code_of(service.read_professional, epoch) == "CARD_REMOVED"
    assert not service.is_current(epoch)


# A service that hangs


def test_a_service_that_hangs_is_down_for_everybody_and_found_again(services, deck, until):
    readers = HangingReaders((LEFT, RIGHT))
    service = services(readers, limit=0.6)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.SIGNATURE)
    readers.hang()
    try:
        assert code_of(signer.sign, "sha256", DIGEST) == "PCSC_DOWN"
        assert not service.is_current(epoch)
        assert code_of(service.wait_for, *PROFESSIONAL) == "PCSC_DOWN"
        until(service, lambda slots: not slots)
        assert len([each for each in threading.enumerate() if each.name == "cards-sight"]) <= 2
    finally:
        readers.release.set()
    until(service, lambda slots: bool(slots) and slots[0].epoch is not None)
    assert code_of(signer.sign, "sha256", DIGEST) == "CARD_REMOVED"


def test_a_service_that_hangs_in_the_middle_of_an_exchange_is_down_not_the_card_mute(services, deck):
    readers = HangingReaders((LEFT,))
    service = services(readers, limit=0.6)
    card = deck.card("generaliste")
    readers.insert(LEFT, card)
    epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    original = card.card.apdu

    def hang_in_the_card(command):
        readers.hang()
        readers.release.wait(PATIENCE)
        return original(command)

    card.card.apdu = hang_in_the_card
    try:
        assert code_of(service.read_professional, epoch) == "PCSC_DOWN"
    finally:
        card.card.apdu = original
        readers.release.set()


def test_the_program_can_be_left_while_the_service_hangs(deck):
    readers = HangingReaders((LEFT,))
    service = CardService(readers, limit=0.6)
    service.start()
    readers.insert(LEFT, deck.card("generaliste"))
    service.wait_for(*PROFESSIONAL, timeout=PATIENCE)
    readers.hang()
    closer = threading.Thread(target=service.close)
    closer.start()
    closer.join(PATIENCE)
    try:
        assert not closer.is_alive()
    finally:
        readers.release.set()


# Another program in the way


def test_a_busy_card_costs_no_pin_once_it_is_free(services, readers, deck):
    service = services(readers, limit=0.6)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.SIGNATURE)
    with readers.connect(LEFT).transaction():
        for _ in range(3):
            assert code_of(signer.sign, "sha256", DIGEST) == "CARD_BUSY"
    assert until_free(signer)


def test_a_log_out_during_a_busy_card_is_not_undone_when_it_is_free(services, readers, deck):
    service = services(readers, limit=0.6)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.SIGNATURE)
    with readers.connect(LEFT).transaction():
        assert code_of(signer.sign, "sha256", DIGEST) == "CARD_BUSY"
        service.log_out(epoch)
    said = "CARD_BUSY"
    while said == "CARD_BUSY":
        said = code_of(signer.sign, "sha256", DIGEST)
    assert said == "PIN_REQUIRED"


def test_a_card_that_leaves_while_it_is_busy_is_removed_and_no_right_outlives_it(services, readers, deck, until):
    service = services(readers, limit=0.6)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.SIGNATURE)
    with readers.connect(LEFT).transaction():
        assert code_of(signer.sign, "sha256", DIGEST) == "CARD_BUSY"
        readers.remove(LEFT)
    assert code_of(signer.sign, "sha256", DIGEST) == "CARD_REMOVED"
    readers.insert(LEFT, deck.card("generaliste"))
    second = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    assert code_of(service.signer(second, KeyUse.SIGNATURE).sign, "sha256", DIGEST) == "PIN_REQUIRED"


def test_a_link_that_cannot_be_closed_keeps_no_answer_back(services, deck):
    """Another program has the card when ours wants to reset it: what the card had said is said all the same."""
    readers = StickyReaders((LEFT,))
    service = services(readers, limit=0.6)
    readers.insert(LEFT, deck.card("generaliste"))
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    readers.sticky.clear()
    try:
        assert code_of(service.verify_pin, epoch, bytearray(b"9999")) == "PIN_WRONG"
        assert code_of(service.read_professional, epoch) == "CARD_BUSY"
    finally:
        readers.sticky.set()
    assert service.read_professional(epoch).tries_left == 2


def test_a_job_of_many_exchanges_may_last_longer_than_one_silence(services, readers, deck):
    """Every command of the card takes a third of the limit."""
    limit = 0.6
    service = services(readers, limit=limit)
    card, pause = deck.card("generaliste"), threading.Event()
    original = card.card.apdu

    def slow(command):
        pause.wait(limit / 3)
        return original(command)

    readers.insert(LEFT, card)
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    card.card.apdu = slow
    assert len(service.read_activities(epoch)) == 2


def until_free(signer) -> bytes:
    for _ in range(50):
        try:
            return signer.sign("sha256", DIGEST)
        except Failure as failure:
            assert failure.code == "CARD_BUSY"
    raise AssertionError("still busy")


class MuteCard:
    atr = MUTE_ATR

    def power(self, on): ...

    def reset(self): ...

    def apdu(self, command):
        raise AssertionError("nothing is asked of a card that gave no answer to reset")


class SlowReaders(InProcessReaders):
    """The first connection is made when it is released."""

    def __init__(self, names) -> None:
        super().__init__(names)
        self.begun, self.release = threading.Event(), threading.Event()

    def connect(self, reader):
        self.begun.set()
        self.release.wait(PATIENCE)
        return super().connect(reader)


class HangingReaders(InProcessReaders):
    """A service that can hang: no call comes back before it is released."""

    def __init__(self, names) -> None:
        super().__init__(names)
        self.release = threading.Event()
        self.release.set()

    def hang(self) -> None:
        self.release.clear()

    def readers(self):
        self.release.wait(PATIENCE)
        return super().readers()

    def wait(self, known, timeout):
        self.release.wait(PATIENCE)
        view = super().wait(known, timeout)
        self.release.wait(PATIENCE)
        return view

    def connect(self, reader):
        self.release.wait(PATIENCE)
        return super().connect(reader)

    def close(self):
        self.release.wait(PATIENCE)
        super().close()


class StickyReaders(InProcessReaders):
    """Links that cannot be closed while they stick."""

    def __init__(self, names) -> None:
        super().__init__(names)
        self.sticky = threading.Event()
        self.sticky.set()

    def connect(self, reader):
        link, sticky = super().connect(reader), self.sticky
        close = link.close

        def close_late():
            sticky.wait(PATIENCE)
            close()

        link.close = close_late
        return link
