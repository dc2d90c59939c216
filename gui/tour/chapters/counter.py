"""The counter of a pharmacy: a dossier is created with consent, and everything that stands in the way is said."""

from __future__ import annotations

from cps_bridge.house import House
from dossier.access import AccessMode, DossierState
from dossier.patient import IdentityStatus
from gui.tour.gestures import CPS, VITALE, put_in, receive, take_out, type_pin
from gui.tour.paper import keep_sheets
from gui.tour.practice import open_production_desk
from gui.tour.story import Story, Wait, check
from gui.tour.tour import Tour
from gui.window import Window

TITLE = "Comptoir : un pharmacien crée le dossier de Sophie"


def story(tour: Tour) -> Story[None]:
    """Create Sophie's dossier, then meet those whose dossier cannot be created."""
    yield from _open_the_day(tour)
    yield from _know_sophie(tour)
    yield from _no_consent_no_dossier(tour)
    yield from _create(tour)
    yield from _hand_over(tour)
    yield from _others(tour)
    yield from _test_card_in_production(tour)


def _open_the_day(tour: Tour) -> Story[None]:
    yield from tour.screen("carte-attendue")
    tour.tell("Paul MERCIER, pharmacien, insère sa carte CPS et tape son code.")
    yield from put_in(tour, CPS, "pharmacien")
    yield from tour.person.see("pin.box")
    yield from tour.screen("code-de-la-carte")
    yield from type_pin(tour)
    yield Wait("la session ouverte", lambda: tour.house.session is not None)
    check(tour.house.access.mode is AccessMode.NORMAL, "La session commence dans un mode d'accès anormal.")


def _know_sophie(tour: Tour) -> Story[None]:
    person = tour.person
    tour.tell("La carte Vitale de la famille MARCHAND porte deux personnes : Sophie est choisie.")
    yield from put_in(tour, VITALE, "famille-marchand")
    yield from person.see("beneficiary.0")
    yield from tour.screen("personnes-de-la-vitale")
    yield from person.click("beneficiary.0")
    yield from person.click("beneficiary.go")
    yield from person.read("counter.state.sentence", "Pas encore de dossier")
    tour.tell("L'INSi a qualifié son identité ; l'hôte ne lui connaît pas de dossier.")
    yield from tour.screen("pas-encore-de-dossier")
    patient, dossier = tour.house.patient, tour.house.dossier
    assert patient is not None
    check(patient.identity.status is IdentityStatus.QUALIFIED, "L'identité de Sophie n'est pas qualifiée.")
    check(dossier is not None and dossier.state is DossierState.ABSENT, "Sophie a déjà un dossier.")
    tour.sophie = patient.ins.matricule


def _no_consent_no_dossier(tour: Tour) -> Story[None]:
    person = tour.person
    yield from _begin_creation(tour, first=True)
    yield from person.click("consent.oral")
    check(not person.is_enabled("consent.go"), "Sans la case de consentement, le bouton Continuer reste actif.")
    tour.tell("Sans la case de consentement, on ne peut pas continuer.")
    yield from tour.screen("sans-consentement")
    yield from person.click("question.cancel")
    yield from person.read("counter.message.sentence", "rien n'a été envoyé")
    asked = yield from tour.host_log("TD1.1")
    check(not asked, "Une création a été demandée à l'hôte sans consentement.")
    tour.tell("Abandon : l'hôte n'a reçu aucune demande de création.")
    yield from tour.screen("rien-n-est-cree")


def _begin_creation(tour: Tour, *, first: bool = False) -> Story[None]:
    person = tour.person
    yield from person.click("counter.state.go")
    yield from person.see("information.go")
    check(not person.is_enabled("information.go"), "L'information peut être passée sans être donnée.")
    if first:
        yield from tour.screen("information")
    yield from person.click("information.tick")
    yield from person.click("information.go")
    yield from person.see("consent.go")


def _create(tour: Tour) -> Story[None]:
    person = tour.person
    tour.tell("Sophie, informée, consent ; les deux accès d'urgence sont cochés et expliqués.")
    yield from _begin_creation(tour)
    yield from person.click("consent.oral")
    yield from person.click("consent.tick")
    yield from tour.screen("consentement")
    yield from person.click("consent.go")
    yield from person.see("choices.go")
    boxes = ("choices.break_glass", "choices.regulation")
    check(all(person.is_ticked(each) for each in boxes), "Les cases d'urgence ne sont pas présentées cochées.")
    check(all(person.words(f"{each}.hint") for each in boxes), "Les cases d'urgence ne sont pas expliquées.")
    yield from tour.screen("urgences")
    yield from person.click("choices.go")
    yield from person.type("contact.value", "sophie.marchand@exemple.fr")
    yield from person.type("contact.mobile", "06 12 34 56 78")
    yield from tour.screen("adresse-et-mobile")
    yield from person.click("contact.go")
    yield from person.read("create.patient", "MARCHAND")
    yield from tour.screen("derniere-verification")
    caught = person.catch("create")
    yield from person.click("create.go")
    yield Wait("le dossier créé", lambda: caught)
    keep_sheets(tour.tray, caught[0])
    tour.album.hide_password()
    check(caught[0].dossier.state is DossierState.OPEN, "L'hôte ne dit pas le dossier ouvert après sa création.")
    check(caught[0].dossier.account_open, "L'espace du patient n'est pas ouvert.")
    created = yield from tour.host_log("TD1.1")
    check(len(created) == 1, f"L'hôte a reçu {len(created)} demandes de création au lieu d'une.")


def _hand_over(tour: Tour) -> Story[None]:
    person, tray = tour.person, tour.tray
    yield from person.read("hand_over.title", "Le dossier est créé")
    yield Wait(
        "les deux feuilles prêtes", lambda: all(map(person.is_enabled, ("acknowledgement.print", "secrets.print")))
    )
    tour.tell("Dossier et espace du patient sont ouverts ; les identifiants restent masqués à l'écran.")
    yield from tour.screen("remise-des-documents")
    yield from person.click("secrets.show")
    yield from person.read("secrets.show", "Masquer")
    yield from person.click("secrets.show")
    yield from person.click("acknowledgement.print")
    yield from person.click("secrets.print")
    yield Wait("les deux feuilles imprimées", lambda: len(tray.printed) == 2)
    tray.forget()
    check(not person.is_enabled("secrets.print"), "Les identifiants peuvent être imprimés deux fois.")
    tour.tell("Deux feuilles sont imprimées : l'accusé, et les identifiants qui ne s'impriment qu'une fois.")
    yield from tour.screen("feuilles-imprimees")
    yield from person.click("counter.next")
    yield Wait("le comptoir libre", lambda: tour.house.patient is None)


def _others(tour: Tour) -> Story[None]:
    person = tour.person
    tour.tell("Jean DUVAL a déjà un dossier : rien n'est à créer.")
    yield from receive(tour, "jean")
    yield from person.read("counter.state.sentence", "a déjà un dossier")
    yield from tour.screen("dossier-existant")
    tour.tell("Odette ROUX a fermé le sien : la réactivation est offerte, avec le motif qu'elle avait donné.")
    yield from receive(tour, "odette")
    yield from person.read("counter.state.sentence", "dossier fermé")
    yield from person.read("counter.state.hint", "Je ne veux plus de DMP")
    yield from tour.screen("dossier-ferme")
    yield from person.click("counter.state.go")
    yield from person.see("reactivate.go")
    yield from tour.screen("reactivation-offerte")
    yield from person.click("question.cancel")
    yield from person.gone("reactivate.go")
    tour.tell("Lucie NOEL n'est pas connue de l'INSi : on ne va pas plus loin.")
    yield from put_in(tour, VITALE, "lucie")
    yield Wait("le refus de l'INSi", lambda: tour.window.frame.flows.patient_failure is not None)
    yield from tour.screen("identite-non-qualifiee")
    check(tour.house.patient is None, "Une patiente non qualifiée est à l'écran.")
    check(person.words("counter.state.sentence"), "Le comptoir ne dit pas pourquoi il s'arrête.")


def _test_card_in_production(tour: Tour) -> Story[None]:
    tour.tell("Un poste réglé pour le réel refuse la même carte, qui est une carte de test.")
    tour.window.frame.lock()
    yield Wait("la session fermée", lambda: tour.house.session is None)
    yield from take_out(tour, VITALE)
    desk = open_production_desk(tour.simulation)
    house: House = yield from tour.aside("un poste de production ouvert", desk.__enter__)
    window = Window(look="light")
    try:
        window.show()
        window.attach(house)
        refused = "TEST_CARD_REFUSED"
        yield Wait("la carte de test refusée", lambda: any(each.failure == refused for each in house.cards.slots()))
        yield Wait("le refus écrit", lambda: window.frame.strip.cps.state() == "error")
        yield from tour.screen("carte-de-test-refusee", window)
        check(house.session is None, "Une carte de test a ouvert une session en production.")
    finally:
        window.close()
        window.deleteLater()
        desk.__exit__(None, None, None)
