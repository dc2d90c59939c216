"""A card goes away in the middle of a deposit: it stops, and nothing reaches the wrong dossier."""

from __future__ import annotations

from pathlib import Path

from gui.tour.gestures import (
    CPS,
    VITALE,
    begin_session,
    clear_desk,
    fill_deposit,
    put_in,
    receive_sophie,
    send_deposit,
    take_out,
)
from gui.tour.paper import write_letter
from gui.tour.story import Story, Wait, check
from gui.tour.tour import Tour

TITLE = "Carte absente : la CPS retirée, puis une autre Vitale, arrêtent le dépôt"
LETTER = "Certificat qui ne partira pas"


def story(tour: Tour) -> Story[None]:
    """Pull the professional's card at the last question, then put in the Vitale card of somebody else."""
    path = write_letter(tour.papers / "Certificat.pdf", "Docteur Claire MARTIN", LETTER, "Sans objet.")
    before = len(tour.house.outbox.items())
    yield from _professional_card_pulled(tour, path)
    check(len(tour.house.outbox.items()) == before, "Un lot est parti sans la carte CPS.")
    yield from clear_desk(tour)
    yield from _other_vitale(tour, path)
    check(len(tour.house.outbox.items()) == before, "Un lot est parti après le changement de patient.")
    for patient in ("sophie", "jean"):
        titles = yield from tour.host_documents(patient)
        check(LETTER not in titles, f"Le document est dans le dossier de {patient.title()}.")
    tour.tell("Chez l'hôte, ni le dossier de Sophie ni celui de Jean n'ont reçu le document.")


def _at_the_last_question(tour: Tour, path: Path) -> Story[None]:
    yield from begin_session(tour, "generaliste")
    yield from receive_sophie(tour)
    yield from fill_deposit(tour, path, title=LETTER)
    yield from send_deposit(tour)


def _professional_card_pulled(tour: Tour, path: Path) -> Story[None]:
    yield from _at_the_last_question(tour, path)
    tour.tell("La carte CPS est retirée au moment de confirmer : session et patient quittent l'écran.")
    yield from take_out(tour, CPS)
    yield Wait("la session fermée", lambda: tour.house.session is None)
    yield from tour.person.gone("deposit.confirm")
    yield from tour.person.read("notice.sentence", "retirée")
    yield from tour.screen("cps-retiree")
    check(tour.house.patient is None, "La patiente reste à l'écran sans professionnel.")


def _other_vitale(tour: Tour, path: Path) -> Story[None]:
    yield from _at_the_last_question(tour, path)
    tour.tell("La Vitale de Jean remplace celle de Sophie avant la confirmation : le dépôt s'arrête.")
    yield from put_in(tour, VITALE, "jean")
    yield from tour.person.gone("deposit.confirm")
    yield Wait("Jean à l'écran", lambda: tour.house.patient is not None and tour.house.dossier is not None)
    yield from tour.screen("autre-vitale")
    patient = tour.house.patient
    check(patient is not None and patient.ins.matricule != tour.sophie, "Sophie est encore à l'écran.")
    said = tour.person.words("consultation.message.sentence") or tour.person.words("notice.sentence")
    check(said, "La fenêtre ne dit pas que le dépôt s'est arrêté.")
