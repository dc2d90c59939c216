"""What the patient wants known and chooses: directives, organs, people, emergencies, how to be reached."""

from __future__ import annotations

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from .. import patient_space
from ..patient_space import Contact
from .visit import attempt, field, house, ticked, visitor

PAGES = Blueprint("choices", __name__)
_PEOPLE = 4


@PAGES.get("/volontes")
def wishes() -> str:
    """Directives, organ donation, trusted person, persons to call."""
    return render_template("wishes.html", wishes=patient_space.wishes(house(), visitor()), rows=_PEOPLE)


@PAGES.post("/volontes/directives")
def directives() -> Response:
    """Write the advance directives."""
    text = field("directives", 20_000).replace("\r\n", "\n")
    done = "Vos directives sont enregistrées." if text else "Vos directives sont retirées."
    return attempt(lambda: patient_space.set_directives(house(), visitor(), text), done, "choices.wishes")


@PAGES.post("/volontes/don-d-organes")
def organs() -> Response:
    """Say the choice about organs."""
    choice = field("choice")
    return attempt(
        lambda: patient_space.set_organ_donation(house(), visitor(), choice),
        "Votre choix est enregistré.", "choices.wishes",
    )  # fmt: skip


@PAGES.post("/volontes/personne-de-confiance")
def trusted() -> Response:
    """Name the trusted person."""
    found = _contact("")
    return attempt(
        lambda: patient_space.set_trusted_person(house(), visitor(), found if found.name else None),
        "Votre personne de confiance est enregistrée." if found.name else "Vous n’avez plus de personne de confiance.",
        "choices.wishes",
    )


@PAGES.post("/volontes/personnes-a-prevenir")
def to_call() -> Response:
    """Name the persons to call."""
    people = [each for each in (_contact(f"_{number}") for number in range(_PEOPLE)) if each.name]
    return attempt(
        lambda: patient_space.set_persons_to_call(house(), visitor(), people),
        "Les personnes à prévenir sont enregistrées.", "choices.wishes",
    )  # fmt: skip


def _contact(suffix: str) -> Contact:
    return Contact(*(field(f"{name}{suffix}") for name in ("name", "link", "phone", "address")))


@PAGES.get("/urgences")
def emergencies() -> str:
    """The two boxes, ticked when the access is allowed."""
    return render_template("emergencies.html", dossier=patient_space.summary(house(), visitor()))


@PAGES.post("/urgences")
def choose_emergencies() -> Response:
    """Keep the boxes."""
    return attempt(
        lambda: patient_space.set_emergency(
            house(), visitor(),
            opposed_break_glass=not ticked("break_glass"),
            opposed_regulation=not ticked("regulation"),
            masked_in_emergency=ticked("masked"),
        ),
        "Vos choix pour les urgences sont enregistrés.", "choices.emergencies",
    )  # fmt: skip


@PAGES.get("/coordonnees")
def contact() -> str:
    """Where notices and codes go."""
    return render_template("contact.html", dossier=patient_space.summary(house(), visitor()))


@PAGES.post("/coordonnees")
def change_contact() -> Response:
    """Change where notices and codes go."""
    return attempt(
        lambda: patient_space.set_contact(house(), visitor(), mobile=field("mobile"), mail=field("mail")),
        "Vos coordonnées sont enregistrées.", "choices.contact",
    )  # fmt: skip
