"""The host dies with a lot in its hands: uncertain, then settled, never twice."""

from __future__ import annotations

from gui.tour.gestures import begin_session, confirm_deposit, fill_deposit, receive_sophie, send_deposit
from gui.tour.paper import write_letter
from gui.tour.story import Story, Wait, check
from gui.tour.tour import Tour

TITLE = "Hôte absent : un envoi incertain est levé, le document n'est déposé qu'une fois"
LETTER = "Courrier au neurologue"
_FAULT = {"transaction": "TD2.1", "when": "after_commit", "effect": "exit", "times": 1}


def story(tour: Tour) -> Story[None]:
    """Lose the host after it kept a lot, bring it back, and settle the lot."""
    host, person = tour.simulation.host, tour.person
    yield from begin_session(tour, "generaliste")
    yield from receive_sophie(tour)
    yield from tour.aside("la panne préparée", lambda: host.operate("faults", _FAULT))
    path = write_letter(
        tour.papers / "Courrier neurologue.pdf",
        "Docteur Claire MARTIN",
        LETTER,
        "Merci de recevoir Sophie MARCHAND pour des céphalées récentes.",
    )
    yield from fill_deposit(tour, path, title=LETTER)
    yield from send_deposit(tour)
    item = yield from confirm_deposit(tour, "courrier")
    check(item.state.value == "incertain", f"L'envoi est « {item.state.value} » quand l'hôte meurt sans répondre.")
    yield from person.read("consultation.message.sentence", "parti sans réponse")
    tour.tell("L'hôte s'arrête après avoir reçu le lot, sans répondre : l'envoi est incertain.")
    yield from tour.screen("hote-sans-reponse")
    yield from person.click("rail.outbox")
    yield from person.read(f"outbox.line.{item.id}.state", "incertain")
    yield from tour.screen("envoi-incertain")
    yield from tour.aside("la fin de l'hôte", host.wait_until_dead)
    yield from tour.aside("le retour de l'hôte", host.start)
    tour.tell("L'hôte revient : il est interrogé avant tout nouvel envoi.")
    yield from person.click(f"outbox.line.{item.id}.go")
    yield from person.read(f"outbox.line.{item.id}.state", "envoyé")
    yield from person.settled()
    yield from person.click(f"outbox.line.{item.id}.fold")
    yield from tour.screen("envoi-leve")
    yield from _proof(tour, item.id)
    check(tour.house.outbox.item(item.id).code == "FOUND_AT_HOST", "L'envoi a été refait au lieu d'être vérifié.")
    titles = yield from tour.host_documents("sophie")
    check(titles.count(LETTER) == 1, f"Le courrier est {titles.count(LETTER)} fois dans le dossier.")
    yield from person.click("rail.consultation")
    yield from person.click("consultation.refresh")
    yield Wait("le courrier listé", lambda: person.lines("consultation.documents").count(LETTER) == 1)
    yield from person.read("strip.host", "ok")
    tour.tell("Le courrier est dans le dossier, exactement une fois.")
    yield from tour.screen("depose-une-seule-fois")


def _proof(tour: Tour, number: int) -> Story[None]:
    person, tray = tour.person, tour.tray
    before = len(tray.printed)
    yield from person.click(f"outbox.line.{number}.go")
    person.job("proof").done.connect(lambda pdf: tray.expect("preuve-de-depot", pdf))
    yield Wait("la preuve imprimée", lambda: len(tray.printed) > before)
    tray.forget()
    tour.tell("La preuve du dépôt est imprimée.")
