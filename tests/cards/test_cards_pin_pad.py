"""The reader's own keys: the structures of PC/SC part 10 octet by octet, and a pad that takes them at their word."""

from __future__ import annotations

import pytest
from cards_stage import LEFT, code_of

from card_sim.deck import card_named
from card_sim.reader import InProcessReaders
from cps_bridge.cards import pin_pad
from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.codes import CodeFormat
from cps_bridge.cards.professional import open_professional
from cps_bridge.cards.recognise import recognise
from dossier.failure import Cancelled

H = bytes.fromhex
FOUR, VARYING = CodeFormat(0x01, 4, 4), CodeFormat(0x11, 4, 8)
PADDED = CodeFormat(0x01, 4, 8, padded_to=8)


@pytest.mark.parametrize(
    ("form", "cla", "expected"),
    [
        # timers, format, block, length | digits max min, by key, 1 message, French, index, prologue | size | command
        (FOUR, 0, "1E1E 82 04 00 | 0404 02 01 0C04 00 000000 | 09000000 | 0020000104 FFFFFFFF"),
        (VARYING, 1, "1E1E 82 00 00 | 0804 02 01 0C04 00 000000 | 05000000 | 0120001100"),
        (PADDED, 0, "1E1E 82 08 00 | 0804 02 01 0C04 00 000000 | 0D000000 | 0020000108 FFFFFFFFFFFFFFFF"),
    ],
)
def test_a_verification_is_laid_out_as_the_standard_says(form, cla, expected):
    assert pin_pad.verify_structure(form, cla) == H(expected.replace("|", ""))


@pytest.mark.parametrize(
    ("form", "old_too", "expected"),
    [
        # the same, with the offsets of both codes, and what is asked: the old code, the new one twice
        (FOUR, True, "1E1E 82 04 00 00 04 | 0404 03 02 03 0C04 000102 000000 | 0D000000 | 0024000108 FFFFFFFFFFFFFFFF"),
        (VARYING, False, "1E1E 82 00 00 00 00 | 0804 01 02 02 0C04 000102 000000 | 05000000 | 0024011100"),
    ],
)
def test_a_change_is_laid_out_as_the_standard_says(form, old_too, expected):
    assert pin_pad.modify_structure(form, old_too=old_too) == H(expected.replace("|", ""))


class Scene:
    """A professional card in a reader with keys; typed: what the person types, code after code."""

    def __init__(self, name: str, authority) -> None:
        self.typed: list[bytes | None] = []
        self.readers = InProcessReaders((LEFT,), pin_pad=lambda: self.typed.pop(0))
        self.card = card_named(name, authority)
        self.readers.insert(LEFT, self.card)
        self.channel = Channel(self.readers.connect(LEFT))
        self.access = open_professional(self.channel, recognise(self.card.atr))

    def verify(self, *typed: bytes | None):
        self.typed[:] = typed
        self.access.verify_pin_on_pad()


@pytest.fixture(params=["generaliste", "medecin-cps4"])
def scene(request, authority):
    return Scene(request.param, authority)


def test_the_right_code_typed_on_the_reader_opens_the_card(scene):
    assert scene.access.has_pin_pad
    scene.verify(b"1234")
    assert scene.access.read_activities()


def test_a_longer_code_is_typed_on_the_reader_too(authority):
    scene = Scene("interne", authority)
    scene.verify(b"73519264")
    assert scene.access.read_activities()


@pytest.mark.parametrize(
    ("typed", "code"),
    [(None, "PIN_PAD_TIMEOUT"), (b"12", "PIN_PAD_MISTYPED"), (b"123456789", "PIN_PAD_MISTYPED")],
)
def test_a_code_that_did_not_come_is_not_presented(scene, typed, code):
    assert code_of(scene.verify, typed) == code
    assert scene.access.read_pin_state().tries_left == 3


def test_the_red_key_is_a_decision_of_the_person(scene):
    with pytest.raises(Cancelled):
        scene.verify(b"")
    assert scene.access.read_pin_state().tries_left == 3


def test_wrong_codes_are_counted_as_any_other(scene):
    assert [code_of(scene.verify, b"9999") for _ in range(4)] == [*["PIN_WRONG"] * 2, *["PIN_BLOCKED"] * 2]


def test_a_code_is_changed_on_the_reader(scene):
    pin = scene.access.codes.pin
    assert pin_pad.can_modify(scene.channel, pin)
    scene.typed[:] = [b"1234", b"4321", b"4321"] if pin.reference == 1 else [b"1234"]
    if pin.reference == 1:
        scene.access.read_pin_state()
        assert pin_pad.modify(scene.channel, pin, old_too=True) == 0x9000
    else:
        scene.access.verify_pin_on_pad()
        scene.typed[:] = [b"4321", b"4321"]
        assert pin_pad.modify(scene.channel, pin, old_too=False) == 0x9000
    scene.verify(b"4321")


def test_two_new_codes_that_differ_change_nothing(authority):
    scene = Scene("generaliste", authority)
    scene.typed[:] = [b"1234", b"4321", b"4312"]
    assert code_of(pin_pad.modify, scene.channel, scene.access.codes.pin, old_too=True) == "PIN_PAD_MISTYPED"
    scene.verify(b"1234")


def test_a_code_of_varying_length_has_no_place_for_two_in_one_command(scene):
    assert not pin_pad.can_modify(scene.channel, VARYING)


@pytest.mark.parametrize("answer", [b"", b"\x90"])
def test_a_reader_that_answers_nothing_is_said_so(scene, answer):
    scene.channel.control = lambda *_: answer
    assert code_of(scene.verify) == "CARD_UNREADABLE"
