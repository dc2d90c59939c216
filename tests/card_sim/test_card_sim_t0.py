"""The T=0 front of a card: parsing, 61xx, 6Cxx, chaining; whatever arrives, a card answers two status bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from card_sim.card import Command, StatusError, parse_command
from card_sim.cast import vitale_cards
from card_sim.cps import CpsCard
from card_sim.vitale import VitaleCard

SELECT_CPS = "00A404040DE828BD080F8025000001FF0010"


def test_the_four_cases_of_a_short_command_are_read():
    assert parse_command(bytes.fromhex("00200001")) == Command(0, 0x20, 0, 1)
    assert parse_command(bytes.fromhex("00B09C00C0")) == Command(0, 0xB0, 0x9C, 0, b"", 0xC0)
    assert parse_command(bytes.fromhex("002000010431323334")) == Command(0, 0x20, 0, 1, b"1234")
    assert parse_command(bytes.fromhex("00A40904023F0000")) == Command(0, 0xA4, 9, 4, b"\x3f\x00", 256)


@pytest.mark.parametrize("command", ["", "00A4", "00A4090403 3F00", "00A40904023F000000", "00A4090400 0000"])
def test_a_command_of_a_wrong_length_is_refused(command):
    with pytest.raises(StatusError) as refusal:
        parse_command(bytes.fromhex(command))
    assert refusal.value.sw == 0x6700


def test_a_foreign_class_is_refused(host):
    assert host.raw("80A4000000") == "6E00"


def test_an_unknown_instruction_is_refused(host):
    assert host.raw("00FE000000") == "6D00"


def test_an_answer_to_a_command_with_data_waits_for_get_response(host):
    assert host.raw(SELECT_CPS) == "6121"
    answer = host.raw("00C0000021")
    assert answer == "621F82013883020001840DE828BD080F8025000001FF0010A1048C0202FF8A01059000"
    assert host.raw("00C0000021") == "6985"


def test_a_length_that_is_too_long_is_corrected(host):
    assert host.raw("00B09C00C0") == "6C0C"
    assert host.raw("00B09C000C")[-4:] == "9000"


def test_get_response_gives_what_is_asked_and_announces_the_rest(host):
    host.raw(SELECT_CPS)
    assert host.raw("00C0000005") == "621F8201" + "38" + "611C"
    assert host.raw("00C00000FF") == "6C1C"
    assert host.raw("00C000001C")[-4:] == "9000"


def test_another_command_forgets_the_waiting_answer(host):
    host.raw(SELECT_CPS)
    host.raw("00200001")
    assert host.raw("00C0000021") == "6985"


def test_a_read_never_gives_more_than_the_card_buffer(host):
    host.ok("00A40904063F000001C001")
    assert host.raw("00B0000000") == "6CE7"
    assert len(host.raw("00B00000E7")) == 2 * (0xE7 + 2)


@pytest.fixture(scope="module")
def any_cards(authority):
    from card_sim.cast import professionals

    who = professionals()["generaliste"]
    return CpsCard(who, authority.card_material(who.key)), VitaleCard(vitale_cards()["famille-marchand"])


COMMANDS = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda ins, p1, p2, data: bytes([0, ins, p1, p2, len(data)]) + data,
        st.sampled_from([0xA4, 0xB0, 0xD6, 0x20, 0x24, 0x2C, 0xCB, 0x22, 0x2A, 0x88, 0x84, 0xC0]),
        st.integers(0, 255),
        st.integers(0, 255),
        st.binary(min_size=1, max_size=255),
    ),
)


@settings(max_examples=200, deadline=None)
@given(commands=st.lists(COMMANDS, max_size=5))
def test_a_card_answers_anything_with_a_status_word(any_cards, commands):
    for card in any_cards:
        card.reset()
        for command in commands:
            answer = card.apdu(command)
            assert len(answer) >= 2
            assert answer[-2] >> 4 in (0x6, 0x9)


def test_a_chain_that_another_command_breaks_is_forgotten(host):
    assert host.raw("102A808604" + "81000000") == "9000"
    assert host.raw("00200001") == "6883"
    assert host.raw("00200001") == "63C3"


def test_only_security_operations_are_chained(host):
    assert host.raw("10D6000002CAFE") == "6884"
    assert host.raw("102000010431323334") == "6884"


def test_a_chain_without_end_is_refused(host):
    piece = "102A8086FF" + "00" * 255
    assert [host.raw(piece) for _ in range(17)][-1] == "6700"
    assert host.raw("00200001") == "63C3"
