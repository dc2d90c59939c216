"""The order "break": its faults in words, and the facts of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from card_sim.faults import PIN, PUK, BreakableCard, Fault
from card_sim.orders import OrderError

TRIES = "tries"
FAULTS: Mapping[str, str] = {
    Fault.MUTE.value: "ne répond plus",
    Fault.SLOW.value: "répond lentement",
    Fault.DIE_AT.value: "quitte le lecteur pendant un échange",
    Fault.SWAP_AT.value: "est remplacée par une autre pendant un échange",
    Fault.WRONG_SW.value: "répond une fois une erreur",
    TRIES: "n'a plus qu'un nombre d'essais donné pour son code",
}
"""What a broken card does, by the word of the order.

after (all but tries, 0 when absent): how many commands from now still go well; or n, counted from 1: the command at
which it happens; ms (slow): added to each answer; sw
(wrong_sw): the answer, four hexadecimal digits; card (swap_at): the other card; n and code (tries): the tries left of
"pin" or "puk".
"""

_SLOWEST = 60_000
_FAR = 1_000_000
_CODES = {"pin": PIN, "puk": PUK}


def break_card(card: BreakableCard, order: Mapping[str, Any], find: Callable[[object], BreakableCard]) -> None:
    """Carry out an order; find: gives the card that is to take its place. Raises OrderError."""
    word = order.get("fault")
    if word == TRIES:
        _set_tries(card, order)
        return
    fault = next((each for each in Fault if each.value == word), None)
    if fault is None:
        raise OrderError(f"Panne inconnue. Les pannes : {', '.join(FAULTS)}.")
    at = _whole(order, "after", 0, 0, _FAR) + 1 if "after" in order else _whole(order, "n", 1, 1, _FAR)
    ms = _whole(order, "ms", 500, 0, _SLOWEST) if fault is Fault.SLOW else 0
    sw = _status(order.get("sw", "6F00")) if fault is Fault.WRONG_SW else 0
    other = find(order.get("card")) if fault is Fault.SWAP_AT else None
    if other is card:
        raise OrderError("Une carte ne peut pas se remplacer elle-même.")
    if other is not None:
        other.repair()
    card.break_down(fault, at, sw, seconds=ms / 1000, replacement=other)


def _set_tries(card: BreakableCard, order: Mapping[str, Any]) -> None:
    code = order.get("code", "pin")
    if not isinstance(code, str) or code not in _CODES:
        raise OrderError("code est pin ou puk.")
    left = _whole(order, "n", 1, 0, 15)
    try:
        card.set_tries(left, _CODES[code])
    except LookupError:
        raise OrderError("Cette carte n'a pas de code.") from None
    except ValueError:
        raise OrderError("Cette carte n'accepte pas autant d'essais.") from None


def _whole(order: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = order.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise OrderError(f"{name} est un nombre entier de {low} à {high}.")
    return value


def _status(text: object) -> int:
    digits = text if isinstance(text, str) and len(text) == 4 else ""
    try:
        return int.from_bytes(bytes.fromhex(digits), "big") if digits else int("", 16)
    except ValueError:
        raise OrderError("sw est fait de quatre chiffres hexadécimaux.") from None
