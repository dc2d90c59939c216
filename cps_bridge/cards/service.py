"""The cards of the machine, for the rooms above: slots and epochs, and what can be asked of the card of an epoch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from cps_bridge.cards.access import PinState
from cps_bridge.cards.cps import Cps
from cps_bridge.cards.holder import authentication_pair, professional_of, signature_pair
from cps_bridge.cards.port import ReaderPort
from cps_bridge.cards.recognise import kind_of
from cps_bridge.cards.signer import CardSigner, KeyUse
from cps_bridge.cards.slots import ProfessionalCard, Slot
from cps_bridge.cards.stay import Attempt, Opened, Stay
from cps_bridge.cards.thread import CardThread
from cps_bridge.cards.watch import ReaderWatch
from dossier.context import CardEpoch
from dossier.failure import Cancelled, Failure
from dossier.patient import Beneficiary
from dossier.professional import Activity, CardKind
from dossier.signer import Signer

__all__ = ["CardService", "KeyUse", "ProfessionalCard", "Slot"]

T = TypeVar("T")

_SETTLE = 0.8
"""Seconds after a broken exchange in which a removal becomes known (PC/SC services look every 0.4 s)."""


class CardService:
    """Owns the card thread and the watch thread.

    Every method that takes an epoch raises Failure CARD_REMOVED once that epoch is over; all of them may raise
    CARD_MUTE, CARD_BUSY, CARD_RESET, CARD_UNREADABLE, CARD_REFUSED, CARD_WRONG_KIND, READER_MISSING, PCSC_DOWN, and
    WRONG_THREAD on the card thread.
    test_allowed: whether professional cards of the test authority are accepted; limit: seconds for one exchange.
    """

    def __init__(self, port: ReaderPort, *, test_allowed: bool = True, limit: float = 20.0) -> None:
        self._port = port
        self._test_allowed = test_allowed
        self._thread = CardThread(limit)
        self._watch = ReaderWatch(port, self._begin_identification, self._let_go)

    def start(self) -> None:
        """Begin to watch the readers."""
        self._watch.start()

    def close(self) -> None:
        """End every epoch, let go of the cards and of the readers."""
        self._watch.close()
        self._thread.close()
        self._port.close()

    def slots(self) -> tuple[Slot, ...]:
        """Give the present state of each reader."""
        return self._watch.slots()

    def settled_slots(self) -> tuple[Slot, ...]:
        """Look at the readers now, let every card that is there be identified, and give the state of each reader."""
        self._watch.refresh()
        self._thread.run(lambda: None)  # after the identifications that the look has queued
        return self.slots()

    def subscribe(self, listener: Callable[[tuple[Slot, ...]], None]) -> Callable[[], None]:
        """Call the listener from the watch thread at each change of the slots; the result unsubscribes."""
        return self._watch.subscribe(listener)

    def wait_for(
        self, *kinds: CardKind, cancelled: threading.Event | None = None, timeout: float | None = None
    ) -> Slot:
        """Wait for a usable card of one of these kinds; timeout in seconds.

        Raises Cancelled when the event is set; Failure CARD_NOT_INSERTED on time-out, READER_MISSING, PCSC_DOWN, and
        what makes a card of the wanted family unusable (TEST_CARD_REFUSED, CARD_NOT_SUPPORTED, CARD_UNREADABLE, ...).
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

        def read(stay: Stay, cps: Cps, serial: str) -> ProfessionalCard:
            if stay.professional is None:
                raise Failure("CARD_WRONG_KIND")
            signature = signature_pair(stay.pairs)
            return ProfessionalCard(
                serial,
                stay.professional,
                authentication_pair(stay.pairs).certificate,
                signature.certificate if signature else None,
                PinState(cps.read_tries_left()),
            )

        return self._on_cps(epoch, read)

    def verify_pin(self, epoch: CardEpoch, pin: bytearray) -> None:
        """Present the PIN to the card exactly once, and wipe it whatever happens.

        Raises Failure PIN_WRONG (tries_left=), PIN_BLOCKED, PIN_SHAPE.
        """

        def verify(stay: Stay, cps: Cps, _: str) -> None:
            stay.verified = False
            cps.verify_pin(pin)
            stay.verified = True

        try:
            self._on_cps(epoch, verify, once=True)
        finally:
            pin[:] = bytes(len(pin))

    def read_activities(self, epoch: CardEpoch) -> tuple[Activity, ...]:
        """Read the practice situations; raises Failure PIN_REQUIRED, CARD_ACTIVITY_MISSING."""

        def read(stay: Stay, cps: Cps, _: str) -> tuple[Activity, ...]:
            _demand_verified(stay)
            return cps.read_activities()

        return self._on_cps(epoch, read, once=True)

    def signer(self, epoch: CardEpoch, use: KeyUse) -> Signer:
        """Give one key of the card; raises Failure CARD_KEY_MISSING. Signing needs the PIN to be verified."""
        stay = self._watch.stay_of(epoch)
        pair = authentication_pair(stay.pairs) if use is KeyUse.AUTHENTICATION else signature_pair(stay.pairs)
        if pair is None:
            raise Failure("CARD_KEY_MISSING")
        reference = pair.key_reference

        def sign(hash_name: str, digest: bytes, stay: Stay, cps: Cps, _: str) -> bytes:
            _demand_verified(stay)
            if use is KeyUse.SIGNATURE:
                return cps.sign_with_signature_key(reference, hash_name, digest)
            return cps.sign_with_authentication_key(reference, hash_name, digest)

        return CardSigner(
            pair.certificate.der,
            lambda hash_name, digest: self._on_cps(epoch, partial(sign, hash_name, digest), once=True),
        )

    def log_out(self, epoch: CardEpoch) -> None:
        """Let go of the card, so that nobody can sign before the PIN is entered again; harmless when it is gone."""
        try:
            stay = self._watch.stay_of(epoch)
        except Failure:
            return
        self._thread.run(stay.drop)

    def read_vitale(self, epoch: CardEpoch) -> tuple[Beneficiary, ...]:
        """Read the persons of a Vitale, in the order of the card; the NIR is the insured's."""

        def read(_: Stay, opened: Opened) -> tuple[Beneficiary, ...]:
            if opened.vitale is None:
                raise Failure("CARD_WRONG_KIND")
            return opened.vitale.beneficiaries

        return self._on_card(epoch, read)

    def _on_cps(self, epoch: CardEpoch, job: Callable[[Stay, Cps, str], T], *, once: bool = False) -> T:
        def on_opened(stay: Stay, opened: Opened) -> T:
            if opened.cps is None:
                raise Failure("CARD_WRONG_KIND")
            return job(stay, opened.cps, opened.serial)

        return self._on_card(epoch, on_opened, once=once)

    def _on_card(self, epoch: CardEpoch, job: Callable[[Stay, Opened], T], *, once: bool = False) -> T:
        if self._thread.is_current():
            raise Failure("WRONG_THREAD")
        stay = self._watch.stay_of(epoch)
        attempt = Attempt()
        return self._thread.run(
            lambda: self._perform(stay, attempt, partial(job, stay), once=once), partial(self._give_up, stay, attempt)
        )

    def _perform(self, stay: Stay, attempt: Attempt, job: Callable[[Opened], T], *, once: bool) -> T:
        """Do a job between two looks at the readers; read again once when another program reset the card."""
        self._watch.refresh()
        stay.demand_alive()
        was_verified = stay.verified
        try:
            result = self._exchange(stay, attempt, job)
        except Failure as failure:
            if failure.code != "CARD_RESET" or attempt.given_up:
                raise
            if once:
                raise (Failure("PIN_REQUIRED") if was_verified else failure) from failure
            result = self._exchange(stay, attempt, job)
        self._watch.refresh()
        stay.demand_alive()
        return result

    def _exchange(self, stay: Stay, attempt: Attempt, job: Callable[[Opened], T]) -> T:
        """Do a job and turn the builtins of the port into failures."""
        try:
            return stay.perform(self._port, attempt, job)
        except ConnectionAbortedError as error:
            if stay.ended.wait(_SETTLE):
                raise Failure("CARD_REMOVED") from error
            raise Failure("CARD_RESET") from error
        except TimeoutError as error:
            self._watch.condemn(stay, Failure("CARD_MUTE"))
            raise Failure("CARD_MUTE") from error
        except ConnectionRefusedError as error:
            raise Failure("CARD_BUSY") from error
        except ConnectionError as error:
            self._watch.refresh()
            stay.ended.set()
            raise Failure("READER_MISSING") from error
        except OSError as error:
            raise Failure("CARD_UNREADABLE", what="link") from error

    def _give_up(self, stay: Stay, attempt: Attempt) -> Failure:
        """Say what a job that lasts too long is waiting for, and make sure that it does nothing more."""
        failure = attempt.give_up()
        stay.opened, stay.verified = None, False
        if failure.code == "CARD_MUTE":
            self._watch.condemn(stay, failure)
        return failure

    def _begin_identification(self, stay: Stay) -> None:
        attempt = Attempt()

        def identify() -> tuple[CardKind, str]:
            return self._perform(stay, attempt, partial(self._identify, stay), once=False)

        try:
            future = self._thread.submit(identify, partial(self._give_up, stay, attempt))
        except Cancelled:
            return
        future.add_done_callback(lambda done: self._end_identification(stay, done.exception(), done))

    def _end_identification(self, stay: Stay, error: BaseException | None, done: Future[tuple[CardKind, str]]) -> None:
        if error is None:
            self._watch.admit(stay, *done.result())
            return
        failure = error if isinstance(error, Failure) else Failure("CARD_UNREADABLE", what="card")
        self._watch.refuse(stay, kind_of(stay.atr), failure)

    def _identify(self, stay: Stay, opened: Opened) -> tuple[CardKind, str]:
        """Read what never changes while the card stays: of a CPS its certificates and holder."""
        if opened.cps is None:
            _ = opened.vitale and opened.vitale.beneficiaries  # unreadable persons make an unusable card
            return CardKind.VITALE, opened.card_hash
        stay.pairs = opened.cps.read_certificates()
        stay.directory = opened.cps.directory
        if not self._test_allowed and any(pair.certificate.is_test for pair in stay.pairs):
            raise Failure("TEST_CARD_REFUSED")
        stay.professional = professional_of(authentication_pair(stay.pairs).certificate, opened.cps.read_specialty)
        return stay.professional.card_kind, opened.card_hash

    def _let_go(self, stay: Stay) -> None:
        try:
            self._thread.submit(stay.drop)
        except Cancelled:
            return


def _demand_verified(stay: Stay) -> None:
    if not stay.verified:
        raise Failure("PIN_REQUIRED")
