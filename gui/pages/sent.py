"""How a deposit ended, told on the page that began it."""

from __future__ import annotations

from typing import Any

from dossier.failure import Failure
from gui.pages.page import Page


def tell_item(page: Page, item: Any) -> None:
    """Say how a deposit ended, from the state of its lot."""
    word = item.state.value
    if word == "envoyé":
        page.message.say("Le document est dans le dossier du patient.", tone="success")
    elif word == "refusé":
        page.message.say_failure(item.failure or Failure(item.code))
    elif word == "incertain":
        remedy = "Ne recommencez pas : la page Envois vérifie auprès de l'hôte avant tout nouvel envoi."
        page.message.say("L'envoi est parti sans réponse de l'hôte.", remedy, "warning")
    else:
        page.message.say(
            "Le document attend dans la page Envois.",
            "Il partira dès que votre carte est là et que l'hôte répond.",
            "warning",
        )
