"""The cards of the machine, for the rooms above: slots and epochs, and what can be asked of the card of an epoch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from cps_bridge.cards import pin as codes
from cps_bridge.cards.access import KeyPair, ProfessionalAccess
from cps_bridge.cards.backend import Backend
from cps_bridge.cards.codes import wiping
from cps_bridge.cards.holder import authentication_pair, signature_pair
from cps_bridge.cards.jobs import CardJobs
from cps_bridge.cards.opened import Opened
from cps_bridge.cards.port import ReaderPort
from cps_bridge.cards.signer import CardSigner, KeyUse
from cps_bridge.cards.slots import ProfessionalCard, Slot
from cps_bridge.cards.stay import Stay
from dossier.context import CardEpoch
from dossier.failure import Failure
from dossier.patient import Beneficiary
from dossier.professional import Activity, CardKind
from dossier.signer import Signer

__all__ = ["Backend", "CardService", "KeyUse", "ProfessionalCard", "Slot"]

T = TypeVar("T")


class CardService:
    """Owns the card thread and the watch thread.

    Every method that takes an epoch raises Failure CARD_REMOVED once that epoch is over; all of them may raise
    CARD_MUTE, CARD_BUSY, CARD_RESET, CARD_UNREADABLE, CARD_REFUSED, CARD_WRONG_KIND, READER_GONE, PCSC_DOWN, and
    WRONG_THREAD on the card thread.
    test_allowed: whether cards of the test authority, and demonstration Vitale, are accepted; limit: seconds that one
    silence may last (of a card, of another program, of the service); backend: the module through which professional
    cards are spoken to, None for our own APDUs.
    """

    def __init__(
        self, port: ReaderPort, *, test_allowed: bool = True, limit: float = 1.8, backend: Backend | None = None
    ) -> None:
        self._jobs = CardJobs(port, limit, backend, test_allowed=test_allowed)
        self._watch = self._jobs.watch

    def start(self) -> None:
        """Begin to watch the readers."""
        self._watch.start()

    def close(self) -> None:
        """End every epoch, let go of the cards and of the readers."""
        self._jobs.close()

    def slots(self) -> tuple[Slot, ...]:
        """Give the present state of each reader."""
        return self._watch.slots()

    def settled_slots(self) -> tuple[Slot, ...]:
        """Look at the readers now, let every card that is there be identified, and give the state of each reader."""
        self._watch.refresh()
        self._jobs.settle()  # after the identifications that the look has queued
        return self.slots()

    def subscribe(self, listener: Callable[[tuple[Slot, ...]], None]) -> Callable[[], None]:
        """Call the listener from the watch thread at each change of the slots; the result unsubscribes."""
        return self._watch.subscribe(listener)

    def wait_for(
        self, *kinds: CardKind, cancelled: threading.Event | None = None, timeout: float | None = None
    ) -> Slot:
        """Wait for a usable card of one of these kinds, the first in the order of the readers; timeout in seconds.

        Raises Cancelled when the event is set; Failure CARD_NOT_INSERTED on time-out, READER_MISSING, PCSC_DOWN,
        CARD_TWO_VITALE, and what makes a card of the wanted family unusable (TEST_CARD_REFUSED, CARD_NOT_SUPPORTED,
        CARD_UNREADABLE, ...).
        """
        return self._watch.wait_for(kinds, cancelled, timeout)

    def is_current(self, epoch: CardEpoch) -> bool:
        """Look at the readers now and tell whether the card of this epoch has stayed where it was."""
        self._watch.refresh()
        try:
            self._watch.stay_of(epoch)
        except Failure:
            return False
        return True

    def read_professional(self, epoch: CardEpoch) -> ProfessionalCard:
        """Read what a professional card says without its PIN."""

        def read(stay: Stay, access: ProfessionalAccess, serial: str) -> ProfessionalCard:
            if stay.professional is None:
                raise Failure("CARD_WRONG_KIND")
            signature = signature_pair(stay.pairs)
            return ProfessionalCard(
                serial,
                stay.professional,
                authentication_pair(stay.pairs).certificate,
                signature.certificate if signature else None,
                access.read_pin_state(),
                stay.model,
                access.has_pin_pad,
            )

        return self._on_professional(epoch, read)

    def verify_pin(self, epoch: CardEpoch, pin: bytearray, *, last_try_confirmed: bool = False) -> None:
        """Present the PIN to the card exactly once, and wipe it whatever happens.

        last_try_confirmed: the person has been told that a wrong PIN blocks the card, and goes on. Raises Failure
        PIN_LAST_TRY and PIN_SHAPE (nothing was presented), PIN_WRONG (tries_left=), PIN_BLOCKED.
        """
        with wiping(pin):
            self._present(epoch, lambda access: codes.verify(access, pin, last_try_confirmed=last_try_confirmed))

    def verify_pin_on_pad(self, epoch: CardEpoch, *, last_try_confirmed: bool = False) -> None:
        """Let the person type the PIN on the reader, once; waits for the person.

        Raises as verify_pin, Failure PIN_PAD_MISSING, PIN_PAD_TIMEOUT, PIN_PAD_MISTYPED, and Cancelled when the person
        refuses on the reader.
        """
        self._present(epoch, lambda access: codes.verify_on_pad(access, last_try_confirmed=last_try_confirmed))

    def change_pin(self, epoch: CardEpoch, old: bytearray, new: bytearray, *, last_try_confirmed: bool = False) -> None:
        """Replace the PIN and wipe both; the rights of the old one end.

        Raises as verify_pin, Failure PIN_NEW_SHAPE, and PIN_CHANGE_UNKNOWN when the card did not say what it did.
        """
        with wiping(old, new):
            self._spend(
                epoch,
                lambda access: codes.allow_pin(access, last_try_confirmed=last_try_confirmed),
                lambda access: access.change_pin(old, new),
            )

    def unblock_pin(
        self, epoch: CardEpoch, code: bytearray, new: bytearray, *, last_try_confirmed: bool = False
    ) -> None:
        """Put a new PIN with the unblocking code and wipe both; the rights of an earlier PIN end.

        Raises Failure PUK_LAST_TRY, PUK_SHAPE and PIN_NEW_SHAPE (nothing was presented), PUK_WRONG(tries_left=),
        PUK_BLOCKED, PUK_UNKNOWN, and PIN_CHANGE_UNKNOWN when the card did not say what it did.
        """
        with wiping(code, new):
            self._spend(
                epoch,
                lambda access: codes.allow_puk(access, last_try_confirmed=last_try_confirmed),
                lambda access: access.unblock_pin(code, new),
            )

    def _present(self, epoch: CardEpoch, job: Callable[[ProfessionalAccess], None]) -> None:
        self._on_professional(epoch, lambda _stay, access, _: job(access), once=True, presents_pin=True)

    def _spend(
        self,
        epoch: CardEpoch,
        allow: Callable[[ProfessionalAccess], None],
        put: Callable[[ProfessionalAccess], None],
    ) -> None:
        """Put a new code, and know whether it was put: a card that leaves once it has said so has it all the same."""
        outcome = codes.Outcome()

        def spend(stay: Stay, access: ProfessionalAccess, _: str) -> None:
            stay.verified = False
            allow(access)
            with outcome.watched():
                put(access)

        try:
            self._on_professional(epoch, spend, once=True)
        except Failure as failure:
            outcome.tell(failure)

    def read_activities(self, epoch: CardEpoch) -> tuple[Activity, ...]:
        """Read the practice situations; raises Failure PIN_REQUIRED, CARD_ACTIVITY_MISSING."""

        def read(stay: Stay, access: ProfessionalAccess, _: str) -> tuple[Activity, ...]:
            _demand_verified(stay)
            return access.read_activities()

        return self._on_professional(epoch, read, once=True)

    def signer(self, epoch: CardEpoch, use: KeyUse) -> Signer:
        """Give one key of the card; raises Failure CARD_KEY_MISSING. Signing needs the PIN to be verified."""
        stay = self._watch.stay_of(epoch)
        pair = _pair(stay, use)

        def sign(hash_name: str, digest: bytes, stay: Stay, access: ProfessionalAccess, _: str) -> bytes:
            _demand_verified(stay)
            return access.sign(pair, use, hash_name, digest)

        return CardSigner(
            pair.certificate.der,
            lambda hash_name, digest: self._on_professional(epoch, partial(sign, hash_name, digest), once=True),
        )

    def decrypt(self, epoch: CardEpoch, cryptogram: bytes) -> bytes:
        """Decrypt what was encrypted for the authentication key, PKCS#1 v1.5.

        Raises Failure PIN_REQUIRED, KEY_NOT_USABLE, CARD_KEY_MISSING.
        """
        pair = _pair(self._watch.stay_of(epoch), KeyUse.AUTHENTICATION)

        def decrypt(stay: Stay, access: ProfessionalAccess, _: str) -> bytes:
            _demand_verified(stay)
            return access.decrypt(pair, cryptogram)

        return self._on_professional(epoch, decrypt, once=True)

    def log_out(self, epoch: CardEpoch) -> None:
        """Let go of the card, so that nobody can sign before the PIN is entered again; harmless when it is gone."""
        try:
            stay = self._watch.stay_of(epoch)
        except Failure:
            return
        self._jobs.let_go(stay)

    def read_vitale(self, epoch: CardEpoch) -> tuple[Beneficiary, ...]:
        """Read the persons of a Vitale, in the order of the card; the NIR is the insured's."""

        def read(_: Stay, opened: Opened) -> tuple[Beneficiary, ...]:
            if opened.vitale is None:
                raise Failure("CARD_WRONG_KIND")
            return opened.vitale.beneficiaries

        return self._jobs.on_card(epoch, read)

    def _on_professional(
        self,
        epoch: CardEpoch,
        job: Callable[[Stay, ProfessionalAccess, str], T],
        *,
        once: bool = False,
        presents_pin: bool = False,
    ) -> T:
        def on_opened(stay: Stay, opened: Opened) -> T:
            if opened.access is None:
                raise Failure("CARD_WRONG_KIND")
            return job(stay, opened.access, opened.serial)

        return self._jobs.on_card(epoch, on_opened, once=once, presents_pin=presents_pin)


def _pair(stay: Stay, use: KeyUse) -> KeyPair:
    pair = authentication_pair(stay.pairs) if use is KeyUse.AUTHENTICATION else signature_pair(stay.pairs)
    if pair is None:
        raise Failure("CARD_KEY_MISSING")
    return pair


def _demand_verified(stay: Stay) -> None:
    if not stay.verified:
        raise Failure("PIN_REQUIRED")
