"""What each page of the contextual web access shows, for a caller who may see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import administrative, consultation, following, show, web_pages
from .call import Call
from .dossiers import EXPIRED, FORBIDDEN, VALID, DossierRow
from .house import House
from .web_pages import Page

View = Callable[[Call, House, DossierRow], Page]

_WISHES = ("EXPPAT_1", "EXPPAT_3")
_VACCINATIONS = ("11369-6", "87273-9", "96874-3")
_AUTHORISATIONS = {
    VALID: "Vous êtes autorisé à accéder à ce DMP.",
    EXPIRED: "Votre autorisation a expiré.",
    FORBIDDEN: "Le patient vous a interdit l’accès à son DMP.",
}
_TITLES = {
    "DossierPatient": "Dossier du patient",
    "Documents": "Documents",
    "ParcoursDeSoins": "Parcours de soins",
    "VolontesEtDroits": "Volontés et droits",
    "CarnetVaccination": "Carnet de vaccination",
    "HistoriqueAcces": "Historique des accès",
    "GestionDMPPatient": "Gestion du DMP",
}
_SHOWN = 200


def dashboard(call: Call, house: House) -> Page:
    """The dossiers that the caller may open."""
    life = house.parameters["authorisation_days"]
    holders = (call.caller.id_nat, call.caller.structure_id)
    found = following.followed(house.store, holders, call.now, life)
    links = [web_pages.link("TableauDeBord", each.row.ins, _name(each.row)) for each in found[:_SHOWN]]
    listed = web_pages.links(links) if links else web_pages.paragraph("Aucun patient ne vous a autorisé récemment.")
    return web_pages.page("Tableau de bord", web_pages.paragraph(_caller(call)), listed)


def dashboard_of(call: Call, house: House, row: DossierRow | None, state: str) -> Page:
    """What TD0.2 says of a patient, and what may be done then."""
    if row is None:
        return web_pages.page("Tableau de bord du patient", web_pages.paragraph("Ce patient n’a pas de DMP."))
    if row.state != "open":
        said = [("Motif de fermeture", row.closing_reason), ("Fermé le", row.closed_at[:10])]
        words = "Ce DMP est fermé. Il peut être réactivé depuis le logiciel, avec l’accord du patient."
        return web_pages.page("Tableau de bord du patient", web_pages.paragraph(words), web_pages.facts(said))
    attending = house.authorisation(call).attending
    with house.store.reading() as cursor:
        waiting = administrative.message_waits(cursor, row.ins, call.caller.id_nat)
    said = [
        ("Patient", _name(row)),
        ("Autorisation", _AUTHORISATIONS.get(state, "Vous n’avez pas d’autorisation.")),
        ("Médecin traitant", "oui" if attending else "non"),
        ("Message du patient", "en attente" if waiting else ""),
        ("Mon espace santé", "rattaché" if row.attached_to_ens else ""),
    ]
    links = [web_pages.link(target, row.ins, title) for target, title in _TITLES.items()]
    return web_pages.page("Tableau de bord du patient", web_pages.facts(said), web_pages.links(links))


def settings(call: Call, house: House) -> Page:
    """The caller's own settings: none may be changed here."""
    return web_pages.page("Paramétrages", web_pages.paragraph(_caller(call)))


def patient(call: Call, house: House, row: DossierRow) -> Page:
    """Who the patient is, and what he or she decided for emergencies; messages are seen from here."""
    with house.store.transaction() as cursor:
        administrative.message_read(cursor, row.ins, call.caller.id_nat)
    said = [
        ("Patient", _name(row)),
        ("Date de naissance", row.birth_date),
        ("Bris de glace", "refusé par le patient" if row.opposed_break_glass else "accepté"),
        ("Régulation du centre 15", "refusée par le patient" if row.opposed_regulation else "acceptée"),
    ]
    return _page("DossierPatient", row, web_pages.facts(said))


def management(call: Call, house: House, row: DossierRow) -> Page:
    """The administrative part (TD1.3a)."""
    known = administrative.details(house.store, row.ins)
    people = administrative.representatives(house.store, row.ins)
    said = [
        ("Patient", _name(row)),
        ("Adresse", " ".join(filter(None, (row.street, known.additional, row.postal_code, row.city)))),
        ("Téléphone", known.home_phone),
        ("Mobile", row.mobile),
        ("Courriel", row.mail),
        *(("Représentant légal", f"{each.given_name} {each.family_name} ({each.link})") for each in people),
    ]
    return _page("GestionDMPPatient", row, web_pages.facts(said))


def history(call: Call, house: House, row: DossierRow) -> Page:
    """Who did what in the dossier, the last first."""
    rows = [
        (each["at"][:16], each["name"], each["transaction"], each["word"], each["outcome"])
        for each in reversed(house.audit.rows(row.ins)[-_SHOWN:])
    ]
    heads = ("Date", "Professionnel", "Action", "Mode", "Résultat")
    return _page("HistoriqueAcces", row, web_pages.table(heads, rows, empty="Aucun accès."))


def _documents(target: str, types: tuple[str, ...] = ()) -> View:
    def view(call: Call, house: House, row: DossierRow) -> Page:
        found = show.documents(house, row.ins, consultation.viewer_of(call, house))
        rows = [_cells(each) for each in found if not types or each["type_code"] in types]
        heads = ("Date", "Type", "Titre", "Auteur", "État")
        return _page(target, row, web_pages.table(heads, rows, empty="Aucun document."))

    return view


def _cells(each: dict[str, Any]) -> tuple[str, ...]:
    return (each["created"][:10], each["type_name"], each["title"], each["author"], each["state"])


def _page(target: str, row: DossierRow, *parts: str) -> Page:
    back = web_pages.link("TableauDeBord", row.ins, "Tableau de bord du patient")
    return web_pages.page(_TITLES[target], web_pages.paragraph(_name(row)), *parts, back)


def _name(row: DossierRow) -> str:
    return f"{row.usage_name or row.birth_name} {row.given_names}"


def _caller(call: Call) -> str:
    return f"{call.caller.given_name} {call.caller.family_name}".strip()


ALONE: Mapping[str, Callable[[Call, House], Page]] = {"TableauDeBord": dashboard, "Parametrages": settings}
"""Pages about no patient."""

VIEWS: Mapping[str, View] = {
    "DossierPatient": patient,
    "GestionDMPPatient": management,
    "Documents": _documents("Documents"),
    "ParcoursDeSoins": _documents("ParcoursDeSoins"),
    "HistoriqueAcces": history,
    "VolontesEtDroits": _documents("VolontesEtDroits", _WISHES),
    "CarnetVaccination": _documents("CarnetVaccination", _VACCINATIONS),
}
"""Pages about a patient, once the caller may see them."""
