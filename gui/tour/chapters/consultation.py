"""A surgery: the dossier from the Vitale card, then from the INS alone; two documents go in and one comes back."""

from __future__ import annotations

from pathlib import Path

from dossier.access import AuthorisationState
from dossier.context import Source
from gui.tour.gestures import (
    VITALE,
    begin_session,
    confirm_deposit,
    fill_deposit,
    receive_sophie,
    send_deposit,
    take_out,
)
from gui.tour.paper import write_letter
from gui.tour.story import Story, Wait, check
from gui.tour.tour import Tour

TITLE = "Consultation : le médecin traitant ouvre le dossier, y dépose et y relit"
REPORT, PRESCRIPTION = "CR de consultation du 23 novembre", "Ordonnance du 23 novembre"
_HEAD = "Docteur Claire MARTIN\nCabinet des Lilas, 12 rue des Lilas, 56100 Lorient"
_DOCUMENTS = "consultation.documents"


def story(tour: Tour) -> Story[None]:
    """Declare the access, deposit a report and a prescription, read the report back, find the patient again."""
    tour.tell("Le docteur Claire MARTIN ouvre sa session au Cabinet des Lilas.")
    yield from begin_session(tour, "generaliste", activity="activity.0")
    yield from _declare(tour)
    report = yield from _deposit_report(tour)
    yield from _read_back(tour, report)
    yield from _deposit_prescription(tour)
    yield from _by_ins_alone(tour)


def _declare(tour: Tour) -> Story[None]:
    person = tour.person
    dossier = yield from receive_sophie(tour)
    check(dossier.authorisation is AuthorisationState.NONE, "Le médecin est autorisé avant tout geste.")
    yield from person.read("consultation.state.sentence", "pas encore autorisé")
    tour.tell("Le dossier de Sophie est là, fermé pour elle : elle n'est pas encore autorisée.")
    yield from tour.screen("acces-non-autorise")
    yield from person.click("consultation.state.go")
    yield from person.see("access.attending")
    choices = ("access.not_now", "access.authorised", "access.attending")
    check(not any(map(person.is_ticked, choices)), "Un accès est proposé d'avance.")
    check(not person.is_enabled("access.go"), "L'accès peut être déclaré sans choix.")
    yield from person.click("access.attending")
    yield from tour.screen("declarer-l-acces")
    yield from person.click("access.go")
    yield Wait("l'accès déclaré", lambda: _is_valid(tour))
    check(tour.house.dossier is not None and tour.house.dossier.is_attending_doctor, "Elle n'est pas médecin traitant.")
    tour.tell("Sophie l'autorise et la déclare médecin traitant, d'un geste explicite.")
    yield from person.read("consultation.state.sentence", "Aucun document")
    yield from tour.screen("dossier-vide")


def _is_valid(tour: Tour) -> bool:
    return tour.house.dossier is not None and tour.house.dossier.authorisation is AuthorisationState.VALID


def _deposit_report(tour: Tour) -> Story[Path]:
    person = tour.person
    path = write_letter(
        tour.papers / "CR consultation 2026-11-23.pdf",
        *(_HEAD, "Compte rendu de consultation", "Patiente : Sophie MARCHAND, née le 14/05/1987."),
        "Motif : céphalées depuis dix jours, sans signe de gravité. Examen neurologique normal.",
        "Conduite à tenir : antalgiques, angio-IRM cérébrale, nouvelle consultation avec le résultat.",
    )
    yield from fill_deposit(tour, path)
    yield from person.read("deposit.title", "CR consultation")
    tour.tell("Un PDF est déposé depuis le tiroir : type et titre sont proposés, le titre est complété.")
    yield from person.type("deposit.title", REPORT)
    yield from tour.screen("tiroir-de-depot")
    yield from send_deposit(tour)
    yield from person.read("deposit.patient", "MARCHAND")
    yield from tour.screen("depot-a-confirmer")
    yield from _sent(tour, "consultation", "compte-rendu", REPORT)
    return path


def _sent(tour: Tour, page: str, step: str, title: str) -> Story[None]:
    item = yield from confirm_deposit(tour, step)
    check(item.state.value == "envoyé", f"Le dépôt est « {item.state.value} » ({item.code}).")
    yield from tour.person.read(f"{page}.message.sentence", "dans le dossier du patient")
    yield Wait("le document listé", lambda: title in tour.person.lines(_DOCUMENTS))


def _read_back(tour: Tour, path: Path) -> Story[None]:
    person = tour.person
    yield from person.click_line(_DOCUMENTS, REPORT)
    caught = person.catch("open")
    yield Wait("le document relu", lambda: caught)
    yield from person.read("preview.title", REPORT)
    yield from tour.screen("document-relu")
    check(caught[0].body == path.read_bytes(), "Le document relu n'est pas celui qui fut déposé.")
    tour.tell(f"Le compte rendu est listé, rouvert : {len(caught[0].body)} octets, les mêmes.")


def _deposit_prescription(tour: Tour) -> Story[None]:
    path = write_letter(
        tour.papers / "Ordonnance 2026-11-23.pdf",
        *(_HEAD, "Ordonnance", "Sophie MARCHAND, née le 14/05/1987."),
        "Paracétamol 1 g : un comprimé jusqu'à trois fois par jour, pendant sept jours.",
    )
    yield from fill_deposit(tour, path, title=PRESCRIPTION)
    yield from send_deposit(tour)
    yield from _sent(tour, "consultation", "ordonnance", PRESCRIPTION)
    tour.tell("Une ordonnance suit le même chemin.")
    yield from tour.screen("deux-documents")


def _by_ins_alone(tour: Tour) -> Story[None]:
    person = tour.person
    tour.tell("Plus tard, sans la carte Vitale : l'INS suffit pour une patiente connue.")
    yield from take_out(tour, VITALE)
    yield from tour.screen("vitale-retiree")
    yield from person.click("patient.change")
    yield Wait("plus de patient à l'écran", lambda: tour.house.patient is None)
    yield from person.type("consultation.ins", tour.sophie)
    yield from tour.screen("ins-saisi")
    yield from person.click("consultation.ins.go")
    yield Wait("le dossier retrouvé", lambda: tour.house.dossier is not None)
    yield Wait("les deux documents", lambda: {REPORT, PRESCRIPTION} <= set(person.lines(_DOCUMENTS)))
    patient = tour.house.patient
    check(patient is not None and patient.source is Source.INS, "La patiente n'est pas connue par son INS.")
    check(patient is not None and patient.ins.matricule == tour.sophie, "Ce n'est pas Sophie.")
    yield from tour.screen("retrouvee-par-l-ins")
