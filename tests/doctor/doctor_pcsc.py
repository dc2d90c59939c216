"""Stops the private PC/SC service under the doctor's eyes: run under python -m card_sim namespace."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from card_sim.authority import Authority
from card_sim.deck import Deck
from card_sim.pcsc_service import PCSC_DIRECTORY
from card_sim.vpcd import VpcdSlot
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.doctor import examine_without_house
from cps_bridge.storage.settings import Settings


def examine(**settings: object) -> dict[str, list[str]]:
    found = examine_without_house(Path("/nonexistent/nothing"), Settings(**settings), None)
    return {each.id: [each.state.value, each.cause] for each in found}


def main(authority: Path) -> None:
    host, port = os.environ["CPS_BRIDGE_VPCD"].split(",")[0].split(":")
    name = os.environ["CPS_BRIDGE_VPCD_READERS"].split(",")[0]
    hand, told = VpcdSlot((host, int(port))), {}
    told["empty"] = examine()
    told["unplugged"] = examine(readers=(name, "Lecteur parti"))
    told["filtered"] = examine(readers=("Lecteur parti",))
    sight = PcscReaders(only=frozenset({name}))
    hand.insert(Deck(Authority.open(authority)).card("generaliste"))
    while not any(atr for _, atr, _ in sight.readers()):
        sight.wait(sight.readers(), 5.0)
    told["card"] = examine()
    hand.remove()
    sight.close()
    assert (PCSC_DIRECTORY / "cps-bridge").is_dir(), "not a private PC/SC service"
    pid = int((PCSC_DIRECTORY / "pcscd.pid").read_text().rstrip("\0\n"))
    os.kill(pid, signal.SIGSTOP)
    try:
        told["hung"] = examine()
    finally:
        os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGKILL)
    told["stopped"] = examine()
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
