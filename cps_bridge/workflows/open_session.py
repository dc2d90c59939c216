"""Open the day: the professional's card, the PIN once, the practice situation. Close it."""

from __future__ import annotations

from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.user import AskPin, CardSeen, CardWanted, ChooseActivity, User
from dossier.failure import Failure
from dossier.professional import Activity, CardKind

_PROFESSIONAL_CARDS = (CardKind.CPS, CardKind.CPE, CardKind.CPF, CardKind.CPA)


def open_session(desk: Desk, user: User) -> Session:
    """Wait for a professional's card, ask its PIN and the practice situation, and connect.

    A session already open with the same stay of the card is given back: the PIN is asked once.
    Raises Failure PIN_WRONG, PIN_BLOCKED, TEST_CARD_REFUSED, ACTIVITY_MISSING.
    """
    user.tell(CardWanted(CardKind.CPS))
    slot = desk.cards.wait_for(*_PROFESSIONAL_CARDS, timeout=desk.card_seconds)
    user.tell(CardSeen(CardKind.CPS))
    epoch = slot.epoch
    if epoch is None:
        raise Failure("CARD_REMOVED")
    if desk.session and desk.session.epoch == epoch:
        return desk.require_session()
    card = desk.cards.read_professional(epoch)
    holder = f"{card.professional.given_name} {card.professional.family_name}".strip()
    pin = user.ask(AskPin(holder, card.pin.tries_left, card.pin.minimum, card.pin.maximum))
    desk.cards.verify_pin(epoch, pin)
    activity = _activity(desk.cards.read_activities(epoch), user)
    session = Session(card, activity, epoch, desk.make_host(card, activity, epoch), desk.clock())
    desk.begin_session(session)
    desk.write("session", "done")
    return session


def _activity(activities: tuple[Activity, ...], user: User) -> Activity:
    if not activities:
        raise Failure("ACTIVITY_MISSING")
    return activities[0] if len(activities) == 1 else user.ask(ChooseActivity(activities))


def lock(desk: Desk, user: User) -> None:
    """End the session by hand: connection, card login and patient go."""
    if desk.session:
        desk.write("lock", "done")
    desk.end_session()
