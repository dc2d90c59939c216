"""A document masked at the patient's wish: who still reads it, who does not."""

from __future__ import annotations

from gui.tour.chapters.consultation import PRESCRIPTION, REPORT
from gui.tour.gestures import begin_session, clear_desk, receive_sophie
from gui.tour.story import Story, Wait, check
from gui.tour.tour import Tour

TITLE = "Masquage : le compte rendu n'est plus que pour son auteur, le médecin traitant et la patiente"
_DOCUMENTS = "consultation.documents"


def story(tour: Tour) -> Story[None]:
    """Mask the report, then look with three pairs of eyes."""
    yield from _mask(tour)
    yield from clear_desk(tour)
    yield from _another_doctor(tour)
    yield from _the_others(tour)


def _mask(tour: Tour) -> Story[None]:
    person = tour.person
    tour.tell("À la demande de Sophie, le docteur MARTIN masque le compte rendu.")
    yield from begin_session(tour, "generaliste")
    yield from receive_sophie(tour)
    yield from person.click_line(_DOCUMENTS, REPORT)
    yield from person.read("preview.title", REPORT)
    yield from person.settled()
    yield from person.click("preview.mask")
    yield from person.see("mask.confirm")
    yield from tour.screen("masquer-le-document")
    yield from person.click("mask.confirm")
    yield from person.read("preview.tag.0", "masqué aux professionnels")
    check(REPORT in person.lines(_DOCUMENTS), "Le médecin traitant ne voit plus son propre document.")
    yield from tour.screen("document-masque")


def _another_doctor(tour: Tour) -> Story[None]:
    person = tour.person
    tour.tell("Le docteur BERNARD, que Sophie autorise maintenant, ne le trouve pas dans sa liste.")
    yield from begin_session(tour, "generaliste-port")
    yield from receive_sophie(tour)
    yield from person.click("consultation.state.go")
    yield from person.click("access.authorised")
    yield from person.click("access.go")
    yield Wait("les documents listés", lambda: PRESCRIPTION in person.lines(_DOCUMENTS))
    yield from person.settled()
    check(REPORT not in person.lines(_DOCUMENTS), "Un autre médecin voit le document masqué.")
    yield from tour.screen("autre-medecin")


def _the_others(tour: Tour) -> Story[None]:
    patient = yield from tour.host_shows("--as", "patient", "--patient", "sophie")
    doctor = yield from tour.host_shows("--as", "doctor", "--professional", "generaliste", "--patient", "sophie")
    check(REPORT in patient, "Sophie ne voit plus son document.")
    check(REPORT in doctor and "masqué" in doctor, "L'auteur, médecin traitant, ne voit plus le document masqué.")
    tour.tell("Sophie et son médecin traitant le voient toujours, masqué aux autres.")
