"""Open the day: the professional's card, the PIN once, the practice situation. Close it."""

from __future__ import annotations

from cps_bridge.cards.service import ProfessionalCard
from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.present_pin import present_pin, see_card
from cps_bridge.workflows.user import ChooseActivity, User
from dossier.context import CardEpoch
from dossier.failure import Failure
from dossier.professional import Activity


def open_session(desk: Desk, user: User, *, choose_activity: bool = False) -> Session:
    """Wait for a professional's card, ask its PIN and the practice situation, and connect.

    A session already open with the same stay of the card is given back: the PIN is asked once. The practice situation
    is asked once per card, and again when the card no longer holds the one chosen; choose_activity: ask it anew.
    Raises Failure PIN_WRONG, PIN_BLOCKED, PIN_LAST_TRY, TEST_CARD_REFUSED, CARD_EXPIRED, CARD_NOT_YET_VALID,
    ACTIVITY_MISSING; Cancelled.
    """
    turn = desk.turn
    epoch = see_card(desk, user)
    opened = desk.session
    if opened and opened.epoch == epoch:
        opened = desk.require_session()
        return _begin(desk, user, opened.card, epoch, turn, anew=True) if choose_activity else opened
    card = desk.cards.read_professional(epoch)
    if desk.clock() > card.authentication.not_after:
        # The host would say so by breaking the connection off; the PIN is not worth a try.
        raise Failure("CARD_EXPIRED", ended=f"{card.authentication.not_after:%d/%m/%Y}")
    if desk.clock() < card.authentication.not_before:
        raise Failure("CARD_NOT_YET_VALID", begins=f"{card.authentication.not_before:%d/%m/%Y}")
    present_pin(desk, user, epoch, card)
    try:
        return _begin(desk, user, card, epoch, turn, anew=choose_activity)
    except BaseException:
        # Without a session nobody would drop what the PIN has opened.
        desk.cards.log_out(epoch)
        raise


def _begin(desk: Desk, user: User, card: ProfessionalCard, epoch: CardEpoch, turn: int, *, anew: bool) -> Session:
    activity = _activity(desk, user, card, desk.cards.read_activities(epoch), anew=anew)
    session = Session(card, activity, epoch, desk.make_host(card, activity, epoch), desk.clock())
    desk.begin_session(session, turn)
    desk.write("session", "done")
    return session


def _activity(
    desk: Desk, user: User, card: ProfessionalCard, activities: tuple[Activity, ...], *, anew: bool
) -> Activity:
    if not activities:
        raise Failure("ACTIVITY_MISSING")
    remembered = desk.choices.activity(card.serial)
    if remembered is not None and remembered not in activities:
        desk.choices.forget(card.serial)
        remembered = None
    if len(activities) == 1:
        return activities[0]
    if remembered is not None and not anew:
        return remembered
    chosen = user.ask(ChooseActivity(activities))
    if chosen not in activities:
        raise Failure("ACTIVITY_MISSING")
    desk.choices.remember(card.serial, chosen)
    return chosen


def lock(desk: Desk, user: User) -> None:
    """End the session by hand: connection, card login and patient go."""
    if desk.session:
        desk.write("lock", "done")
    desk.end_session(because="lock")
