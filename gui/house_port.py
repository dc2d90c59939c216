"""What the window needs of the house, and of what its use cases give back; the real House satisfies it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from cps_bridge.workflows.user import User
from dossier.access import Access, Dossier
from dossier.context import CardEpoch, PatientContext
from dossier.failure import Failure
from dossier.patient import Ins
from dossier.professional import Activity, CardKind, Professional


class SlotView(Protocol):
    """One reader and what is in it."""

    @property
    def reader(self) -> str:
        """Name of the reader."""
        ...

    @property
    def kind(self) -> CardKind | None:
        """Kind of card, None when the reader is empty."""
        ...

    @property
    def epoch(self) -> CardEpoch | None:
        """The stay of the card."""
        ...

    @property
    def failure(self) -> str:
        """A Failure code, or ""."""
        ...

    @property
    def model(self) -> str:
        """The product as people call it, "" when unknown."""
        ...

    @property
    def is_test(self) -> bool:
        """Whether it is a card of the test authority, or a demonstration Vitale."""
        ...


class CardsView(Protocol):
    """The readers."""

    def slots(self) -> tuple[SlotView, ...]:
        """Give the readers and what is in them."""
        ...


class SessionView(Protocol):
    """Who works."""

    @property
    def professional(self) -> Professional:
        """The holder of the card."""
        ...

    @property
    def activity(self) -> Activity:
        """The practice situation."""
        ...

    @property
    def opened_at(self) -> datetime:
        """When the session began."""
        ...


class OutboxItemView(Protocol):
    """One lot of the outbox; state.value is the word people read."""

    @property
    def id(self) -> int:
        """Number of the lot."""
        ...

    @property
    def state(self) -> Any:
        """An enum whose value is the word people read."""
        ...

    @property
    def title(self) -> str:
        """Title of the lot."""
        ...

    @property
    def patient(self) -> Ins:
        """For whom."""
        ...

    @property
    def updated(self) -> datetime:
        """When the state changed last."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        ...

    @property
    def code(self) -> str:
        """The last Failure code, or ""."""
        ...

    @property
    def failure(self) -> Failure | None:
        """The last failure with its facts, None when there is none."""
        ...


class MoveView(Protocol):
    """One line of a lot's history."""

    @property
    def at(self) -> datetime:
        """When."""
        ...

    @property
    def state(self) -> Any:
        """To which state."""
        ...

    @property
    def code(self) -> str:
        """Why, or ""."""
        ...

    @property
    def failure(self) -> Failure | None:
        """Why, with the facts for its sentence, or None."""
        ...


class OutboxView(Protocol):
    """The lots."""

    def items(self, *states: Any) -> Iterable[OutboxItemView]:
        """Give the lots."""
        ...

    def history(self, number: int) -> Iterable[MoveView]:
        """Give the moves of a lot."""
        ...


class HousePort(Protocol):
    """The house as the window sees it."""

    @property
    def settings(self) -> Any:
        """The settings of the practice."""
        ...

    @property
    def directory(self) -> Path:
        """Where the data of the practice are, its settings among them."""
        ...

    @property
    def cards(self) -> CardsView:
        """The readers."""
        ...

    @property
    def outbox(self) -> OutboxView:
        """The lots."""
        ...

    @property
    def simulation(self) -> Any:
        """The simulated readers (a cps_bridge.house.Simulator), None with real ones."""
        ...

    @property
    def session(self) -> SessionView | None:
        """Who works, None when nobody does."""
        ...

    @property
    def patient(self) -> PatientContext | None:
        """Who is on screen."""
        ...

    @property
    def dossier(self) -> Dossier | None:
        """What the host said of the patient's dossier."""
        ...

    @property
    def access(self) -> Access:
        """In which mode the dossier is open."""
        ...

    @property
    def ended_because(self) -> str:
        """Why the last session ended: "card", "lock", "idle", "user"; "" when none did."""
        ...

    def touch(self) -> object:
        """Somebody is there: the idle time begins anew. From any thread; cheap."""
        ...

    def user_changed(self) -> object:
        """The user of the computer changed, or locked it: the session ends. It may wait for a card."""
        ...

    def run(self, use_case: str, user: User, /, **request: object) -> Future[Any]:
        """Run a use case on a worker."""
        ...

    def subscribe(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        """Hear of events, from any thread."""
        ...

    def lock(self) -> object:
        """End the session."""
        ...

    def close(self) -> object:
        """Close everything."""
        ...
