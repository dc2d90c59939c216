"""Kills the private PC/SC service under a card session, starts it again: run under python -m card_sim namespace."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from card_sim.authority import Authority
from card_sim.deck import Deck
from card_sim.pcsc_service import PCSC_DIRECTORY
from card_sim.vpcd import VpcdSlot
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.cards.service import CardService
from cps_bridge.cards.signer import KeyUse
from dossier.failure import Failure
from dossier.professional import CardKind

PATIENCE = 20.0


def code_of(call: Callable[[], object]) -> str:
    try:
        call()
    except Failure as failure:
        return failure.code
    return "no failure"


def until(service: CardService, condition: Callable[[tuple], bool]) -> None:
    met = threading.Event()
    unsubscribe = service.subscribe(lambda slots: condition(slots) and met.set())
    assert condition(service.slots()) or met.wait(PATIENCE), service.slots()
    unsubscribe()


def main(authority: Path) -> None:
    host, port = os.environ["CPS_BRIDGE_VPCD"].split(",")[0].split(":")
    hand, card = VpcdSlot((host, int(port))), Deck(Authority.open(authority)).card("generaliste")
    hand.insert(card)
    service = CardService(PcscReaders())
    service.start()
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.SIGNATURE)
    signer.sign("sha256", bytes(32))

    assert (PCSC_DIRECTORY / "cps-bridge").is_dir(), "not a private PC/SC service"
    os.kill(int((PCSC_DIRECTORY / "pcscd.pid").read_text().rstrip("\0\n")), signal.SIGKILL)
    assert code_of(lambda: signer.sign("sha256", bytes(32))) == "PCSC_DOWN"
    until(service, lambda slots: not slots)
    assert not service.is_current(epoch)
    assert code_of(lambda: service.wait_for(CardKind.CPS)) == "PCSC_DOWN"

    for leftover in ("pcscd.pid", "pcscd.comm"):
        (PCSC_DIRECTORY / leftover).unlink()
    daemon = shutil.which("pcscd", path=os.environ["PATH"] + ":/usr/sbin")
    again = subprocess.Popen([daemon, "--foreground", "--config", str(PCSC_DIRECTORY / "cps-bridge" / "readers")])
    try:
        until(service, lambda slots: bool(slots))
        hand.insert(card)
        second = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
        assert second.card_hash == epoch.card_hash and second != epoch and not service.is_current(epoch)
        assert code_of(lambda: signer.sign("sha256", bytes(32))) == "CARD_REMOVED"
        service.verify_pin(second, bytearray(b"1234"))
        assert service.read_activities(second)
    finally:
        hand.remove()
        service.close()
        again.terminate()
        again.wait(PATIENCE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    print("survived")
