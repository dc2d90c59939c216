"""The PIN automaton, enumerated: every counter, every request, every disturbance, with and without confirmation.

What the card itself saw decides: no code is presented twice by one request, at the last try unasked, to a blocked card,
or after something went wrong in the exchange.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from card_sim.authority import Authority
from card_sim.deck import card_named
from card_sim.faults import DeadCardError, MuteCardError
from card_sim.reader import DEFAULT_NAMES, InProcessReaders
from cps_bridge.cards.service import CardService
from dossier.failure import Failure
from dossier.professional import CardKind

NAME = "generaliste"
GOOD_PIN, GOOD_PUK, NEW = "1234", "87654321", "4321"
PINS = {"right": GOOD_PIN, "wrong": "9999", "malformed": "12a4"}
PUKS = {"right": GOOD_PUK, "wrong": "11112222", "malformed": "1"}
NEWS = {"good": NEW, "malformed": "12"}
VERIFY, CHANGE, UNBLOCK = 0x20, 0x24, 0x2C
PIN, PUK = 1, 2


@dataclass(frozen=True)
class Request:
    """What a person asks of the card."""

    what: str
    code: str
    new: str = ""
    confirmed: bool = False


@dataclass(frozen=True)
class Disturbance:
    """What goes wrong, at which command of the request (from 1); "" for nothing."""

    what: str = ""
    at: int = 0


@dataclass(frozen=True)
class Presented:
    """A code that reached the card: which, and what its counter was just before (None: the card did not tell it)."""

    secret: int
    left: int
    after_trouble: bool


class SpiedCard:
    """A card that notes every code presented to it, and is disturbed at one command."""

    def __init__(self, card: Any, *, tells: bool) -> None:
        self._card, self._tells = card, tells
        self.atr = card.atr
        self.presented: list[Presented] = []
        self.disturbance = Disturbance()
        self.commands = 0
        self.troubled = False
        self.reset_by_another: Callable[[], None] = lambda: None

    def power(self, on: bool) -> None:
        self._card.power(on)

    def reset(self) -> None:
        self._card.reset()

    def apdu(self, command: bytes) -> bytes:
        self.commands += 1
        if self.commands == self.disturbance.at:
            return self._disturbed(command)
        return self._answer(command)

    def _disturbed(self, command: bytes) -> bytes:
        self.troubled = True
        match self.disturbance.what:
            case "removed":
                raise DeadCardError
            case "mute":
                raise MuteCardError
            case "6F00":
                return b"\x6f\x00"
            case "lost":  # the card works, its answer gets lost
                self._note(command)
                self._card.apdu(command)
                raise MuteCardError
        self.reset_by_another()
        return self._answer(command)

    def _answer(self, command: bytes) -> bytes:
        self._note(command)
        if not self._tells and command[1] == VERIFY and len(command) <= 5:
            return b"\x63\x00"
        return self._card.apdu(command)

    def _note(self, command: bytes) -> None:
        if len(command) <= 5 or command[1] not in (VERIFY, CHANGE, UNBLOCK):
            return
        if command[1] == UNBLOCK and command[2] != 0:
            return  # the new PIN alone: the unblocking code went before, by VERIFY
        secret = PUK if command[1] == UNBLOCK or command[3] == PUK else PIN
        left = self._card.card.secrets[secret].left
        self.presented.append(Presented(secret, left, self.troubled))


REQUESTS = (
    *(Request("verify", code, confirmed=sure) for code in PINS for sure in (False, True)),
    *(Request("change", code, new, sure) for code in PINS for new in NEWS for sure in (False, True)),
    *(Request("unblock", code, new, sure) for code in PUKS for new in NEWS for sure in (False, True)),
)
DISTURBANCES = (
    Disturbance(),
    *(Disturbance(what, at) for what in ("6F00", "removed", "mute", "lost", "reset") for at in range(1, 7)),
)


@pytest.fixture(scope="module")
def authority(authority_dir: Path) -> Authority:
    return Authority.open(authority_dir)


class Stage:
    """One card of one make in one reader; a new one for each step of the automaton."""

    def __init__(self, authority: Authority, *, tells: bool, pin: int, puk: int, verified: bool) -> None:
        card = card_named(NAME, authority)
        card.card.set_tries(pin=pin, puk=puk)
        self.card = SpiedCard(card, tells=tells)
        self.readers = InProcessReaders()
        self.card.reset_by_another = lambda: self.readers.reset_by_another(DEFAULT_NAMES[0])
        self.service = CardService(self.readers)
        self.service.start()
        self.readers.insert(DEFAULT_NAMES[0], self.card)
        slot = self.service.wait_for(CardKind.CPS, timeout=30)
        assert slot.epoch is not None
        self.epoch = slot.epoch
        if verified:
            self.service.verify_pin(self.epoch, bytearray(GOOD_PIN, "ascii"), last_try_confirmed=True)
            card.card.set_tries(pin=pin)
        self.card.presented.clear()
        self.card.commands = 0

    def ask(self, request: Request) -> str:
        """Do what is asked; give the code of the refusal, "" when it was done."""
        service, epoch, sure = self.service, self.epoch, request.confirmed
        new = bytearray(NEWS.get(request.new, ""), "ascii")
        code = bytearray((PUKS if request.what == "unblock" else PINS)[request.code], "ascii")
        try:
            if request.what == "verify":
                service.verify_pin(epoch, code, last_try_confirmed=sure)
            elif request.what == "change":
                service.change_pin(epoch, code, new, last_try_confirmed=sure)
            else:
                service.unblock_pin(epoch, code, new, last_try_confirmed=sure)
        except Failure as failure:
            assert failure.code != "UNFORESEEN"
            return failure.code
        finally:
            assert not any(code) and not any(new), "a code was not wiped"
        return ""


def _steps(*, pin: int, puk: int, tells: bool, whole: bool) -> Iterator[tuple[Request, Disturbance]]:
    """Every request undisturbed, and disturbed; those that are waited for only where a code may be presented.

    In a check, only what would be presented is disturbed.
    """
    plain = pin == 3 and puk == 5 and tells
    for request, disturbance in itertools.product(REQUESTS, DISTURBANCES):
        presented = request.confirmed and request.code != "malformed" and request.new != "malformed"
        if disturbance.what in ("6F00", "removed"):
            wanted = whole or (pin == 3 and presented and request.code == "right")
        else:
            wanted = not disturbance.what or (whole and plain and presented)
        if wanted:
            yield request, disturbance


@pytest.mark.parametrize("verified", [False, True], ids=["locked", "verified"])
@pytest.mark.parametrize("tells", [True, False], ids=["tells", "tells nothing"])
@pytest.mark.parametrize("pin", [3, 2, 1, 0])
@pytest.mark.parametrize("puk", [5, 1, 0])
def test_no_code_is_ever_presented_unasked(
    authority: Authority, campaign: int, pin: int, puk: int, tells: bool, verified: bool
) -> None:
    if verified and pin == 0:
        pytest.skip("a blocked card is never verified")
    for request, disturbance in _steps(pin=pin, puk=puk, tells=tells, whole=campaign > 1):
        stage = Stage(authority, tells=tells, pin=pin, puk=puk, verified=verified)
        stage.card.disturbance = disturbance
        try:
            refusal = stage.ask(request)
            _judge(stage.card, request, disturbance, refusal, tells=tells)
        finally:
            stage.service.close()


def _judge(card: SpiedCard, request: Request, disturbance: Disturbance, refusal: str, *, tells: bool) -> None:
    where = f"{request} {disturbance} -> {refusal or 'done'}: {card.presented}"
    assert len(card.presented) <= 1, f"presented twice: {where}"
    for each in card.presented:
        assert each.left > 0 or not tells, f"presented to a blocked card: {where}"
        assert request.confirmed or (each.left > 1 and tells), f"presented at the last try unasked: {where}"
        assert not each.after_trouble or disturbance.what in ("lost", "reset"), f"presented after trouble: {where}"
        assert request.code != "malformed" and request.new != "malformed", f"presented although malformed: {where}"
    if not card.presented:
        assert refusal, f"done without a code: {where}"
