"""The rule on codes: the card itself is asked how many tries are left, in the transaction in which a code is presented.

A code is presented once, and never at the last try unless the person has confirmed it, nor to a card that does not
tell how many tries are left. Whatever goes wrong before, the code is not presented.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cps_bridge.cards.access import PinState, ProfessionalAccess
from dossier.failure import Failure


def demand_pin_try(state: PinState, *, last_try_confirmed: bool) -> None:
    """Refuse to present a PIN; raises Failure PIN_BLOCKED, PIN_LAST_TRY."""
    if state.tries_left == 0:
        raise Failure("PIN_BLOCKED")
    if state.is_last_try and not last_try_confirmed:
        raise Failure("PIN_LAST_TRY")


def demand_puk_try(state: PinState, *, last_try_confirmed: bool) -> None:
    """Refuse to present an unblocking code; raises Failure PUK_BLOCKED, PUK_LAST_TRY."""
    if state.unblocking_tries_left == 0:
        raise Failure("PUK_BLOCKED")
    if state.unblocking_tries_left in (1, None) and not last_try_confirmed:
        raise Failure("PUK_LAST_TRY")


def verify(access: ProfessionalAccess, pin: bytearray, *, last_try_confirmed: bool) -> None:
    """Present the PIN; raises as demand_pin_try, and as the access does."""
    demand_pin_try(access.read_pin_state(), last_try_confirmed=last_try_confirmed)
    access.verify_pin(pin)


def verify_on_pad(access: ProfessionalAccess, *, last_try_confirmed: bool) -> None:
    """Let the person type the PIN on the reader; raises as verify does."""
    if not access.has_pin_pad:
        raise Failure("PIN_PAD_MISSING")
    demand_pin_try(access.read_pin_state(), last_try_confirmed=last_try_confirmed)
    access.verify_pin_on_pad()


def allow_pin(access: ProfessionalAccess, *, last_try_confirmed: bool) -> None:
    """Ask the card whether the PIN may be presented; raises as demand_pin_try."""
    demand_pin_try(access.read_pin_state(), last_try_confirmed=last_try_confirmed)


def allow_puk(access: ProfessionalAccess, *, last_try_confirmed: bool) -> None:
    """Ask the card whether the unblocking code may be presented; raises as demand_puk_try."""
    demand_puk_try(access.read_pin_state(), last_try_confirmed=last_try_confirmed)


@dataclass
class Outcome:
    """What is known of a code that was to be put: begun, and ended by an answer of the card or not."""

    is_open: bool = False
    is_done: bool = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the exchange that puts the code; only an answer of the card ends it."""
        self.is_open = True
        try:
            yield
        except Failure:
            self.is_open = False
            raise
        self.is_done, self.is_open = True, False

    def tell(self, failure: Failure) -> None:
        """Say what a failure of the whole job means: nothing once the code was put, else it is raised again.

        Raises Failure PIN_CHANGE_UNKNOWN in the place of one that cut the exchange off.
        """
        if self.is_open:
            raise Failure("PIN_CHANGE_UNKNOWN") from failure
        if not self.is_done:
            raise failure
