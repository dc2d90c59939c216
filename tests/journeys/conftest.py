"""A practice in small: both simulators, a house, and a person who answers from a script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from journey_parts import PDF, own_readers

from cps_bridge.house import House
from cps_bridge.idle import boot_seconds
from cps_bridge.simulated import Simulation
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import user as words
from dossier.access import BreakGlass, BreakGlassReason, ChannelKind, ConsentMode, Contact, EmergencyChoices


class ScriptedUser:
    """Answers each kind of question from a table; a value, or a function of the question."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {
            "AskPin": lambda question: bytearray(b"1234"),
            "ConfirmLastTry": "",
            "ChooseActivity": lambda question: question.activities[0],
            "ChooseBeneficiary": lambda question: question.beneficiaries[0],
            "ConfirmInformation": True,
            "AskConsent": ConsentMode.ORAL,
            "AskEmergencyChoices": EmergencyChoices(),
            "AskContact": (Contact(ChannelKind.EMAIL, "sophie@exemple.fr"), Contact(ChannelKind.SMS, "0612345678")),
            "ConfirmCreation": True,
            "ConfirmReactivation": True,
            "AskAccess": words.AccessChoice.AUTHORISED,
            "AskBreakGlass": BreakGlass(BreakGlassReason.UNCONSCIOUS, "Malaise dans la rue, patient inconscient"),
            "ConfirmBreakGlass": True,
            "ConfirmDeposit": True,
            "ConfirmMask": True,
            "ConfirmAct": True,
            "ConfirmTyped": lambda question: question.word,
            "ConfirmChanges": True,
        } | answers
        self.asked: list[words.Question[Any]] = []
        self.news: list[words.News] = []

    def ask(self, question: words.Question[Any]) -> Any:
        self.asked.append(question)
        answer = self.answers[type(question).__name__]
        return answer(question) if callable(answer) else answer

    def tell(self, news: words.News) -> None:
        self.news.append(news)

    def was_asked(self, kind: type) -> bool:
        return any(isinstance(question, kind) for question in self.asked)


class Practice:
    """One desk of one practice on one host."""

    def __init__(self, simulation: Simulation, house: House, directory: Path) -> None:
        self.simulation, self.house, self.directory = simulation, house, directory
        self.user = ScriptedUser()

    def do(self, use_case: str, user: ScriptedUser | None = None, **request: Any) -> Any:
        return self.house.run(use_case, user or self.user, **request).result(timeout=120)

    def insert(self, slot: int, name: str) -> None:
        """Put a card in, and wait until the readers tell of it: a person does not act on a card nobody has seen yet.

        The one that is there leaves first, in sight of the readers: PC/SC looks only every 0.4 s.
        """
        if self.simulation.inserted[slot]:
            self.remove(slot)
        before = self.epochs()
        self.simulation.insert(slot, name)
        self.wait(lambda: self.epochs() - before)

    def remove(self, slot: int) -> None:
        """Take a card out, and wait until the readers tell of it."""
        before = self.epochs()
        self.simulation.remove(slot)
        self.wait(lambda: before - self.epochs())

    def epochs(self) -> frozenset[Any]:
        """The stays of the cards that are in the readers, refused ones by their failure."""
        return frozenset(slot.epoch or slot.failure for slot in self.house.cards.slots() if slot.epoch or slot.failure)

    def wait(self, reached: Callable[[], object]) -> None:
        """Wait for an event of the house after which something holds."""
        changed = threading.Event()
        forget = self.house.subscribe(lambda event: changed.set())
        try:
            while not reached():
                assert changed.wait(30)
                changed.clear()
        finally:
            forget()

    def open(self, cps: str) -> Any:
        """Put a professional's card in and open the session."""
        self.insert(0, cps)
        return self.do("session")

    def meet(self, vitale: str, rank: int = 1) -> Any:
        """Put a Vitale card in and identify a person of it."""
        self.insert(1, vitale)
        user = ScriptedUser(ChooseBeneficiary=lambda question: question.beneficiaries[rank - 1])
        return self.do("patient", user)

    def consult(self, cps: str, vitale: str) -> Any:
        """Open a session, identify the patient, ask for the dossier."""
        self.open(cps)
        self.meet(vitale)
        return self.do("dossier")

    def pdf(self, name: str = "compte-rendu.pdf", body: bytes = PDF) -> Path:
        path = self.directory / name
        path.write_bytes(body)
        return path


MakePractice = Callable[..., Practice]


@pytest.fixture
def make_practice(
    tmp_path: Path, authority_dir: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[MakePractice]:
    """Make practices of their own; they end with the test. One host each, cards behind PC/SC where there is one."""
    own_readers(monkeypatch)
    ends: list[Callable[[], object]] = []

    def make(
        name: str = "cabinet",
        *,
        settings: Settings | None = None,
        trace: Path | None = None,
        tick: Callable[[], float] = boot_seconds,
    ) -> Practice:
        directory = tmp_path / name
        directory.mkdir()
        (directory / "authority").symlink_to(authority_dir)
        started = Simulation.start(directory)
        simulation = started.__enter__()
        ends.append(lambda: started.__exit__(None, None, None))
        house = House(
            settings or Settings(),
            simulation.port,
            directory,
            bytes(32),
            simulation.address,
            trace=trace,
            application=simulation.application,
            tick=tick,
        )
        ends.append(house.close)
        return Practice(simulation, house, directory)

    yield make
    for end in reversed(ends):
        end()


@pytest.fixture
def practice(make_practice: MakePractice) -> Practice:
    return make_practice()
