"""Troubles of a private PC/SC service under a card session, one per run: run under python -m card_sim namespace."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from card_sim.authority import Authority
from card_sim.deck import Deck
from card_sim.pcsc_service import PCSC_DIRECTORY, reader_names
from card_sim.vpcd import VpcdSlot
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.cards.service import CardService
from cps_bridge.cards.signer import KeyUse
from dossier.context import CardEpoch
from dossier.failure import Failure
from dossier.professional import CardKind

PATIENCE = 20.0
DIGEST = bytes(32)


def code_of(call: Callable[[], object]) -> str:
    try:
        call()
    except Failure as failure:
        assert failure.sentence() and failure.remedy()
        return failure.code
    return "no failure"


class Scene:
    """The service, both hands, a session with a professional's card in the first slot."""

    def __init__(self, authority: Path) -> None:
        pairs = os.environ["CPS_BRIDGE_VPCD"].split(";")
        self.hands = [VpcdSlot(_address(text)) for pair in pairs for text in pair.split(",")]
        self.deck = Deck(Authority.open(authority))
        assert (PCSC_DIRECTORY / "cps-bridge").is_dir(), "not a private PC/SC service"
        self.process = int((PCSC_DIRECTORY / "pcscd.pid").read_text().rstrip("\0\n"))
        self.readers = PCSC_DIRECTORY / "cps-bridge" / "readers"
        self.own: subprocess.Popen[bytes] | None = None
        self.service = CardService(PcscReaders())
        self.service.start()

    def session(self, hand: int = 0) -> CardEpoch:
        self.hands[hand].insert(self.deck.card("generaliste"))
        epoch = self.service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
        self.service.verify_pin(epoch, bytearray(b"1234"))
        self.sign(epoch)
        return epoch

    def sign(self, epoch: CardEpoch) -> bytes:
        return self.service.signer(epoch, KeyUse.SIGNATURE).sign("sha256", DIGEST)

    def until(self, condition: Callable[[tuple], bool]) -> None:
        met = threading.Event()
        unsubscribe = self.service.subscribe(lambda slots: condition(slots) and met.set())
        assert condition(self.service.slots()) or met.wait(PATIENCE), self.service.slots()
        unsubscribe()

    def end_service(self, with_signal: signal.Signals) -> None:
        os.kill(self.process, with_signal)
        if with_signal is signal.SIGKILL:
            for leftover in ("pcscd.pid", "pcscd.comm"):
                (PCSC_DIRECTORY / leftover).unlink()

    def start_service(self) -> None:
        while (PCSC_DIRECTORY / "pcscd.comm").exists():
            threading.Event().wait(0.02)
        daemon = shutil.which("pcscd", path=os.environ["PATH"] + ":/usr/sbin")
        environment = {**os.environ, "PCSCLITE_HP_DROPDIR": str(self.readers.parent / "no-usb")}
        self.own = subprocess.Popen([daemon, "--foreground", "--config", str(self.readers)], env=environment)
        self.process = self.own.pid

    def close(self) -> None:
        for hand in self.hands:
            hand.remove()
        self.service.close()
        if self.own:
            self.own.terminate()
            self.own.wait(PATIENCE)


def _address(text: str) -> tuple[str, int]:
    host, port = text.rsplit(":", 1)
    return host, int(port)


@contextlib.contextmanager
def asleep(scene: Scene) -> Iterator[None]:
    os.kill(scene.process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(scene.process, signal.SIGCONT)


def over(scene: Scene, epoch: CardEpoch, signer) -> None:
    """The first session is over for good, and a second one with the same card asks for the code again."""
    second = scene.service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    assert second.card_hash == epoch.card_hash and second != epoch and not scene.service.is_current(epoch)
    assert code_of(lambda: signer.sign("sha256", DIGEST)) == "CARD_REMOVED"
    assert code_of(lambda: scene.sign(second)) == "PIN_REQUIRED"
    scene.service.verify_pin(second, bytearray(b"1234"))
    assert scene.service.read_activities(second)


def restarted(scene: Scene, with_signal: signal.Signals) -> None:
    epoch = scene.session()
    signer = scene.service.signer(epoch, KeyUse.SIGNATURE)
    scene.end_service(with_signal)
    assert code_of(lambda: signer.sign("sha256", DIGEST)) == "PCSC_DOWN"
    scene.until(lambda slots: not slots)
    assert not scene.service.is_current(epoch)
    assert code_of(lambda: scene.service.wait_for(CardKind.CPS)) == "PCSC_DOWN"
    assert code_of(lambda: scene.service.read_professional(epoch)) == "PCSC_DOWN"
    scene.start_service()
    scene.until(lambda slots: bool(slots))
    scene.hands[0].insert(scene.deck.card("generaliste"))
    over(scene, epoch, signer)


def killed(scene: Scene) -> None:
    restarted(scene, signal.SIGKILL)


def stopped(scene: Scene) -> None:
    restarted(scene, signal.SIGTERM)


def frozen(scene: Scene) -> None:
    """A service that hangs: nothing in the program hangs with it."""
    epoch = scene.session()
    signer = scene.service.signer(epoch, KeyUse.SIGNATURE)
    with asleep(scene):
        assert code_of(lambda: signer.sign("sha256", DIGEST)) == "PCSC_DOWN"
        assert not scene.service.is_current(epoch)
        assert code_of(lambda: scene.service.wait_for(CardKind.CPS)) == "PCSC_DOWN"
        scene.until(lambda slots: not slots)
        scene.service.log_out(epoch)
    scene.until(lambda slots: any(slot.epoch for slot in slots))
    over(scene, epoch, signer)


def frozen_at_the_end(scene: Scene) -> None:
    """The program can be left while the service hangs."""
    scene.session()
    with asleep(scene):
        scene.service.close()


def names_of(scene: Scene) -> list[str]:
    return [slot.reader for slot in scene.service.slots()]


def renamed(scene: Scene) -> None:
    """Other names for the same readers: nothing is known by a name."""
    epoch = scene.session()
    signer = scene.service.signer(epoch, KeyUse.SIGNATURE)
    before = names_of(scene)
    scene.end_service(signal.SIGTERM)
    for file in scene.readers.iterdir():
        file.write_text(file.read_text().replace("Lecteur bifente simule", "Autre marque"))
    scene.start_service()
    scene.until(lambda slots: bool(slots) and not {slot.reader for slot in slots} & set(before))
    scene.hands[0].insert(scene.deck.card("generaliste"))
    over(scene, epoch, signer)


def reordered(scene: Scene) -> None:
    """The readers in another order, and the cards exchanged: each is known by what it says."""
    epoch = scene.session(0)
    scene.hands[2].insert(scene.deck.card("jean"))
    vitale = scene.service.wait_for(CardKind.VITALE, timeout=PATIENCE)
    before, signer = names_of(scene), scene.service.signer(epoch, KeyUse.SIGNATURE)
    scene.end_service(signal.SIGTERM)
    first, second = sorted(scene.readers.iterdir())
    contents = first.read_text(), second.read_text()
    first.write_text(contents[1])
    second.write_text(contents[0])
    scene.start_service()
    scene.until(lambda slots: len(slots) == len(before) and [slot.reader for slot in slots] != before)
    scene.hands[0].insert(scene.deck.card("karim"))
    scene.hands[2].insert(scene.deck.card("generaliste"))
    over(scene, epoch, signer)
    found = scene.service.wait_for(CardKind.VITALE, timeout=PATIENCE)
    assert [each.given_name for each in scene.service.read_vitale(found.epoch)] == ["KARIM"]
    assert code_of(lambda: scene.service.read_vitale(vitale.epoch)) == "CARD_REMOVED"


def unplugged(scene: Scene) -> None:
    """The reader of the session is no longer there; the other one serves."""
    epoch = scene.session(2)
    signer = scene.service.signer(epoch, KeyUse.SIGNATURE)
    before = names_of(scene)
    scene.end_service(signal.SIGTERM)
    sorted(scene.readers.iterdir())[1].unlink()
    scene.start_service()
    scene.until(lambda slots: len(slots) == len(before) // 2)
    assert not scene.service.is_current(epoch)
    scene.hands[2].remove()
    scene.hands[0].insert(scene.deck.card("generaliste"))
    over(scene, epoch, signer)


def none_at_all(scene: Scene) -> None:
    """No reader, then one."""
    epoch = scene.session()
    scene.end_service(signal.SIGTERM)
    kept = {file: file.read_text() for file in scene.readers.iterdir()}
    for file in kept:
        file.unlink()
    scene.start_service()
    while code_of(lambda: scene.service.wait_for(CardKind.CPS, timeout=0.1)) != "READER_MISSING":
        assert not reader_names()
    assert scene.service.slots() == ()
    assert code_of(lambda: scene.service.read_professional(epoch)) == "CARD_REMOVED"
    for file, content in kept.items():
        file.write_text(content)
    scene.end_service(signal.SIGTERM)
    scene.own.wait(PATIENCE)
    scene.start_service()
    scene.until(lambda slots: bool(slots))
    assert scene.session() != epoch


SCENES = (killed, stopped, frozen, frozen_at_the_end, renamed, reordered, unplugged, none_at_all)


def main(name: str, authority: Path) -> None:
    scene = Scene(authority)
    try:
        next(each for each in SCENES if each.__name__ == name)(scene)
    finally:
        scene.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
    print("survived")
