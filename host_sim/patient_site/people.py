"""Who may come into the dossier, who came, and what the patient was told of it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from .. import patient_space
from .visit import BAD, attempt, field, go, house, say, visitor

PAGES = Blueprint("people", __name__)
_PAGE = 50


@PAGES.get("/professionnels")
def parties() -> str:
    """Those who have, had or are refused access; and those of the directory by name."""
    wanted = request.args.get("nom", "").strip()[:60]
    found = patient_space.find_professionals(house(), visitor(), wanted) if wanted else ()
    known = patient_space.parties(house(), visitor())
    return render_template("parties.html", known=known, wanted=wanted, found=found)


@PAGES.post("/professionnels")
def change() -> Response:
    """Do one of the four acts on a professional or structure."""
    host, who, holder = house(), visitor(), field("holder")
    acts: dict[str, tuple[Callable[[], None], str]] = {
        "bloquer": (
            lambda: patient_space.set_blocked(host, who, holder, blocked=True),
            "L’accès est bloqué.",
        ),
        "debloquer": (
            lambda: patient_space.set_blocked(host, who, holder, blocked=False),
            "L’accès n’est plus bloqué.",
        ),
        "autoriser": (lambda: patient_space.authorise(host, who, holder), "L’accès est autorisé."),
        "retirer": (lambda: patient_space.withdraw(host, who, holder), "L’autorisation est retirée."),
    }
    found = acts.get(field("act"))
    if found is None:
        say("Cette action n’existe pas.", BAD)
        return go("people.parties")
    return attempt(*found, "people.parties")


@PAGES.get("/acces")
def history() -> str:
    """The access history, a page at a time."""
    rows = patient_space.history(house(), visitor())
    only = "urgence" in request.args
    shown = [each for each in rows if each.emergency] if only else rows
    number = max(1, request.args.get("page", 1, type=int))
    start = (number - 1) * _PAGE
    return render_template(
        "history.html", rows=shown[start : start + _PAGE], page=number, more=len(shown) > start + _PAGE, only=only
    )


@PAGES.get("/notifications")
def notifications() -> str:
    """What the visitor was told."""
    return render_template("notifications.html", told=patient_space.notifications(house(), visitor())[:200])
