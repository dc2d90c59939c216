"""A practice whose cards are in danger: one desk, one host, two readers, and one use case a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign_hands import Hands, ProcessHands, RealHands
from campaign_oracle import Ended, judge
from campaign_user import NEW_PIN, OLD_PIN, CampaignUser, pdf

from card_sim import cast
from cps_bridge.house import House
from cps_bridge.simulated import SimulatedHost
from cps_bridge.storage.settings import Settings
from dossier.failure import Cancelled, Failure

CPS, VITALE = 0, 1
TYPE = "11488-4"
HANG = 30.0  # seconds: far above what is stated, so that a slow machine makes no false alarm


@dataclass(frozen=True)
class Scene:
    """One use case in the state where it makes sense: who works, for whom, how the dossier stands before."""

    use_case: str
    patient: str = "jean"
    vitale: str = ""  # by default the card named like the patient
    other: str = "amelie"
    dossier: dict[str, Any] = field(default_factory=dict)
    request: Callable[[CampaignPractice], dict[str, Any]] = lambda practice: {}
    professional: str = "generaliste"
    begins_with_session: bool = True
    begins_with_patient: bool = True
    arrives: int | None = None  # this card is put in while it is in danger already: its identification counts
    documents: int = 0  # how many documents a whole lot brings to the host's books, its signature among them
    prepare: Callable[[CampaignPractice], None] = lambda practice: None


@dataclass
class Verdict:
    """How one run ended: outcome is done, not started, unknown; seconds from the blow to the stated condition."""

    outcome: str
    code: str = ""
    commands: int = 0
    struck: bool = False
    seconds: float = 0.0


class CampaignPractice:
    """One desk, one host, two readers; each run starts from a clean desk."""

    def __init__(self, directory: Path, authority: Path, *, real: bool = False) -> None:
        self.directory, self.professional = directory, "generaliste"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "authority").symlink_to(authority)
        self.host = SimulatedHost(directory)
        self.host.start()
        self.hands: Hands = RealHands(authority) if real else ProcessHands(authority)
        self.house = House(Settings(), self.hands.port, directory, bytes(32), self.host.address)
        self.house.desk.card_seconds = 1.0
        self.user = CampaignUser()
        self.pdf = pdf(directory)
        self.number = 0
        self.settled: set[str] = set()
        self.changed: tuple[str, ...] = ()  # the cards whose codes the last run may have changed

    def close(self) -> None:
        self.house.close()
        self.hands.close()
        self.host.stop()

    # Hands

    def insert(self, slot: int, name: str) -> None:
        """Put a card in, and wait until the house knows what it is."""
        known = self._told()
        self.hands.put(slot, name)
        self.wait(lambda: self._told() - known)

    def _told(self) -> frozenset[Any]:
        return frozenset(
            (each.reader, each.epoch or each.failure) for each in self.slots() if each.epoch or each.failure
        )

    def empty(self) -> None:
        """Take every card out and wait until the house knows."""
        self.hands.calm()
        for slot in (CPS, VITALE):
            self.hands.take(slot)
        self.wait(lambda: not self._told())
        self.house.lock()
        self.house.desk.leave_patient()

    def slots(self) -> Any:
        return self.house.cards.settled_slots()

    def wait(self, reached: Callable[[], object]) -> None:
        """Wait for an event of the house after which something holds."""
        changed = threading.Event()
        forget = self.house.subscribe(lambda event: changed.set())
        deadline = time.monotonic() + HANG
        try:
            while not reached():
                assert time.monotonic() < deadline, "the readers never settled"
                changed.wait(0.2)
                changed.clear()
        finally:
            forget()

    def do(self, use_case: str, **request: Any) -> Any:
        return self.house.run(use_case, self.user, **request).result(timeout=HANG)

    def send_again(self) -> None:
        """Come back with the card, and send what waits."""
        self.empty()
        self.insert(CPS, self.professional)
        self.do("session")
        self.do("send")

    def finish_creation(self, scene: Scene) -> None:
        """Come back with both cards, and do what the message says."""
        self.empty()
        self.insert(CPS, self.professional)
        self.do("session")
        self.insert(VITALE, scene.vitale or scene.patient)
        self.do("patient")
        self.do("open-account")

    def find_out_the_pin(self, name: str) -> bytes:
        """Do what the message says: come back with the card, try the new PIN, then the old one."""
        for self.user.pin in (NEW_PIN, OLD_PIN):
            self.empty()
            self.insert(CPS, name)
            try:
                self.do("session")
            except Failure as failure:
                assert failure.code == "PIN_WRONG"
            else:
                return self.user.pin
        raise AssertionError("neither the old PIN nor the new one")

    # One run

    def prepare(self, scene: Scene) -> None:
        """Bring desk and host to the state in which the use case begins."""
        self.empty()
        self.number += 1
        self.user.pins.clear()
        self.user.holders.clear()
        self.professional = scene.professional
        if not self.hands.real:
            self.user.pin = OLD_PIN
            for name in self.changed:
                self.hands.put_codes(name, OLD_PIN, 3)
        for item in self.house.outbox.items():
            self.settled.add(item.unique_id)  # of an earlier run
        self._write_dossier(scene)
        if scene.arrives != CPS:
            self.insert(CPS, self.professional)
        if scene.begins_with_session:
            self.do("session")
        if VITALE not in (scene.arrives, *[VITALE] * (scene.use_case == "session")):
            self.insert(VITALE, scene.vitale or scene.patient)
        if scene.begins_with_patient:
            self.do("patient")
        scene.prepare(self)

    def _write_dossier(self, scene: Scene) -> None:
        who = cast.patients()[scene.patient]
        allowed = {self.professional: {"state": "VALIDE", "attending": True}}
        facts = {
            "anew": True,
            "key": who.key,
            "ins": who.ins,
            "oid": who.oid,
            "birth_name": who.birth_name,
            "usage_name": who.usage_name,
            "given_names": list(who.given_names),
            "birth_date": who.birth_date,
            "sex": who.sex,
            "birth_place": who.birth_place,
            "address": who.address,
            "state": "open",
            "authorisations": allowed,
        }
        self.host.operate("patients", {**facts, **scene.dossier})

    def run(self, scene: Scene, slot: int, mode: str, at: int, other: str, *, after: float | None = None) -> Verdict:
        """Run one use case while one card is in danger, judge its end, and bring the rest to its end too.

        The blow falls at a command, or so many seconds after the beginning.
        """
        self.prepare(scene)
        self.changed = () if self.hands.real else (self.professional, *_cps(other))
        codes = {name: self.hands.codes(name) for name in self.changed}
        request = scene.request(self)
        before = self.books()  # what the request itself needed, a document to open for one, is there
        blow = self.hands.arm(slot, mode, at, other)
        error: Exception | None = None
        result = None
        with _falling(blow, after):
            if scene.arrives is not None:
                name = self.professional if scene.arrives == CPS else scene.vitale or scene.patient
                self.hands.put(scene.arrives, name)
            if self.hands.real and after is None and self.hands.held(slot):
                blow.begin()
            try:
                result = self.house.run(scene.use_case, self.user, **request).result(timeout=HANG)
            except (Failure, Cancelled) as caught:
                error = caught
            seconds = time.monotonic() - blow.struck_at if blow.struck_at else 0.0
        self.hands.calm()
        outcome = judge(self, Ended(scene, slot, mode, blow, before, error, result, after is not None, codes))
        return Verdict(outcome, str(error or ""), blow.count, blow.struck_at > 0, seconds)

    def books(self) -> dict[str, list[str]]:
        """Whose dossier holds which documents, as the host keeps them."""
        keys = ("jean", "amelie", "sophie", "odette", "paul", "karim", "leo")
        return {key: sorted(each["unique_id"] for each in self.host.operate("documents", patient=key)) for key in keys}


def _cps(name: str) -> tuple[str, ...]:
    return (name,) if name in cast.professionals() else ()


@contextmanager
def _falling(blow: Any, after: float | None) -> Iterator[None]:
    """Let the blow fall so many seconds from now, unless the block ends before."""
    if after is None:
        yield
        return
    timer = threading.Timer(after, blow.strike)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


@contextmanager
def practice_in(directory: Path, authority: Path, *, real: bool = False) -> Iterator[CampaignPractice]:
    practice = CampaignPractice(directory, authority, real=real)
    try:
        yield practice
    finally:
        practice.close()
