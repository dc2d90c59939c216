"""What the return values of a module mean to people: which Failure each one is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from cps_bridge.cards import pkcs11_types as p11
from cps_bridge.cards.pkcs11_library import RefusalError
from dossier.failure import Cancelled, Failure

Meanings = Mapping[int, Callable[[], Exception]]


def unfit_key(code: int) -> Failure:
    """Say that the module cannot use a key, which is what its return value means when a key was used."""
    return Failure("KEY_NOT_USABLE", reason=p11.return_name(code))


KEY_MEANINGS: Meanings = {code: partial(unfit_key, code) for code in p11.UNFIT_KEY}


@contextmanager
def explained(meanings: Meanings | None = None) -> Iterator[None]:
    """Turn what a module refuses in the block into what the rooms above know.

    meanings: of return values that mean something of their own here. Raises Failure, Cancelled, and
    ConnectionAbortedError when the card or the session with it is gone, or may be.
    """
    try:
        yield
    except RefusalError as refusal:
        specific = (meanings or {}).get(refusal.code)
        raise (specific() if specific else meaning(refusal.code)) from refusal


def meaning(code: int) -> Exception:
    """Give what a return value means wherever it comes from; an unknown one is named."""
    if code in (*p11.CARD_GONE, *p11.TROUBLE):
        return ConnectionAbortedError(p11.return_name(code))
    if code in (p11.CANCEL, p11.FUNCTION_CANCELED):
        return Cancelled("refused on the reader")
    if code == p11.USER_NOT_LOGGED_IN:
        return Failure("PIN_REQUIRED")
    if code == p11.PIN_LOCKED:
        return Failure("PIN_BLOCKED")
    return Failure("PKCS11_REFUSED", code=p11.return_name(code))
