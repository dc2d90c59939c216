"""The service over readers in the process: sessions, slots, epochs."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import subprocess
import threading

import pytest
from cards_stage import HASHES, LEFT, PATIENCE, RIGHT, code_of, verify

from card_sim.faults import Fault
from cps_bridge.cards.signer import KeyUse
from dossier.context import CardEpoch
from dossier.failure import Cancelled, Failure
from dossier.professional import CardKind


def test_a_professional_opens_a_session_and_signs(service, professional):
    epoch = professional()
    card = service.read_professional(epoch)
    assert (card.professional.family_name, card.serial, card.tries_left) == ("MARTIN", "99000002", 3)
    assert card.authentication.authenticates and card.signature and card.signature.signs_documents
    pin = bytearray(b"1234")
    service.verify_pin(epoch, pin)
    assert not any(pin)
    assert [each.sector for each in service.read_activities(epoch)] == ["SA08", "SA05"]
    for use, names in ((KeyUse.AUTHENTICATION, HASHES), (KeyUse.SIGNATURE, ("sha1", "sha256"))):
        signer = service.signer(epoch, use)
        for name in names:
            digest = hashlib.new(name, b"lot").digest()
            verify(signer.certificate, signer.sign(name, digest), name, digest)


def test_openssl_accepts_the_signature(service, professional, tmp_path):
    epoch = professional()
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.SIGNATURE)
    (tmp_path / "data").write_bytes(b"lot")
    (tmp_path / "signature").write_bytes(signer.sign("sha256", hashlib.sha256(b"lot").digest()))
    (tmp_path / "certificate").write_bytes(signer.certificate)
    key = ["openssl", "x509", "-inform", "der", "-in", tmp_path / "certificate", "-noout", "-pubkey"]
    (tmp_path / "key").write_bytes(subprocess.run(key, check=True, capture_output=True).stdout)
    check = ["openssl", "dgst", "-sha256", "-verify", tmp_path / "key", "-signature", tmp_path / "signature"]
    assert b"Verified OK" in subprocess.run([*check, tmp_path / "data"], check=True, capture_output=True).stdout


def test_the_employee_card_has_its_own_kind(service, readers, deck):
    readers.insert(LEFT, deck.card("secretaire"))
    slot = service.wait_for(CardKind.CPE, timeout=PATIENCE)
    assert slot.kind is CardKind.CPE
    assert service.read_professional(slot.epoch).professional.card_kind is CardKind.CPE


def test_wrong_codes_count_down_to_blocked(service, professional):
    epoch = professional()
    for left in (2, 1):
        with pytest.raises(Failure) as caught:
            service.verify_pin(epoch, bytearray(b"9999"))
        assert (caught.value.code, caught.value.facts) == ("PIN_WRONG", {"tries_left": left})
        assert service.read_professional(epoch).tries_left == left
    assert code_of(service.verify_pin, epoch, bytearray(b"9999"), last_try_confirmed=True) == "PIN_BLOCKED"
    assert code_of(service.verify_pin, epoch, bytearray(b"1234"), last_try_confirmed=True) == "PIN_BLOCKED"
    assert service.read_professional(epoch).tries_left == 0


def test_a_blocked_card_stays_blocked_in_the_next_epoch(service, readers, professional):
    epoch = professional()
    for _ in range(3):
        code_of(service.verify_pin, epoch, bytearray(b"9999"), last_try_confirmed=True)
    readers.remove(LEFT)
    assert service.read_professional(professional()).tries_left == 0


def test_the_right_code_restores_the_counter(service, professional):
    epoch = professional()
    code_of(service.verify_pin, epoch, bytearray(b"9999"))
    service.verify_pin(epoch, bytearray(b"1234"))
    assert service.read_professional(epoch).tries_left == 3


def test_a_wrong_code_ends_the_rights_of_an_earlier_right_one(service, professional):
    epoch = professional()
    service.verify_pin(epoch, bytearray(b"1234"))
    code_of(service.verify_pin, epoch, bytearray(b"9999"))
    assert code_of(service.signer(epoch, KeyUse.SIGNATURE).sign, "sha256", bytes(32)) == "PIN_REQUIRED"


def test_the_code_is_wiped_whatever_happens(service, readers, professional):
    epoch = professional()
    for value in (b"9999", b"12", b"1234"):
        pin = bytearray(value)
        with contextlib.suppress(Failure):
            service.verify_pin(epoch, pin)
        assert not any(pin)
    readers.remove(LEFT)
    pin = bytearray(b"1234")
    code_of(service.verify_pin, epoch, pin)
    assert not any(pin)


def test_the_code_is_in_no_log_and_no_exception(service, professional, caplog):
    caplog.set_level(logging.DEBUG)
    epoch = professional("infirmiere")
    with pytest.raises(Failure) as caught:
        service.verify_pin(epoch, bytearray(b"7319"))
    service.verify_pin(epoch, bytearray(b"2580"))
    service.read_activities(epoch)
    said = caplog.text + repr(caught.value) + repr(caught.value.facts) + repr(caught.value.__cause__)
    for secret in ("7319", "2580", b"7319".hex(), b"2580".hex(), "PETIT"):
        assert secret not in said


def test_nothing_is_signed_or_read_before_the_code(service, professional):
    epoch = professional()
    assert code_of(service.read_activities, epoch) == "PIN_REQUIRED"
    for use in KeyUse:
        assert code_of(service.signer(epoch, use).sign, "sha256", bytes(32)) == "PIN_REQUIRED"


def test_after_log_out_the_code_is_needed_again(service, professional):
    epoch = professional()
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.AUTHENTICATION)
    signer.sign("sha256", bytes(32))
    service.log_out(epoch)
    assert code_of(signer.sign, "sha256", bytes(32)) == "PIN_REQUIRED"
    service.verify_pin(epoch, bytearray(b"1234"))
    signer.sign("sha256", bytes(32))


def test_log_out_of_a_card_that_is_gone_is_harmless(service, readers, professional):
    epoch = professional()
    readers.remove(LEFT)
    service.log_out(epoch)


def test_another_program_that_resets_the_card_costs_the_code_not_the_epoch(service, readers, professional):
    epoch = professional()
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.SIGNATURE)
    readers.reset_by_another(LEFT)
    assert code_of(signer.sign, "sha256", bytes(32)) == "PIN_REQUIRED"
    assert service.is_current(epoch)
    assert service.read_professional(epoch).tries_left == 3
    service.verify_pin(epoch, bytearray(b"1234"))
    digest = hashlib.sha256(b"lot").digest()
    verify(signer.certificate, signer.sign("sha256", digest), "sha256", digest)


def test_another_program_that_spends_the_rights_is_noticed(service, readers, professional):
    epoch = professional()
    service.verify_pin(epoch, bytearray(b"1234"))
    readers.card(LEFT).card.reset()  # the rights are gone, the link is not
    assert code_of(service.read_activities, epoch) == "PIN_REQUIRED"
    service.verify_pin(epoch, bytearray(b"1234"))
    assert service.read_activities(epoch)


def test_a_card_held_by_another_program_is_busy_and_read_when_it_is_free(service, readers, deck, until):
    readers.hold(LEFT)
    readers.insert(LEFT, deck.card("jean"))
    slots = until(service, lambda slots: slots[0].failure != "")
    assert (slots[0].failure, slots[0].kind, slots[0].epoch) == ("CARD_BUSY", CardKind.VITALE, None)
    readers.hold(LEFT, False)
    assert service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch


def test_an_operation_on_a_held_card_is_refused_and_the_epoch_goes_on(service, readers, professional):
    epoch = professional()
    readers.hold(LEFT)
    assert code_of(service.read_professional, epoch) == "CARD_BUSY"
    readers.hold(LEFT, False)
    assert service.read_professional(epoch)


def test_a_vitale_gives_its_persons(service, readers, deck):
    readers.insert(RIGHT, deck.card("famille-marchand"))
    slot = service.wait_for(CardKind.VITALE, timeout=PATIENCE)
    assert slot.reader == RIGHT
    assert [each.given_name for each in service.read_vitale(slot.epoch)] == ["SOPHIE", "LEO"]


def test_a_card_of_the_other_family_is_said(service, readers, deck, professional):
    readers.insert(RIGHT, deck.card("jean"))
    vitale = service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch
    epoch = professional()
    assert code_of(service.read_vitale, epoch) == "CARD_WRONG_KIND"
    assert code_of(service.read_professional, vitale) == "CARD_WRONG_KIND"
    assert code_of(service.verify_pin, vitale, bytearray(b"1234")) == "CARD_WRONG_KIND"
    assert code_of(service.signer, vitale, KeyUse.SIGNATURE) == "CARD_KEY_MISSING"


def test_test_cards_are_refused_in_production(services, readers, deck, until):
    production = services(readers, test_allowed=False)
    readers.insert(LEFT, deck.card("pharmacien"))
    slots = until(production, lambda slots: slots[0].failure != "")
    assert (slots[0].failure, slots[0].epoch) == ("TEST_CARD_REFUSED", None)
    assert code_of(production.wait_for, CardKind.CPS) == "TEST_CARD_REFUSED"
    readers.insert(LEFT, deck.card("pharmacien-reel"))
    assert production.wait_for(CardKind.CPS, timeout=PATIENCE).epoch


class ForeignCard:
    def __init__(self, atr: str) -> None:
        self.atr = bytes.fromhex(atr)

    def power(self, on): ...

    def reset(self): ...

    def apdu(self, command):
        return b"\x6d\x00"


@pytest.mark.parametrize(
    ("atr", "kind", "failure"),
    [
        ("3B6500002063CB6A00", CardKind.UNKNOWN, "CARD_UNKNOWN"),
        ("3B8F80010031B86404B0ECC1739401808290000E", CardKind.CPS, "CARD_CONTACTLESS"),
        ("3F6525002209F99000", CardKind.VITALE, "CARD_VITALE_1"),
        ("00", CardKind.UNKNOWN, "CARD_MUTE"),
        ("3BAC00402A001225006480000310009000", CardKind.CPS, "CARD_CPS2TER"),
    ],
)
def test_a_card_that_cannot_be_read_says_why(service, readers, until, atr, kind, failure):
    readers.insert(LEFT, ForeignCard(atr))
    slots = until(service, lambda slots: slots[0].failure != "")
    assert (slots[0].kind, slots[0].epoch, slots[0].failure) == (kind, None, failure)


def test_removal_ends_the_epoch_for_every_method(service, readers, professional):
    epoch = professional()
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.SIGNATURE)
    readers.remove(LEFT)
    assert not service.is_current(epoch)
    for call, arguments in (
        (service.read_professional, (epoch,)),
        (service.read_activities, (epoch,)),
        (service.verify_pin, (epoch, bytearray(b"1234"))),
        (service.signer, (epoch, KeyUse.SIGNATURE)),
        (service.read_vitale, (epoch,)),
        (signer.sign, ("sha256", bytes(32))),
    ):
        assert code_of(call, *arguments) == "CARD_REMOVED"


def test_the_same_card_inserted_again_makes_another_epoch(service, readers, professional, until):
    first = professional()
    service.verify_pin(first, bytearray(b"1234"))
    readers.remove(LEFT)
    until(service, lambda slots: slots[0].kind is None)
    second = professional()
    assert second.card_hash == first.card_hash and second.insertion > first.insertion
    assert not service.is_current(first) and service.is_current(second)
    assert code_of(service.signer(second, KeyUse.SIGNATURE).sign, "sha256", bytes(32)) == "PIN_REQUIRED"


def test_an_epoch_that_never_was_is_not_current(service, professional):
    epoch = professional()
    assert not service.is_current(CardEpoch(epoch.reader, epoch.insertion + 1, epoch.card_hash))
    assert not service.is_current(CardEpoch("nulle part", 1, epoch.card_hash))


def test_listeners_hear_of_each_change_on_the_watch_thread(service, readers, deck, until):
    heard, names = [], set()

    def listen(slots):
        heard.append(slots)
        names.add(threading.current_thread().name)

    unsubscribe = service.subscribe(listen)
    readers.insert(LEFT, deck.card("jean"))
    until(service, lambda slots: slots[0].epoch is not None)
    readers.remove(LEFT)
    until(service, lambda slots: slots[0].kind is None)
    unsubscribe()
    unsubscribe()
    assert names == {"cards-watch"}
    assert any(slots[0].epoch for slots in heard) and heard[-1][0].kind is None


def test_a_listener_that_fails_does_not_stop_the_watch(service, readers, deck):
    service.subscribe(lambda slots: 1 // 0)
    readers.insert(LEFT, deck.card("jean"))
    assert service.wait_for(CardKind.VITALE, timeout=PATIENCE)


def test_waiting_ends_when_it_is_cancelled(service):
    cancelled = threading.Event()
    threading.Timer(0.05, cancelled.set).start()
    with pytest.raises(Cancelled):
        service.wait_for(CardKind.CPS, cancelled=cancelled)


def test_waiting_before_readers_full_of_other_cards_ends_with_their_being_the_wrong_kind(service, readers, deck, until):
    readers.insert(LEFT, deck.card("jean"))
    until(service, lambda slots: slots[0].epoch is not None)
    assert code_of(lambda: service.wait_for(CardKind.CPS, timeout=0.05)) == "CARD_NOT_INSERTED"
    readers.unplug(RIGHT)
    assert code_of(lambda: service.wait_for(CardKind.CPS, timeout=0.05)) == "CARD_WRONG_KIND"


def test_waiting_ends_when_the_time_is_over(service):
    assert code_of(lambda: service.wait_for(CardKind.CPS, timeout=0.05)) == "CARD_NOT_INSERTED"


def test_waiting_ends_when_the_service_is_closed(service):
    threading.Timer(0.05, service.close).start()
    with pytest.raises(Cancelled):
        service.wait_for(CardKind.CPS)


def test_waiting_ignores_a_card_of_another_family(service, readers, deck, professional):
    readers.insert(RIGHT, deck.card("jean"))
    service.wait_for(CardKind.VITALE, timeout=PATIENCE)
    assert professional().reader == LEFT


def test_without_reader_nothing_is_waited_for(service, readers, until):
    readers.unplug(LEFT)
    readers.unplug(RIGHT)
    until(service, lambda slots: not slots)
    assert code_of(service.wait_for, CardKind.CPS) == "READER_MISSING"


def test_a_reader_plugged_later_is_watched(service, readers, deck, until):
    readers.plug("Lecteur simulé 3")
    until(service, lambda slots: len(slots) == 3)
    readers.insert("Lecteur simulé 3", deck.card("jean"))
    assert service.wait_for(CardKind.VITALE, timeout=PATIENCE).reader == "Lecteur simulé 3"


def test_unplugging_the_reader_ends_the_epoch(service, readers, professional):
    epoch = professional()
    readers.unplug(LEFT)
    assert not service.is_current(epoch)
    assert code_of(service.read_professional, epoch) == "CARD_REMOVED"


def test_a_service_that_stops_ends_every_epoch_and_the_next_one_is_found(service, readers, professional, until):
    epoch = professional()
    readers.stop_service()
    until(service, lambda slots: not slots)
    assert code_of(service.wait_for, CardKind.CPS) == "PCSC_DOWN"
    readers.stop_service(False)
    until(service, lambda slots: bool(slots) and slots[0].epoch is not None)
    assert not service.is_current(epoch)
    assert service.wait_for(CardKind.CPS).epoch.insertion > epoch.insertion


def test_a_mute_card_ends_its_epoch_and_says_so(service, readers, professional, until):
    epoch = professional()
    readers.card(LEFT).break_down(Fault.MUTE)
    assert code_of(service.read_professional, epoch) == "CARD_MUTE"
    assert code_of(service.read_professional, epoch) == "CARD_MUTE"
    assert not service.is_current(epoch)
    slots = until(service, lambda slots: slots[0].failure == "CARD_MUTE")
    assert (slots[0].kind, slots[0].epoch) == (CardKind.CPS, None)


def test_a_card_that_answers_nonsense_costs_one_operation_only(service, readers, professional):
    epoch = professional()
    readers.card(LEFT).break_down(Fault.WRONG_SW)
    assert code_of(service.read_professional, epoch) == "CARD_REFUSED"
    assert service.read_professional(epoch).tries_left == 3


def test_no_card_operation_starts_on_the_card_thread(service, professional):
    epoch = professional()
    found = service._jobs._thread.submit(lambda: code_of(service.read_professional, epoch)).result(10)
    assert found == "WRONG_THREAD"
