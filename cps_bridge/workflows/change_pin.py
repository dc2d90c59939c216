"""Give a card a new code: with the present one, or with the unblocking code. No open session is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from cps_bridge.cards.service import ProfessionalCard
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.present_pin import holder_of, mind_last_try, see_card
from cps_bridge.workflows.user import AskNewPin, AskPin, AskUnblockingCode, User
from dossier.context import CardEpoch
from dossier.failure import Failure


def change_pin(desk: Desk, user: User) -> ProfessionalCard:
    """Replace the PIN; gives the card as it stands afterwards.

    Raises Failure PIN_WRONG(tries_left=), PIN_BLOCKED, PIN_SHAPE, PIN_NEW_SHAPE, PIN_CHANGE_ON_PAD, and
    PIN_CHANGE_UNKNOWN when the card left before it said whether it took the new PIN; Cancelled.
    """
    epoch, card = _begin(desk, user)
    holder, state = holder_of(card), card.pin
    if state.tries_left == 0:
        raise Failure("PIN_BLOCKED")

    def present(confirmed: bool) -> None:
        old = user.ask(AskPin(holder, state.tries_left, state.minimum, state.maximum, purpose="change"))
        new = _new_pin(user, card, old)
        desk.cards.change_pin(epoch, old, new, last_try_confirmed=confirmed)

    with _written(desk, "change-pin", epoch, card):
        mind_last_try(user, holder, "pin", state.is_last_try, present)
    return _as_it_stands(desk, epoch, card)


def unblock_pin(desk: Desk, user: User) -> ProfessionalCard:
    """Put a new PIN with the unblocking code; gives the card as it stands afterwards.

    Raises Failure PUK_WRONG(tries_left=), PUK_BLOCKED, PUK_SHAPE, PIN_NEW_SHAPE, PIN_CHANGE_ON_PAD,
    PIN_CHANGE_UNKNOWN as change_pin does; Cancelled.
    """
    epoch, card = _begin(desk, user)
    holder, state = holder_of(card), card.pin
    left = state.unblocking_tries_left
    if left == 0:
        raise Failure("PUK_BLOCKED")

    def present(confirmed: bool) -> None:
        code = user.ask(AskUnblockingCode(holder, left, state.unblocking_minimum, state.unblocking_maximum))
        new = _new_pin(user, card, code)
        desk.cards.unblock_pin(epoch, code, new, last_try_confirmed=confirmed)

    with _written(desk, "unblock-pin", epoch, card):
        mind_last_try(user, holder, "puk", left in (1, None), present)
    return _as_it_stands(desk, epoch, card)


def _as_it_stands(desk: Desk, epoch: CardEpoch, card: ProfessionalCard) -> ProfessionalCard:
    """Read the card again; when it has left since, its code is changed all the same: its tries are not known."""
    try:
        return desk.cards.read_professional(epoch)
    except Failure:
        return replace(card, pin=replace(card.pin, tries_left=None))


def _begin(desk: Desk, user: User) -> tuple[CardEpoch, ProfessionalCard]:
    # Where codes may be typed on the reader only, a new one may not be typed on this keyboard either.
    if desk.settings.pin_entry == "pinpad":
        raise Failure("PIN_CHANGE_ON_PAD")
    epoch = see_card(desk, user)
    return epoch, desk.cards.read_professional(epoch)


def _new_pin(user: User, card: ProfessionalCard, presented: bytearray) -> bytearray:
    """Ask the new PIN; what was typed before is wiped when the person gives up now."""
    try:
        return user.ask(AskNewPin(holder_of(card), card.pin.minimum, card.pin.maximum))
    except BaseException:
        presented[:] = bytes(len(presented))
        raise


@contextmanager
def _written(desk: Desk, action: str, epoch: CardEpoch, card: ProfessionalCard) -> Iterator[None]:
    """Write what became of it in the journal, and end the session of this card when it lost its login."""
    who = card.professional.id_nat
    try:
        yield
    except Failure as failure:
        desk.journal.record(action, outcome=failure.code, professional=who)
        raise
    else:
        desk.journal.record(action, outcome="done", professional=who)
    finally:
        _end_session_without_login(desk, epoch)


def _end_session_without_login(desk: Desk, epoch: CardEpoch) -> None:
    session = desk.session
    if session is None or session.epoch != epoch:
        return
    try:
        desk.cards.read_activities(epoch)
    except Failure:
        desk.end_session(session, because="lock")
