"""What is kept: the outbox in the vault, and where the vault's key comes from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from cps_bridge.doctor.place import Place
from cps_bridge.doctor.words import of_failure, say
from cps_bridge.storage.keys import find_key, has_passphrase
from cps_bridge.storage.outbox import OutboxItem, State
from cps_bridge.storage.place import is_new
from dossier.failure import Failure
from dossier.finding import Finding

_KEYLESS = ("KEYRING_MISSING", "KEYRING_LOCKED")


def outbox_rows(place: Place) -> Iterator[Finding]:
    """Examine the outbox."""
    yield examine_outbox(place)


def keyring_rows(place: Place) -> Iterator[Finding]:
    """Examine where the vault's key comes from."""
    yield examine_keyring(place)


def examine_outbox(place: Place) -> Finding:
    """Open the outbox and count what is not done."""
    try:
        with place.outbox() as outbox:
            if outbox is None:
                return say("outbox.new")
            items = outbox.items(*(each for each in State if each is not State.DONE))
    except Failure as failure:
        return say("outbox.locked") if failure.code in _KEYLESS else of_failure("outbox", failure)
    return _of_items(place, items)


def _of_items(place: Place, items: tuple[OutboxItem, ...]) -> Finding:
    if not items:
        return say("outbox.empty")
    refused = sum(each.state is State.REFUSED for each in items)
    unknown = sum(each.state in (State.UNKNOWN, State.SENDING) for each in items)
    waiting = len(items) - refused - unknown
    age = max(0, *((place.now() - each.created.astimezone(UTC)).days for each in items))
    if refused:
        return say("outbox.refused", refused=refused, unknown=unknown, waiting=waiting)
    if unknown:
        return say("outbox.uncertain", unknown=unknown, waiting=waiting, age=age)
    return say("outbox.old", waiting=waiting, age=age) if age else say("outbox.waiting", waiting=waiting)


def examine_keyring(place: Place) -> Finding:
    """Look where the vault's key comes from; no key is made and no passphrase asked for."""
    by_passphrase = has_passphrase(place.directory)
    try:
        key = find_key(place.directory)
    except Failure as failure:
        if by_passphrase or place.vault_is_open:
            return say("keyring.passphrase")
        if failure.code == "KEYRING_MISSING" and is_new(place.directory):
            return say("keyring.absent")
        return of_failure("keyring", failure)
    if key is not None:
        return say("keyring.good")
    if by_passphrase or place.vault_is_open:
        return say("keyring.passphrase")
    return say("keyring.empty") if is_new(place.directory) else say("keyring.lost")
