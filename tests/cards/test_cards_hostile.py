"""Cards made to keep the client busy: a directory without end, files given byte by byte."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext

import pytest

from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.pkcs15 import read_directory
from dossier.failure import Failure

APPLICATION = bytes.fromhex("3F000001")
ODF = APPLICATION + bytes.fromhex("5031")
ENTRY = bytes.fromhex("A00630040402 7002")


def test_a_directory_of_too_many_files_is_refused_before_they_are_read() -> None:
    read: Counter[bytes] = Counter()

    def read_file(path: bytes) -> bytes:
        read[path] += 1
        return ENTRY * 4000 if path == ODF else b""

    with pytest.raises(Failure) as caught:
        read_directory(read_file, APPLICATION)
    assert caught.value.code == "CARD_UNREADABLE"
    assert sum(read.values()) == 1


def test_a_file_named_several_times_is_read_once() -> None:
    read: Counter[bytes] = Counter()

    def read_file(path: bytes) -> bytes:
        read[path] += 1
        return ENTRY * 20 if path == ODF else b""

    read_directory(read_file, APPLICATION)
    assert read == {ODF: 1, APPLICATION + bytes.fromhex("7002"): 1}


class Miser:
    """A card whose file is large and which gives one byte at a time."""

    def __init__(self, *, says_size: bool) -> None:
        self.commands = 0
        self._says_size = says_size

    def transmit(self, command: bytes) -> bytes:
        self.commands += 1
        if command[1] == 0xA4:
            return (bytes.fromhex("620480027FFF") if self._says_size else bytes.fromhex("6200")) + b"\x90\x00"
        return b"\x00\x90\x00"

    def transaction(self) -> nullcontext[None]:
        return nullcontext()

    def close(self) -> None:
        """Nothing."""


@pytest.mark.parametrize("says_size", [True, False])
def test_a_card_that_gives_its_files_byte_by_byte_is_not_listened_to(says_size: bool) -> None:
    card = Miser(says_size=says_size)
    with pytest.raises(Failure) as caught:
        Channel(card).read_file(ODF)  # type: ignore[arg-type]
    assert caught.value.code == "CARD_UNREADABLE"
    assert card.commands < 20
