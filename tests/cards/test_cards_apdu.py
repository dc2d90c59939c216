from __future__ import annotations

import contextlib
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cps_bridge.cards.apdu import READ_BINARY, SELECT, VERIFY, Channel, build, failure_of
from cps_bridge.cards.tlv import LIMIT
from dossier.failure import Failure, Kind, catalogue

H = bytes.fromhex


class ScriptedLink:
    """Answers from a list, or from a function; remembers copies of what it was asked."""

    def __init__(self, *answers: bytes, answer=None) -> None:
        self.answers, self.answer, self.asked, self.buffers = list(answers), answer, [], []
        self.closed = False

    def transmit(self, command):
        self.asked.append(bytes(command))
        self.buffers.append(command)
        return self.answer(bytes(command)) if self.answer else self.answers.pop(0)

    def transaction(self):
        return contextlib.nullcontext()

    def close(self):
        self.closed = True


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0x20, 0, 1), "00200001"),
        ((0xB0, 0, 0, b"", 256), "00B0000000"),
        ((0xB0, 0, 0, b"", 0xE7), "00B00000E7"),
        ((0xA4, 9, 12, H("3F00")), "00A4090C023F00"),
    ],
)
def test_commands_are_built_in_the_cases_of_the_standard(arguments, expected):
    assert build(*arguments) == H(expected)


@pytest.mark.parametrize("arguments", [(0xA4, 0, 0, bytes(256)), (0xA4, 0, 0, b"x", 5)])
def test_a_command_that_t0_cannot_carry_is_a_bug(arguments):
    with pytest.raises(ValueError, match="T=0"):
        build(*arguments)


def test_an_announced_answer_is_fetched_piece_by_piece():
    link = ScriptedLink(H("6103"), H("0102036102"), H("04059000"))
    assert Channel(link).demand(SELECT, 9, 4, H("3F00")) == H("0102030405")
    assert link.asked[1:] == [H("00C0000003"), H("00C0000002")]


def test_a_wrong_length_is_repeated_once_with_the_length_of_the_card():
    link = ScriptedLink(H("6C02"), H("AABB9000"))
    assert Channel(link).demand(READ_BINARY, 0, 0, le=256) == H("AABB")
    assert link.asked == [H("00B0000000"), H("00B0000002")]


def test_a_wrong_length_of_get_response_is_repeated_too():
    link = ScriptedLink(H("6100"), H("6C01"), H("AA9000"))
    assert Channel(link).demand(SELECT, 9, 4, H("3F00")) == H("AA")


def test_a_card_that_never_stops_answering_is_stopped():
    link = ScriptedLink(answer=lambda _: bytes(100) + H("6164"))
    with pytest.raises(Failure) as caught:
        Channel(link).demand(SELECT, 9, 4, H("3F00"))
    assert caught.value.code == "CARD_UNREADABLE"
    assert len(link.asked) < LIMIT


def test_a_card_that_never_agrees_with_itself_is_stopped():
    with pytest.raises(Failure):
        Channel(ScriptedLink(answer=lambda _: H("6C05"))).demand(READ_BINARY, 0, 0, le=256)


def test_a_file_is_read_to_the_size_of_its_control_parameters():
    content = bytes(range(250)) * 2
    link = ScriptedLink(answer=_card_with(content, H("62048002") + len(content).to_bytes(2, "big")))
    assert Channel(link).read_file(H("3F002F00")) == content


def test_a_file_without_announced_size_is_read_to_its_end():
    content = bytes(range(250)) * 3
    assert Channel(ScriptedLink(answer=_card_with(content, H("6F00")))).read_file(H("3F002F00")) == content


def _card_with(content: bytes, parameters: bytes):
    def answer(command: bytes) -> bytes:
        if command[1] == SELECT:
            return bytes([0x61, len(parameters)])
        if command[1] == 0xC0:
            return parameters + H("9000")
        offset = command[2] << 8 | command[3]
        block = content[offset : offset + min(command[4] or 256, 0xE7)]
        return block + H("9000") if block else H("6B00")

    return answer


def test_the_buffer_of_every_command_is_wiped():
    link = ScriptedLink(H("9000"))
    Channel(link).send(VERIFY, 0, 1, bytearray(b"7319"))
    assert link.asked == [H("00200001") + b"\x047319"]
    assert not any(link.buffers[0])


def test_the_buffer_is_wiped_when_the_card_leaves_too():
    def leave(_):
        raise ConnectionAbortedError

    link = ScriptedLink(answer=leave)
    with pytest.raises(ConnectionAbortedError):
        Channel(link).send(VERIFY, 0, 1, bytearray(b"7319"))
    assert not any(link.buffers[0])


def test_the_log_has_neither_bodies_nor_the_length_of_a_code(caplog):
    caplog.set_level(logging.DEBUG)
    link = ScriptedLink(H("63C2"), H("9000"))
    channel = Channel(link)
    channel.send(VERIFY, 0, 1, bytearray(b"7319"))
    channel.send(SELECT, 9, 12, b"ROSSIGNOL")
    assert "7319" not in caplog.text and b"7319".hex() not in caplog.text
    assert "ROSSIGNOL" not in caplog.text and b"ROSSIGNOL".hex().upper() not in caplog.text.upper()
    assert "ins=20 p1=00 p2=01 sent=- received=0 status=63C2" in caplog.text


def test_a_retired_channel_sends_nothing():
    link = ScriptedLink()
    channel = Channel(link)
    channel.retire()
    with pytest.raises(ConnectionAbortedError):
        channel.send(VERIFY, 0, 1)
    assert not link.asked


def test_every_status_word_is_a_failure_with_a_sentence():
    codes = {failure_of(status).code for status in range(0x10000)}
    assert codes == {"PIN_REQUIRED", "PIN_BLOCKED", "PIN_WRONG", "CARD_DATA_MISSING", "CARD_REFUSED"}
    for code in codes:
        assert code in catalogue("fr") and code in catalogue("en")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (0x6982, "PIN_REQUIRED"),
        (0x6983, "PIN_BLOCKED"),
        (0x63C0, "PIN_BLOCKED"),
        (0x63C1, "PIN_WRONG"),
        (0x63C3, "PIN_WRONG"),
        (0x6A82, "CARD_DATA_MISSING"),
        (0x6A83, "CARD_DATA_MISSING"),
        (0x6A88, "CARD_DATA_MISSING"),
        (0x6700, "CARD_REFUSED"),
        (0x6985, "CARD_REFUSED"),
        (0x6A80, "CARD_REFUSED"),
        (0x6D00, "CARD_REFUSED"),
        (0x6F00, "CARD_REFUSED"),
    ],
)
def test_status_words_mean_what_the_standard_says(status, code):
    failure = failure_of(status)
    assert failure.code == code
    assert failure.kind is Kind.CARD


def test_the_tries_left_travel_with_the_failure():
    assert failure_of(0x63C2).facts == {"tries_left": 2}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=260), min_size=1, max_size=6))
def test_any_answers_give_data_or_a_failure(answers):
    script = iter(answers)
    link = ScriptedLink(answer=lambda _: next(script, H("9000")))
    with contextlib.suppress(Failure):
        Channel(link).demand(SELECT, 9, 4, H("3F00"))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(min_size=2, max_size=258), min_size=1, max_size=8))
def test_any_answers_to_reading_a_file_give_bytes_or_a_failure(answers):
    script = iter(answers)
    link = ScriptedLink(answer=lambda _: next(script, H("6B00")))
    with contextlib.suppress(Failure):
        Channel(link).read_file(H("3F002F00"))
