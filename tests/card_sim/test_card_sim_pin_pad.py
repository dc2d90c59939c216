"""Readers with keys of their own: PC/SC part 10, structure by structure."""

import struct

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from card_sim.faults import Fault
from card_sim.pin_pad import CONTROL_CODES, MODIFY_PIN_DIRECT, VERIFY_PIN_DIRECT
from card_sim.reader import InProcessReaders

LEFT = "Lecteur simulé 1"
VERIFY, MODIFY = CONTROL_CODES[VERIFY_PIN_DIRECT], CONTROL_CODES[MODIFY_PIN_DIRECT]
STATUS = bytes.fromhex("00200001")
TEMPLATE = bytes.fromhex("0020000104FFFFFFFF")
CHANGE = bytes.fromhex("0024000108FFFFFFFFFFFFFFFF")


def verify(template=TEMPLATE, form=0x82, block=4, sizes=0x0404, conditions=2, **other) -> bytes:
    given = {"timers": b"\x1e\x1e", "length": 0, "messages": 0xFF, "language": 0x040C, "index": 0, "prologue": bytes(3)}
    given |= other
    size = given.get("size", len(template))
    return (
        given["timers"]
        + struct.pack("<BBBHBBHB", form, block, given["length"], sizes, conditions, given["messages"],
                      given["language"], given["index"])
        + given["prologue"] + struct.pack("<I", size) + template
    )  # fmt: skip


def modify(
    template=CHANGE, old=0, new=4, confirm=3, sizes=0x0404, block=4, messages=3, indexes=b"\x00\x01\x02"
) -> bytes:
    head = struct.pack("<BBBBBBBHBBBH", 30, 30, 0x82, block, 0, old, new, sizes, confirm, 2, messages, 0x040C)
    return head + indexes + bytes(3) + struct.pack("<I", len(template)) + template


class Person:
    """Types, one after the other, what was prepared."""

    def __init__(self) -> None:
        self.codes, self.asked = [], 0

    def __call__(self):
        self.asked += 1
        return self.codes.pop(0)


@pytest.fixture
def person():
    return Person()


@pytest.fixture
def cps(card):
    return card("generaliste")


@pytest.fixture
def readers(person, cps):
    one = InProcessReaders(pin_pad=person)
    one.insert(LEFT, cps)
    return one


@pytest.fixture
def link(readers):
    return readers.connect(LEFT)


def test_a_reader_with_keys_says_its_two_features_and_another_says_none(link, card):
    assert link.features() == {0x06: VERIFY, 0x07: MODIFY}
    plain = InProcessReaders()
    plain.insert(LEFT, card("jean"))
    assert plain.connect(LEFT).features() == {}
    with pytest.raises(OSError, match="no keys"):
        plain.connect(LEFT).control(VERIFY, verify())


def test_the_typed_code_is_presented_to_the_card_by_the_reader(link, person):
    person.codes = [b"1234"]
    assert link.control(VERIFY, bytearray(verify())) == b"\x90\x00"
    assert link.transmit(STATUS) == b"\x90\x00"


def test_a_wrong_code_costs_a_try_and_the_answer_of_the_card_comes_back(link, person):
    person.codes = [b"9999"]
    assert link.control(VERIFY, verify()) == b"\x63\xc2"


@pytest.mark.parametrize(
    ("typed", "answer"), [(None, "6400"), (b"", "6401"), (b"123", "6403"), (b"12345", "6403"), (b"12a4", "6403")]
)
def test_what_the_person_does_not_type_well_never_reaches_the_card(link, person, cps, typed, answer):
    person.codes = [typed]
    assert link.control(VERIFY, verify()).hex() == answer
    assert cps.card.secrets[1].left == 3


def test_a_code_shorter_than_the_maximum_needs_the_green_key(link, person):
    template = bytes.fromhex("0020000108") + b"\xff" * 8
    person.codes = [b"1234", b"1234"]
    assert link.control(VERIFY, verify(template, block=8, sizes=0x0408, conditions=1)).hex() == "6400"
    assert link.control(VERIFY, verify(template, block=8, sizes=0x0408, conditions=3)).hex() == "9000"


def test_without_a_block_size_the_command_grows_with_the_code(link, person):
    person.codes = [b"1234"]
    assert link.control(VERIFY, verify(bytes.fromhex("0020000100"), block=0, sizes=0x0408)) == b"\x90\x00"


@pytest.mark.parametrize(
    ("form", "block", "expected"),
    [(0x80, 4, "01020304"), (0x81, 2, "1234FFFF"), (0x85, 4, "FFFF1234"), (0x02, 4, "31323334"), (0x42, 3, "")],
)
def test_codes_are_written_as_the_format_says(link, person, cps, form, block, expected):
    seen = []
    cps.apdu = lambda command: seen.append(command[5:].hex().upper()) or b"\x90\x00"
    person.codes = [b"1234"]
    answer = link.control(VERIFY, verify(form=form, block=block)).hex()
    assert (seen, answer) == (([expected], "9000") if expected else ([], "6b80"))


def test_a_code_is_changed_after_it_was_typed_once_and_the_new_one_twice(link, person):
    person.codes = [b"1234", b"5678", b"5678"]
    assert link.control(MODIFY, modify()) == b"\x90\x00"
    person.codes = [b"5678"]
    assert link.control(VERIFY, verify()) == b"\x90\x00"


def test_two_new_codes_that_differ_change_nothing(link, person):
    person.codes = [b"1234", b"5678", b"5679"]
    assert link.control(MODIFY, modify()).hex() == "6402"
    person.codes = [b"1234"]
    assert link.control(VERIFY, verify()) == b"\x90\x00"


def test_a_blocked_code_is_unblocked_with_new_digits_typed_on_the_reader(link, person, cps):
    cps.card.secrets[1].left = 0
    person.codes = [b"5678", b"5678"]
    template = bytes.fromhex("002C00010C") + b"87654321" + b"\xff" * 4
    order = modify(template, new=8, confirm=1, messages=2)
    assert link.control(MODIFY, order) == b"\x90\x00"
    assert cps.card.secrets[1].left == 3


WRONG = {
    "empty": b"",
    "cut": verify()[:-1],
    "too long": verify() + b"\xff",
    "length that lies": verify(size=8),
    "not a VERIFY": verify(bytes.fromhex("0024000104FFFFFFFF")),
    "Lc that lies": verify(bytes.fromhex("0020000105FFFFFFFF")),
    "no Lc": verify(bytes.fromhex("00200001")),
    "code larger than its block": verify(sizes=0x0408),
    "block outside the command": verify(form=0x8A),
    "minimum above maximum": verify(sizes=0x0804),
    "no digit": verify(sizes=0x0000),
    "no way to end": verify(conditions=0),
    "unknown condition": verify(conditions=8),
    "unknown format": verify(form=0x83),
    "length in the command": verify(block=0x44),
    "length place": verify(length=0x14),
    "prologue of T=1": verify(prologue=b"\x00\x40\x05"),
    "unknown language": verify(language=0x0C04),
    "unknown message": verify(index=3),
    "number of messages": verify(messages=2),
}


@pytest.mark.parametrize("structure", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_verify_structure_is_refused_before_anything_is_typed(link, person, structure):
    assert link.control(VERIFY, structure).hex() == "6b80"
    assert person.asked == 0


WRONG_MODIFY = {
    "verify structure": verify(),
    "not a change": modify(TEMPLATE + b"\xff" * 4),
    "codes on each other": modify(new=2),
    "same place": modify(new=0),
    "number of messages": modify(messages=1),
    "unknown confirmation": modify(confirm=4),
    "unknown message": modify(indexes=b"\x00\x01\x07"),
    "two codes without a block": modify(block=0),
    "outside": modify(new=6),
}


@pytest.mark.parametrize("structure", WRONG_MODIFY.values(), ids=WRONG_MODIFY.keys())
def test_a_wrong_modify_structure_is_refused_before_anything_is_typed(link, person, structure):
    assert link.control(MODIFY, structure).hex() == "6b80"
    assert person.asked == 0


def test_an_unknown_control_code_is_an_error(link):
    with pytest.raises(OSError, match="control code"):
        link.control(0x42000001, verify())


def test_a_card_that_leaves_while_the_person_types_is_gone(link, readers, person):
    readers.pin_pad = lambda: readers.remove(LEFT) or b"1234"
    with pytest.raises(ConnectionAbortedError):
        link.control(VERIFY, verify())


def test_a_card_replaced_while_the_person_types_never_sees_the_code(link, readers, card):
    other = card("pharmacien")

    def swap() -> bytes:
        readers.insert(LEFT, other)
        return b"9999"

    readers.pin_pad = swap
    with pytest.raises(ConnectionAbortedError):
        link.control(VERIFY, verify())
    assert other.card.secrets[1].left == 3


def test_a_mute_card_is_mute_for_its_reader_too(link, person, cps):
    cps.break_down(Fault.MUTE)
    person.codes = [b"1234"]
    with pytest.raises(TimeoutError):
        link.control(VERIFY, verify())


def test_a_closed_connection_controls_nothing(link):
    link.close()
    with pytest.raises(ConnectionAbortedError):
        link.control(VERIFY, verify())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(code=st.sampled_from([VERIFY, MODIFY]), structure=st.binary(max_size=48))
@example(code=VERIFY, structure=verify())
def test_any_structure_gets_an_answer_of_two_bytes(readers, code, structure):
    readers.pin_pad = lambda: b"1234"
    assert len(readers.connect(LEFT).control(code, structure)) == 2
