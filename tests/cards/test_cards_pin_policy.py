"""No code at the last try unasked, none after a broken exchange, none twice: every state, every way, enumerated."""

from __future__ import annotations

import contextlib
import itertools
import threading

import pytest
from cards_stage import LEFT, PATIENCE, PROFESSIONAL, code_of
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from card_sim.deck import Deck
from card_sim.faults import Fault
from card_sim.reader import InProcessReaders
from cps_bridge.cards.access import PinState
from cps_bridge.cards.pin import demand_pin_try, demand_puk_try
from cps_bridge.cards.service import CardService
from cps_bridge.cards.signer import KeyUse
from dossier.failure import Cancelled, Failure

RIGHT, WRONG, NEW, PUK, WRONG_PUK = b"1234", b"9999", b"4321", b"87654321", b"12345678"
CODE_COMMANDS = (0x20, 0x24, 0x2C)


class Desk:
    """A service with one card, and an eye on the codes that reach it."""

    def __init__(self, deck: Deck, name: str = "generaliste", typed: bytes | None = None, **options) -> None:
        self.presented: list[int] = []
        self.readers = InProcessReaders((LEFT,), pin_pad=(lambda: typed) if typed is not None else None)
        self.card = deck.card(name)
        original = self.card.card.apdu

        def watch(command):
            if len(command) > 5 and command[1] in CODE_COMMANDS:
                self.presented.append(command[1])
            return original(command)

        self.card.card.apdu = watch
        self.readers.insert(LEFT, self.card)
        self.service = CardService(self.readers, **options)
        self.service.start()
        self.epoch = self.service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch

    def again(self):
        """Put the card in once more."""
        self.readers.insert(LEFT, self.card)
        self.epoch = self.service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch

    @property
    def pin_left(self) -> int:
        return self.card.card.codes.pin.left

    @property
    def puk_left(self) -> int:
        return self.card.card.codes.puk.left


@pytest.fixture
def desk(deck):
    with contextlib.ExitStack() as open_desks:

        def make(*arguments, **options) -> Desk:
            made = Desk(deck, *arguments, **options)
            open_desks.callback(made.service.close)
            return made

        yield make


def outcome(call, *arguments, **options) -> str:
    try:
        call(*arguments, **options)
    except Failure as failure:
        return failure.code
    except Cancelled:
        return "cancelled"
    return "done"


def expected_of_pin(left: int, right: bool, confirmed: bool) -> str:
    if left == 0:
        return "PIN_BLOCKED"
    if left == 1 and not confirmed:
        return "PIN_LAST_TRY"
    if right:
        return "done"
    return "PIN_WRONG" if left > 1 else "PIN_BLOCKED"


PIN_CASES = list(itertools.product(range(4), (True, False), (True, False)))


@pytest.mark.parametrize(("left", "right", "confirmed"), PIN_CASES)
def test_a_pin_is_presented_once_and_never_unasked_at_the_last_try(desk, left, right, confirmed):
    at = desk()
    at.card.card.set_tries(pin=left)
    pin = bytearray(RIGHT if right else WRONG)
    wanted = expected_of_pin(left, right, confirmed)
    assert outcome(at.service.verify_pin, at.epoch, pin, last_try_confirmed=confirmed) == wanted
    reached = left > 1 or (left == 1 and confirmed)
    assert len(at.presented) == int(reached)
    assert at.pin_left == (left if not reached else 3 if right else left - 1)
    assert not any(pin)
    signed = outcome(at.service.signer(at.epoch, KeyUse.SIGNATURE).sign, "sha256", bytes(32))
    assert signed == ("done" if wanted == "done" else "PIN_REQUIRED")


@pytest.mark.parametrize(("left", "right", "confirmed"), PIN_CASES)
def test_a_pin_on_the_reader_follows_the_same_rule(desk, left, right, confirmed):
    at = desk(typed=RIGHT if right else WRONG)
    at.card.card.set_tries(pin=left)
    assert at.service.read_professional(at.epoch).has_pin_pad
    wanted = expected_of_pin(left, right, confirmed)
    assert outcome(at.service.verify_pin_on_pad, at.epoch, last_try_confirmed=confirmed) == wanted
    assert len(at.presented) == int(left > 1 or (left == 1 and confirmed))


@pytest.mark.parametrize(("left", "right", "confirmed"), PIN_CASES)
def test_a_change_of_pin_follows_the_same_rule(desk, left, right, confirmed):
    at = desk()
    at.card.card.set_tries(pin=left)
    old, new = bytearray(RIGHT if right else WRONG), bytearray(NEW)
    wanted = expected_of_pin(left, right, confirmed)
    assert outcome(at.service.change_pin, at.epoch, old, new, last_try_confirmed=confirmed) == wanted
    assert len(at.presented) == int(left > 1 or (left == 1 and confirmed))
    assert not any(old) and not any(new)
    if wanted == "done":
        at.service.verify_pin(at.epoch, bytearray(NEW))


@pytest.mark.parametrize(
    ("left", "right", "confirmed"), list(itertools.product(range(6), (True, False), (True, False)))
)
def test_an_unblocking_code_follows_the_same_rule_on_its_own_counter(desk, left, right, confirmed):
    at = desk()
    at.card.card.set_tries(pin=0, puk=left)
    code, new = bytearray(PUK if right else WRONG_PUK), bytearray(NEW)
    found = outcome(at.service.unblock_pin, at.epoch, code, new, last_try_confirmed=confirmed)
    reached = left > 1 or (left == 1 and confirmed)
    if not reached:
        assert found == ("PUK_BLOCKED" if left == 0 else "PUK_LAST_TRY")
        assert not at.presented and at.puk_left == left
    elif right:
        assert found == "done"
        at.service.verify_pin(at.epoch, bytearray(NEW))
    else:
        assert found == ("PUK_WRONG" if left > 1 else "PUK_BLOCKED")
        assert len(at.presented) == 1 and at.puk_left == left - 1
    assert not any(code) and not any(new)


def test_a_card_that_does_not_tell_its_counter_gets_no_code_unasked():
    for confirmed in (True, False):
        for state, demand in (
            (PinState(None), demand_pin_try),
            (PinState(3, unblocking_tries_left=None), demand_puk_try),
        ):
            if confirmed:
                demand(state, last_try_confirmed=True)
            else:
                code = code_of(demand, state, last_try_confirmed=False)
                assert code == ("PIN_LAST_TRY" if demand is demand_pin_try else "PUK_LAST_TRY")


def test_the_counter_is_asked_of_the_card_and_never_remembered(desk):
    at = desk()
    assert at.service.read_professional(at.epoch).tries_left == 3
    at.card.card.set_tries(pin=1)  # another program has tried meanwhile
    assert code_of(at.service.verify_pin, at.epoch, bytearray(RIGHT)) == "PIN_LAST_TRY"
    assert not at.presented


def test_the_counter_is_asked_in_the_transaction_of_the_code(desk):
    """Another program that wants the card between both has to wait."""
    at = desk()
    order, free = [], threading.Event()
    watched = at.card.card.apdu

    def another_program():
        with at.readers.connect(LEFT).transaction():
            order.append("another program")
        free.set()

    def spy(command):
        if command[1] == 0x20 and command[3] == 1:
            order.append("code" if len(command) > 5 else "counter")
            if order == ["counter"]:
                threading.Thread(target=another_program).start()
        return watched(command)

    at.card.card.apdu = spy
    at.service.verify_pin(at.epoch, bytearray(RIGHT))
    assert free.wait(PATIENCE)
    assert order == ["counter", "code", "another program"]


@pytest.mark.parametrize("fault", [Fault.DIE_AT, Fault.WRONG_SW, Fault.MUTE])
def test_after_a_broken_exchange_no_code_is_presented_in_the_same_call(desk, fault):
    at = desk()
    for number in itertools.count(1):
        at.again()
        at.presented.clear()
        at.card.break_down(fault, number)
        found = outcome(at.service.verify_pin, at.epoch, bytearray(RIGHT))
        at.card.repair()
        assert len(at.presented) <= 1
        assert at.pin_left == 3  # whatever happened, no try was spent
        if at.presented:
            break
        assert found != "done", number
    assert number > 3  # the code itself was reached in the end, after the questions


def test_another_program_that_resets_the_card_before_the_code_prevents_it(desk):
    at = desk()
    watched = at.card.card.apdu

    def reset_at_the_counter(command):
        if command[1] == 0x20 and len(command) <= 5:
            at.readers.reset_by_another(LEFT)
        return watched(command)

    at.card.card.apdu = reset_at_the_counter
    assert code_of(at.service.verify_pin, at.epoch, bytearray(RIGHT)) == "CARD_RESET"
    assert not at.presented


def test_the_rights_of_a_pin_end_when_it_is_changed_or_unblocked(desk):
    at = desk()
    for present, spend in (
        (RIGHT, lambda: at.service.change_pin(at.epoch, bytearray(RIGHT), bytearray(NEW))),
        (NEW, lambda: at.service.unblock_pin(at.epoch, bytearray(PUK), bytearray(RIGHT))),
    ):
        at.service.verify_pin(at.epoch, bytearray(present))
        spend()
        assert code_of(at.service.read_activities, at.epoch) == "PIN_REQUIRED"


def test_a_reader_without_keys_is_said_before_anything_is_asked(desk):
    at = desk()
    assert not at.service.read_professional(at.epoch).has_pin_pad
    assert code_of(at.service.verify_pin_on_pad, at.epoch) == "PIN_PAD_MISSING"


def test_a_refusal_on_the_reader_is_a_decision_of_the_person(desk):
    at = desk(typed=b"")
    assert outcome(at.service.verify_pin_on_pad, at.epoch) == "cancelled"
    assert not at.presented and at.pin_left == 3


def test_a_person_who_types_slowly_on_the_reader_is_waited_for(desk):
    """The pad has its own time: longer than a card may be silent."""
    at = desk(limit=0.6)
    waited = threading.Event()

    def slowly():
        waited.wait(1.2)
        return RIGHT

    at.readers.pin_pad = slowly
    at.service.verify_pin_on_pad(at.epoch)
    assert at.service.read_activities(at.epoch)


def test_what_the_authentication_key_encrypts_the_card_decrypts_after_the_pin(desk):
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import padding

    at = desk()
    certificate = at.service.read_professional(at.epoch).authentication
    public = x509.load_der_x509_certificate(certificate.der).public_key()
    cryptogram = public.encrypt(b"lot", padding.PKCS1v15())
    assert code_of(at.service.decrypt, at.epoch, cryptogram) == "PIN_REQUIRED"
    at.service.verify_pin(at.epoch, bytearray(RIGHT))
    assert at.service.decrypt(at.epoch, cryptogram) == b"lot"


class PinAutomaton(RuleBasedStateMachine):
    """Any sequence of what people and cards do: a VERIFY at the last try is always one that somebody confirmed."""

    desk_of: Desk

    def __init__(self) -> None:
        super().__init__()
        self.at = type(self).desk_of
        self.at.card.card.set_tries(pin=3, puk=5)
        self.at.again()
        self.left = 3

    def attempt(self, call, confirmed: bool) -> None:
        self.at.presented.clear()
        before = self.at.pin_left
        outcome(call, last_try_confirmed=confirmed)
        assert len(self.at.presented) <= 1
        assert not (before == 1 and not confirmed and self.at.presented)
        assert not (before == 0 and self.at.presented)

    @rule(right=st.booleans(), confirmed=st.booleans())
    def verify(self, right, confirmed):
        pin = bytearray(RIGHT if right else WRONG)
        self.attempt(lambda **options: self.at.service.verify_pin(self.at.epoch, pin, **options), confirmed)

    @rule(confirmed=st.booleans())
    def change(self, confirmed):
        old, new = bytearray(WRONG), bytearray(NEW)
        self.attempt(lambda **options: self.at.service.change_pin(self.at.epoch, old, new, **options), confirmed)

    @rule()
    def log_out(self):
        self.at.service.log_out(self.at.epoch)

    @rule()
    def reset(self):
        self.at.readers.reset_by_another(LEFT)

    @rule()
    def reinsert(self):
        self.at.again()

    @precondition(lambda self: self.at.pin_left == 0)
    @rule()
    def unblock(self):
        self.at.card.card.set_tries(puk=5)
        self.at.service.unblock_pin(self.at.epoch, bytearray(PUK), bytearray(RIGHT))
        assert self.at.pin_left == 3


def test_no_sequence_of_events_presents_a_pin_at_the_last_try_unasked(desk):
    PinAutomaton.desk_of = desk()
    PinAutomaton.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
    case = PinAutomaton.TestCase()
    case.runTest()
