"""What a pharmacist sees of the same dossier: the host decides by profession, and the window says so."""

from __future__ import annotations

from dossier.access import AuthorisationState
from gui.tour.chapters.consultation import PRESCRIPTION, REPORT
from gui.tour.chapters.imaging import REPORT as IMAGING_REPORT
from gui.tour.gestures import begin_session, receive_sophie
from gui.tour.story import Story, Wait, check
from gui.tour.tour import Tour

TITLE = "Droits : le pharmacien voit l'ordonnance, pas le reste"
_DOCUMENTS = "consultation.documents"


def story(tour: Tour) -> Story[None]:
    """Declare a pharmacist's access and compare what is listed with what is there."""
    person = tour.person
    yield from begin_session(tour, "pharmacien")
    yield from receive_sophie(tour)
    yield from person.click("counter.state.go")
    yield from person.click("consultation.state.go")
    yield from person.see("access.authorised")
    check(person.find("access.attending") is None, "Un pharmacien pourrait se déclarer médecin traitant.")
    tour.tell("Sophie autorise le pharmacien ; il ne peut pas se déclarer médecin traitant.")
    yield from person.click("access.authorised")
    yield from tour.screen("acces-du-pharmacien")
    yield from person.click("access.go")
    yield Wait("l'accès déclaré", lambda: _is_valid(tour))
    yield Wait("l'ordonnance listée", lambda: PRESCRIPTION in person.lines(_DOCUMENTS))
    yield from person.settled()
    seen = set(person.lines(_DOCUMENTS))
    there = yield from tour.host_documents("sophie")
    check({REPORT, IMAGING_REPORT} <= set(there), "L'hôte n'a pas gardé les documents des médecins.")
    check(not seen & {REPORT, IMAGING_REPORT}, "Le pharmacien voit un document de médecin.")
    tour.tell("L'hôte garde le compte rendu, l'ordonnance et l'examen ; il ne montre au pharmacien que l'ordonnance.")
    yield from person.click_line(_DOCUMENTS, PRESCRIPTION)
    yield from person.read("preview.title", PRESCRIPTION)
    yield from person.read("consultation.rights", "ouverts à votre profession")
    tour.tell("La fenêtre lui dit pourquoi : les documents sont ouverts ou non à chaque profession.")
    yield from tour.screen("ce-que-voit-le-pharmacien")


def _is_valid(tour: Tour) -> bool:
    return tour.house.dossier is not None and tour.house.dossier.authorisation is AuthorisationState.VALID
