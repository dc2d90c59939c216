"""Present the code of a card: on the reader's keys or in a dialog, never the last try unasked, never twice."""

from __future__ import annotations

from collections.abc import Callable

from cps_bridge.cards.service import ProfessionalCard
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import AskPin, ConfirmLastTry, PinOnReader, PinTyped, User
from dossier.context import CardEpoch
from dossier.failure import Cancelled, Failure
from dossier.professional import CardKind

WORD = "DERNIER ESSAI"
"""What a person types before a try that may block the card."""

PROFESSIONAL_CARDS = (CardKind.CPS, CardKind.CPE, CardKind.CPF, CardKind.CPA)
_LAST_TRY = {"pin": "PIN_LAST_TRY", "puk": "PUK_LAST_TRY"}


def see_card(desk: Desk, user: User) -> CardEpoch:
    """Wait for a professional's card; raises what makes it unusable (Failure TEST_CARD_REFUSED, ...), Cancelled."""
    return desk.wait_for_card(user, *PROFESSIONAL_CARDS)


def holder_of(card: ProfessionalCard) -> str:
    """Give the name that questions show: the holder's, or the structure's for a card without a name."""
    return f"{card.professional.given_name} {card.professional.family_name}".strip()


def present_pin(desk: Desk, user: User, epoch: CardEpoch, card: ProfessionalCard) -> None:
    """Have the person give the PIN, and present it once.

    Raises Failure PIN_WRONG(tries_left=), PIN_BLOCKED, PIN_SHAPE, PIN_PAD_MISSING, PIN_PAD_TIMEOUT; Cancelled.
    """
    if card.pin.tries_left == 0:
        raise Failure("PIN_BLOCKED")
    on_pad = is_on_pad(desk.settings.pin_entry, card)
    holder, state = holder_of(card), card.pin

    def on_reader(confirmed: bool) -> None:
        user.tell(PinOnReader(holder, state.tries_left))
        try:
            desk.cards.verify_pin_on_pad(epoch, last_try_confirmed=confirmed)
        finally:
            user.tell(PinTyped())

    def in_dialog(confirmed: bool) -> None:
        pin = user.ask(AskPin(holder, state.tries_left, state.minimum, state.maximum))
        desk.cards.verify_pin(epoch, pin, last_try_confirmed=confirmed)

    mind_last_try(user, holder, "pin", state.is_last_try, on_reader if on_pad else in_dialog)


def is_on_pad(pin_entry: str, card: ProfessionalCard) -> bool:
    """Tell whether the code is typed on the reader; raises Failure PIN_PAD_MISSING where the setting demands it."""
    if pin_entry == "pinpad" and not card.has_pin_pad:
        raise Failure("PIN_PAD_MISSING")
    return card.has_pin_pad and pin_entry != "dialog"


def mind_last_try(user: User, holder: str, code: str, is_last: bool, present: Callable[[bool], None]) -> None:
    """Present a code, the person having confirmed the last try; present is told whether that was done.

    A card whose last try became known only now refuses before anything is presented: then the person is asked.
    """
    if not is_last:
        try:
            present(False)
            return
        except Failure as failure:
            if failure.code != _LAST_TRY[code]:
                raise
    _confirm(user, holder, code)
    present(True)


def _confirm(user: User, holder: str, code: str) -> None:
    typed = user.ask(ConfirmLastTry(holder, WORD, code))
    if not is_the_word(typed, WORD):
        raise Cancelled


def is_the_word(typed: str, word: str) -> bool:
    """Tell whether what was typed confirms a last try; capitals and spaces do not matter."""
    return " ".join(typed.split()).casefold() == word.casefold()
