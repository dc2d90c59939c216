"""The emergency: the glass is broken with a reason, refused when the patient opposed it; and centre 15."""

from __future__ import annotations

from dossier.access import AccessMode, AuthorisationState
from gui.tour.chapters.consultation import REPORT
from gui.tour.gestures import begin_session, clear_desk, receive, receive_sophie
from gui.tour.story import Story, Wait, check
from gui.tour.tour import Tour

TITLE = "Urgence : bris de glace, opposition, régulation du centre 15"
_DOCUMENTS = "emergency.documents"
_WHY = "Malaise dans la rue, patiente inconsciente"


def story(tour: Tour) -> Story[None]:
    """Break the glass on Sophie, be refused on Karim, regulate a call for Sophie."""
    tour.tell("Le docteur Hugo BERNARD n'est pas autorisé ; Sophie est inconsciente.")
    yield from begin_session(tour, "generaliste-port")
    dossier = yield from receive_sophie(tour)
    check(dossier.authorisation is AuthorisationState.NONE, "Ce médecin est déjà autorisé.")
    yield from _break_the_glass(tour)
    yield from _end_it(tour)
    yield from _what_the_host_kept(tour)
    yield from _opposed(tour)
    yield from clear_desk(tour)
    yield from _regulate(tour)


def _justify(tour: Tour) -> Story[None]:
    person = tour.person
    yield from person.click("emergency.break_glass")
    yield from person.see("reason.go")
    check(not person.is_enabled("reason.go"), "L'accès peut être demandé sans motif.")
    yield from person.click("reason.unconscious")
    yield from person.type("reason.text", _WHY)


def _break_the_glass(tour: Tour) -> Story[None]:
    person = tour.person
    yield from person.click("rail.emergency")
    yield from tour.screen("page-urgence")
    yield from _justify(tour)
    yield from tour.screen("motif-de-l-urgence")
    yield from person.click("reason.go")
    yield from person.read("break_glass.reason", _WHY)
    before = yield from tour.host_log(purpose="bris_de_glace")
    check(not before, "L'hôte a été appelé avant la seconde confirmation.")
    yield from tour.screen("consequences-a-confirmer")
    yield from person.click("break_glass.confirm")
    yield from person.read("emergency.band.title", "ACCÈS EN URGENCE")
    yield Wait("les documents listés", lambda: REPORT in person.lines(_DOCUMENTS))
    yield from person.click_line(_DOCUMENTS, REPORT)
    yield from person.read("preview.title", REPORT)
    tour.tell("Motif, seconde confirmation, puis le dossier sous un bandeau rouge.")
    yield from tour.screen("acces-en-urgence")
    check(tour.house.access.mode is AccessMode.BREAK_GLASS, "L'accès n'est pas un bris de glace.")


def _end_it(tour: Tour) -> Story[None]:
    person = tour.person
    yield from person.click("emergency.end")
    yield from person.gone("emergency.band")
    check(tour.house.access.mode is AccessMode.NORMAL, "L'accès en urgence continue.")
    check(not person.lines(_DOCUMENTS), "Les documents restent à l'écran après l'accès.")
    tour.tell("L'accès est terminé : plus rien n'est à l'écran.")
    yield from tour.screen("acces-termine")


def _what_the_host_kept(tour: Tour) -> Story[None]:
    lines = yield from tour.host_log(purpose="bris_de_glace")
    check(lines and all("mode urgence" in each["word"] for each in lines), "L'hôte n'a pas écrit « mode urgence ».")
    check(any(_WHY in each["reason"] for each in lines), "L'hôte n'a pas gardé le motif.")
    operate = tour.simulation.host.operate
    told = yield from tour.aside("les avis à la patiente", lambda: operate("notifications", patient="sophie"))
    check(any("urgence" in str(each) for each in told), "Sophie n'est pas avertie de l'accès en urgence.")
    journal = [each for each in tour.house.journal.entries() if each.action == "break-glass"]
    check([each.outcome for each in journal] == ["begun", "done"], "Le journal du cabinet n'a pas l'accès en urgence.")
    tour.tell("L'hôte a écrit « mode urgence » et averti Sophie ; le journal du cabinet a précédé la demande.")


def _opposed(tour: Tour) -> Story[None]:
    person = tour.person
    tour.tell("Karim HADDAD s'est opposé à l'accès en urgence : il est obéi.")
    yield from receive(tour, "karim")
    yield from person.click("rail.emergency")
    yield from _justify(tour)
    yield from person.click("reason.go")
    yield from person.click("break_glass.confirm")
    yield from person.see("emergency.message.sentence")
    yield from tour.screen("opposition-du-patient")
    check(tour.house.access.mode is AccessMode.NORMAL, "Le dossier de Karim est ouvert malgré son opposition.")
    check(person.find(_DOCUMENTS) is None, "Une liste de documents est montrée malgré l'opposition.")
    last = list(tour.house.journal.entries())[-1]
    check(last.outcome == "EMERGENCY_OPPOSED", "Le journal du cabinet n'a pas gardé le refus.")


def _regulate(tour: Tour) -> Story[None]:
    person = tour.person
    tour.tell("Le docteur Yann LE GALL, régulateur du SAMU, ouvre le dossier de Sophie pendant un appel au 15.")
    yield from begin_session(tour, "regulateur")
    yield from receive_sophie(tour)
    yield from person.click("rail.emergency")
    yield from person.click("emergency.regulation")
    yield from person.read("emergency.band.title", "CENTRE 15")
    yield Wait("les documents listés", lambda: REPORT in person.lines(_DOCUMENTS))
    yield from tour.screen("regulation-du-centre-15")
    lines = yield from tour.host_log(purpose="centre_15")
    check(lines, "L'hôte n'a pas vu l'accès du centre 15.")
    yield from person.click("emergency.end")
    yield from person.gone("emergency.band")
