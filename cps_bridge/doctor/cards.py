"""Service, readers and cards; of the professional's card what it says without its PIN."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cps_bridge.cards.access import PinState
from cps_bridge.cards.service import CardService, ProfessionalCard, Slot
from cps_bridge.doctor.place import Place
from cps_bridge.doctor.words import of_failure, reader_model, say, word
from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.finding import Finding, Health
from dossier.professional import CardKind
from soap_clients.security.chain import ChainState, follow, read_authorities

_FEW_TRIES = 2
_ENDING = timedelta(days=60)
_OF_THE_CERTIFICATES = ("CARD_KEY_MISSING", "CERTIFICATE_UNREADABLE")


def card_rows(place: Place) -> Iterator[Finding]:
    """Examine service, readers and cards, in the order in which one needs the other."""
    with place.cards() as cards:
        service = examine_service(place, cards)
        yield service
        readers = examine_readers(place, cards, works=service.state is not Health.BAD)
        yield readers
        slots = cards.settled_slots() if service.state is not Health.BAD else ()
        card, failure = _read(cards, slots)
        yield examine_card(slots, card, failure)
        yield examine_pin(card)
        yield examine_certificates(place, card, failure)


def examine_service(place: Place, cards: CardService) -> Finding:
    """Ask the service for its readers."""
    failure = _trouble(cards)
    if failure is None or failure.code != "PCSC_DOWN":
        return say("pcsc.inside") if place.is_inside else say("pcsc.good")
    cause = failure.facts.get("cause")
    if cause == "TimeoutError":
        return say("pcsc.late")
    return say("pcsc.library") if cause == "pyscard" else say("pcsc.stopped")


def _trouble(cards: CardService) -> Failure | None:
    """Look at the readers now; None when a card could be waited for."""
    try:
        cards.wait_for(timeout=0)
    except Failure as failure:
        return failure if failure.code != "CARD_NOT_INSERTED" else None
    return None


def examine_readers(place: Place, cards: CardService, *, works: bool) -> Finding:
    """Count the readers that are used, and those that the settings leave out."""
    if not works:
        return say("readers.unseen")
    names = [slot.reader for slot in cards.slots()]
    wanted = place.known_settings.readers
    if not names:
        others = len(place.reader_names()) if wanted else 0
        return say("readers.filtered", others=others) if others else say("readers.none")
    missing = [each for each in wanted if each not in names]
    if missing and not place.is_inside:
        return say("readers.unplugged", missing=len(missing), wanted=len(wanted))
    models = dict.fromkeys(map(reader_model, names))
    return say("readers.good", count=len(names), names=", ".join(models))


def _read(cards: CardService, slots: tuple[Slot, ...]) -> tuple[ProfessionalCard | None, Failure | None]:
    """Read the first professional card that can be used, or give why there is none."""
    for slot in slots:
        if slot.epoch and slot.kind not in (None, CardKind.VITALE, CardKind.UNKNOWN):
            try:
                return cards.read_professional(slot.epoch), None
            except Failure as failure:
                return None, failure
    troubled = sorted((slot for slot in slots if slot.failure), key=lambda slot: slot.kind is CardKind.VITALE)
    return None, _failure(troubled[0]) if troubled else None


def _failure(slot: Slot) -> Failure:
    return Failure(slot.failure, model=slot.model or word("unknown"), what="card")


def examine_card(slots: tuple[Slot, ...], card: ProfessionalCard | None, failure: Failure | None) -> Finding:
    """Say which cards are there, and what keeps one from being used."""
    if not slots:
        return say("card.unseen")
    if failure:
        return of_failure("card", failure)
    vitale = sum(slot.kind is CardKind.VITALE and slot.epoch is not None for slot in slots)
    if vitale > 1:
        return say("card.two_vitale")
    if card is None:
        return say("card.vitale") if vitale else say("card.absent")
    other = next((_failure(slot) for slot in slots if slot.failure), None)
    if other:
        return say("card.other", reason=other.sentence("fr"), todo=other.remedy("fr"))
    nature = _nature(card.authentication)
    return say("card.good", model=card.model or _model(card), nature=nature, vitale=word("yes" if vitale else "no"))


def _model(card: ProfessionalCard) -> str:
    return card.professional.card_kind.value


def _nature(certificate: Certificate) -> str:
    return word("test" if certificate.is_test else "real")


def examine_pin(card: ProfessionalCard | None) -> Finding:
    """Say what the card told of its PIN."""
    return _of_pin(card.pin) if card else say("pin.unseen")


def _of_pin(pin: PinState) -> Finding:
    if pin.tries_left is None:
        return say("pin.untold")
    if pin.tries_left == 0:
        return say("pin.dead" if pin.unblocking_tries_left == 0 else "pin.blocked")
    if pin.tries_left == 1:
        return say("pin.last")
    return say("pin.few" if pin.tries_left <= _FEW_TRIES else "pin.good", tries=pin.tries_left)


def examine_certificates(place: Place, card: ProfessionalCard | None, failure: Failure | None) -> Finding:
    """Judge both certificates of the card: there, dates, chain."""
    if card is None:
        if failure and failure.code in _OF_THE_CERTIFICATES:
            return of_failure("certificates", failure)
        return say("certificates.unseen")
    if card.signature is None:
        return say("certificates.signature")
    both = (card.authentication, card.signature)
    return _of_dates(both, place.now()) or _of_chain(place, both)


def _of_dates(both: tuple[Certificate, ...], now: datetime) -> Finding | None:
    until, since = min(each.not_after for each in both), max(each.not_before for each in both)
    if until < now:
        return say("certificates.expired", until=f"{until:%d/%m/%Y}")
    if since > now:
        return say("certificates.early", since=f"{since:%d/%m/%Y}")
    if until - now < _ENDING:
        return say("certificates.ending", until=f"{until:%d/%m/%Y}", days=(until - now).days)
    return None


def _of_chain(place: Place, both: tuple[Certificate, ...]) -> Finding:
    until = f"{min(each.not_after for each in both):%d/%m/%Y}"
    nature, file = _nature(both[0]), place.known_settings.card_ca
    if not file:
        return say("certificates.unchained", until=until, nature=nature)
    try:
        authorities = read_authorities(Path(file))
    except Failure:
        return say("certificates.authorities")
    states = {follow(each, authorities, place.now()).state for each in both}
    if ChainState.BROKEN in states:
        return say("certificates.broken")
    if ChainState.OUTDATED in states:
        return say("certificates.outdated")
    if ChainState.INCOMPLETE in states:
        return say("certificates.incomplete")
    return say("certificates.good", until=until, nature=nature)
