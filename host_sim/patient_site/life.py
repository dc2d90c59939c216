"""The end and the return of a dossier: copy, closing, destruction, reactivation."""

from __future__ import annotations

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from .. import patient_space
from .visit import BAD, attempt, field, go, house, say, ticked, visitor

PAGES = Blueprint("life", __name__)


@PAGES.get("/mon-dmp")
def page() -> str:
    """What may be asked, and what was."""
    host, who = house(), visitor()
    return render_template("life.html", dossier=patient_space.summary(host, who), asked=patient_space.asked(host, who))


@PAGES.post("/mon-dmp/copie")
def copy() -> Response:
    """Ask for a copy."""
    medium = field("medium")
    return attempt(
        lambda: patient_space.ask(house(), visitor(), "copie", medium),
        "Votre demande de copie est transmise.",
        "life.page",
    )


@PAGES.post("/mon-dmp/destruction")
def destruction() -> Response:
    """Ask for the destruction of a closed dossier."""
    if not ticked("sure"):
        say("Cochez la case pour confirmer.", BAD)
        return go("life.page")
    return attempt(
        lambda: patient_space.ask(house(), visitor(), "destruction"),
        "Votre demande de destruction est transmise.", "life.page",
    )  # fmt: skip


@PAGES.post("/mon-dmp/annulation")
def cancel() -> Response:
    """Take a request back."""
    text = field("number", 10)
    number = int(text) if text.isascii() and text.isdigit() else 0
    return attempt(lambda: patient_space.cancel(house(), visitor(), number), "La demande est annulée.", "life.page")


@PAGES.post("/mon-dmp/fermeture")
def close() -> Response:
    """Close the dossier."""
    if not ticked("sure"):
        say("Cochez la case pour confirmer la fermeture.", BAD)
        return go("life.page")
    reason = field("reason", 500)
    return attempt(lambda: patient_space.close(house(), visitor(), reason), "Votre DMP est fermé.", "life.page")


@PAGES.post("/mon-dmp/reouverture")
def reactivate() -> Response:
    """Open a closed dossier again."""
    consent = ticked("consent")
    return attempt(
        lambda: patient_space.reactivate(house(), visitor(), consent=consent),
        "Votre DMP est de nouveau ouvert.", "life.page",
    )  # fmt: skip
