"""The doctor before the real PC/SC service: readers filtered and unplugged, service hung and stopped, card held."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from doctor_stage import BAD, GOOD, PATIENCE, by_id

from card_sim.deck import Deck
from card_sim.faults import Fault
from card_sim.vpcd import VpcdSlot
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.doctor import examine_without_house
from cps_bridge.storage.settings import Settings
from dossier.finding import Finding

ROOT = Path(__file__).parents[2]


@pytest.fixture
def slot(vpcd_pair) -> Iterator[VpcdSlot]:
    """The first slot of this worker, emptied in sight of the service at both ends."""
    hand, name = VpcdSlot(vpcd_pair[0]), vpcd_pair[2][0]
    until(name, present=False)
    yield hand
    hand.remove()
    until(name, present=False)


def until(name: str, *, present: bool) -> None:
    """Wait until the service itself sees a card in a reader, or none."""
    sight, deadline = PcscReaders(only=frozenset({name})), time.monotonic() + PATIENCE
    view = sight.readers()
    while any(atr for _, atr, _ in view) != present:
        assert time.monotonic() < deadline, view
        view = sight.wait(view, 2.0)
    sight.close()


def examine(vpcd_pair, tmp_path: Path) -> dict[str, Finding]:
    return by_id(examine_without_house(tmp_path / "rien", Settings(readers=vpcd_pair[2]), None))


@pytest.mark.pcsc
def test_a_card_behind_the_real_service_is_read_from_its_beginning(vpcd_pair, slot, deck: Deck, tmp_path) -> None:
    slot.insert(deck.card("generaliste"))
    until(vpcd_pair[2][0], present=True)
    found = examine(vpcd_pair, tmp_path)
    assert {found[each].state for each in ("pcsc", "readers", "card", "pin", "certificates")} == {GOOD}


@pytest.mark.pcsc
def test_a_card_held_exclusively_by_another_program_is_bad(vpcd_pair, slot, deck: Deck, tmp_path) -> None:
    slot.insert(deck.card("generaliste"))
    until(vpcd_pair[2][0], present=True)
    scard = pytest.importorskip("smartcard.scard")
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    result, card, _ = scard.SCardConnect(context, vpcd_pair[2][0], scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0)
    assert result == scard.SCARD_S_SUCCESS
    try:
        found = examine(vpcd_pair, tmp_path)
    finally:
        scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
        scard.SCardReleaseContext(context)
    assert found["card"].state is BAD and "autre logiciel" in found["card"].cause
    assert found["readers"].state is GOOD


@pytest.mark.pcsc
def test_a_card_that_goes_mute_is_bad(vpcd_pair, slot, deck: Deck, tmp_path) -> None:
    card = deck.card("generaliste")
    slot.insert(card)
    until(vpcd_pair[2][0], present=True)
    card.break_down(Fault.MUTE)
    found = examine(vpcd_pair, tmp_path)
    slot.remove()
    assert found["card"].state is BAD
    assert found["pcsc"].state is found["readers"].state is GOOD


@pytest.mark.pcsc
@pytest.mark.usefixtures("vpcd_pair")
def test_a_service_that_hangs_or_stops_is_told(authority_dir: Path) -> None:
    script = Path(__file__).with_name("doctor_pcsc.py")
    command = [sys.executable, "-m", "card_sim", "namespace", "--", sys.executable, str(script), str(authority_dir)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    state = {when: {row: words[0] for row, words in rows.items()} for when, rows in told.items()}
    assert (state["empty"]["pcsc"], state["empty"]["readers"], state["empty"]["card"]) == ("good", "good", "warning")
    assert "00" not in told["empty"]["readers"][1], "slot numbers are of no use on the telephone"
    assert (state["unplugged"]["readers"], state["filtered"]["readers"]) == ("warning", "bad")
    assert {state["card"][row] for row in ("pcsc", "readers", "card", "pin", "certificates")} == {"good"}
    assert state["hung"]["pcsc"] == "bad" and state["hung"]["pkcs11"] == "good"
    assert state["stopped"]["pcsc"] == "bad" and "ne répond pas" in told["stopped"]["pcsc"][1]
