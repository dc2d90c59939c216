"""What people do again and again at this window: cards, code, patient, deposit, a clear desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cps_bridge.storage.outbox import OutboxItem
from dossier.access import Dossier
from gui.tour.story import Story, Wait, check
from gui.tour.tour import Tour

PIN = "1234"
CPS, VITALE = 0, 1


def put_in(tour: Tour, slot: int, card: str) -> Story[None]:
    """Take out the card that is there, as a hand must, put another one in, and wait until it is known."""
    yield from take_out(tour, slot)
    before = _stays(tour)
    yield from tour.aside(f"la carte « {card} » insérée", lambda: tour.simulation.insert(slot, card))
    yield Wait(f"la carte « {card} » reconnue", lambda: _stays(tour) - before)


def take_out(tour: Tour, slot: int) -> Story[None]:
    """Take a card out of a reader, and wait until it is known."""
    if not tour.simulation.inserted[slot]:
        return
    before = _stays(tour)
    yield from tour.aside("la carte retirée", lambda: tour.simulation.remove(slot))
    yield Wait("le retrait de la carte", lambda: before - _stays(tour))


def _stays(tour: Tour) -> frozenset[object]:
    slots = tour.house.cards.slots()
    return frozenset(each.epoch or each.failure for each in slots if each.epoch or each.failure)


def type_pin(tour: Tour) -> Story[None]:
    """Type the code of the professional's card and confirm it."""
    yield from tour.person.type("pin.box", PIN)
    yield from tour.person.click("pin.go")


def begin_session(tour: Tour, card: str, *, activity: str = "") -> Story[None]:
    """Put a professional's card in, type its code, choose where he or she works; wait for the first desk."""
    yield from put_in(tour, CPS, card)
    yield from type_pin(tour)
    if activity:
        yield from tour.person.click(activity)
        yield from tour.person.click("activity.go")
    yield Wait("la session ouverte", lambda: tour.house.session is not None and tour.window.frame.current() != "home")


def receive(tour: Tour, vitale: str, *, beneficiary: str = "") -> Story[Dossier]:
    """Put a Vitale card in, choose the person when it has several, and wait for what the host says of the dossier."""
    yield from put_in(tour, VITALE, vitale)
    if beneficiary:
        yield from tour.person.click(beneficiary)
        yield from tour.person.click("beneficiary.go")
    yield Wait("la réponse de l'hôte sur le dossier", lambda: tour.house.dossier is not None)
    yield from tour.person.settled()
    assert tour.house.dossier is not None
    return tour.house.dossier


def receive_sophie(tour: Tour) -> Story[Dossier]:
    """Receive Sophie MARCHAND with the family's Vitale card."""
    dossier = yield from receive(tour, "famille-marchand", beneficiary="beneficiary.0")
    return dossier


def fill_deposit(tour: Tour, path: Path, *, title: str = "", kind: str = "") -> Story[None]:
    """Open the deposit drawer and fill it in as far as the window does not do so by itself."""
    yield from tour.person.click("consultation.deposit")
    yield from tour.person.type("deposit.path", str(path))
    if kind:
        yield from tour.person.pick("deposit.type", kind)
    if title:
        yield from tour.person.type("deposit.title", title)


def send_deposit(tour: Tour) -> Story[None]:
    """Send what the drawer holds, up to the last question."""
    yield from tour.person.click("deposit.send")
    yield from tour.person.see("deposit.confirm")


def confirm_deposit(tour: Tour, step: str) -> Story[OutboxItem]:
    """Answer the last question, wait for the end of the sending, and keep what was sent."""
    yield from tour.person.click("deposit.confirm")
    yield from tour.person.settled()
    items = tour.house.outbox.items()
    check(items, "Le dépôt n'a laissé aucune trace dans la boîte d'envoi.")
    check(tour.album.documents(tour.house.outbox, step), "Le dépôt n'a figé aucun document.")
    return items[-1]


def result(tour: Tour, use_case: str, caught: list[Any]) -> Story[Any]:
    """Wait for the result of a use case that was caught."""
    yield Wait(f"la fin de « {use_case} »", lambda: caught)
    return caught[0]


def clear_desk(tour: Tour) -> Story[None]:
    """Leave nothing for the next chapter: no question, no drawer, no session, no card."""
    window = tour.window
    window.stage.jobs.cancel_all()
    window.frame.drawer.clear()
    yield Wait("plus aucune question", lambda: window.frame.asking.overlay.content() is None)
    if tour.house.session is not None:
        window.frame.lock()
        yield Wait("la session fermée", lambda: tour.house.session is None)
    for slot in (CPS, VITALE):
        yield from take_out(tour, slot)
    yield Wait("la page d'accueil", lambda: window.frame.current() == "home")
    yield from tour.person.settled()
