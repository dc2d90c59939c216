"""Cards of the cast, and the host's side of T=0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from card_sim.authority import Authority
from card_sim.card import SimulatedCard
from card_sim.deck import card_named
from card_sim.faults import BreakableCard


@dataclass
class Host:
    """Sends commands as a T=0 host does: it fetches what 61xx (9Fxx) announces and repeats what 6Cxx corrects."""

    card: SimulatedCard

    def raw(self, command: str) -> str:
        """Send one command, both in hex, answer as the card gives it."""
        return self.card.apdu(bytes.fromhex(command)).hex().upper()

    def send(self, command: str | bytes) -> tuple[bytes, int]:
        request = bytes.fromhex(command) if isinstance(command, str) else command
        data, sw = self._once(request)
        if sw >> 8 == 0x6C:
            data, sw = self._once(request[:4] + bytes([sw & 0xFF]))
        whole = data
        while sw >> 8 in (0x61, 0x9F):
            data, sw = self._once(bytes([request[0] & 0xEF, 0xC0, 0, 0, sw & 0xFF]))
            whole += data
        return whole, sw

    def ok(self, command: str | bytes) -> bytes:
        data, sw = self.send(command)
        assert sw == 0x9000, f"{sw:04X}"
        return data

    def status(self, command: str | bytes) -> int:
        return self.send(command)[1]

    def read_file(self, path: str) -> bytes:
        parameters = self.ok(f"00A40904{len(path) // 2:02X}{path}")
        size, content = int.from_bytes(parameters[4:6], "big"), b""
        while len(content) < size:
            content += self.ok(f"00B0{len(content):04X}{min(0xE7, size - len(content)):02X}")
        return content

    def _once(self, request: bytes) -> tuple[bytes, int]:
        answer = self.card.apdu(request)
        return answer[:-2], int.from_bytes(answer[-2:], "big")


@pytest.fixture(scope="session")
def authority(authority_dir) -> Authority:
    return Authority.open(authority_dir)


@pytest.fixture
def card(authority) -> Callable[[str], BreakableCard]:
    """Makes a new card of the cast, by name."""
    return lambda name: card_named(name, authority)


@pytest.fixture
def host(card) -> Host:
    """The general practitioner's CPS, powered, with its root selected."""
    return Host(card("generaliste"))


@pytest.fixture
def host_of(card) -> Callable[[str], Host]:
    return lambda name: Host(card(name))
