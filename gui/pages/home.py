"""The page without a session: which card to put in, and the code."""

from __future__ import annotations

from dossier.failure import Failure
from dossier.professional import CardKind
from gui.desks import PROFESSIONAL_CARDS
from gui.flows import Flows
from gui.pages.page import Page
from gui.pieces.empty_state import EmptyState
from gui.stage import Stage

_BLOCKED_HINT = (
    "Trop de codes faux ont été présentés. Son code de déblocage, reçu avec elle sur le même courrier que le code,"
    " la remet en service."
)


class HomePage(Page):
    """One sentence: put the card in; one action when the card is in: type the code, or unblock the card."""

    key = "home"

    def __init__(self, stage: Stage, flows: Flows) -> None:
        super().__init__(stage, flows)
        self._state = EmptyState("card", "", name="session")
        self._state.acted.connect(self._act)
        self.body.addWidget(self._state, 1)
        self.refresh()

    def refresh(self) -> None:
        """Say what is awaited now."""
        slots = self.house.cards.slots()
        broken = next((each for each in slots if each.failure and each.kind is not CardKind.VITALE), None)
        if self.flows.is_busy("session"):
            self._state.say("Ouverture de la session…", "Votre carte est lue ; vos codes ne quittent jamais la carte.")
        elif self.flows.is_busy("unblock-pin"):
            self._state.say("Déblocage de la carte…", "Laissez-la dans le lecteur.")
        elif self.flows.is_blocked():
            self._state.say("Votre carte CPS est bloquée", _BLOCKED_HINT, "Débloquer la carte")
        elif (refused := self.flows.refused()) is not None:
            self._state.say(refused.sentence("fr"), refused.remedy("fr"))
        elif self.flows.slot(*PROFESSIONAL_CARDS) is not None:
            self._state.say("Votre carte CPS est dans le lecteur", "Tapez son code pour commencer.", "Saisir le code")
        elif broken is not None:
            failure = Failure(broken.failure, model=broken.model)
            self._state.say(failure.sentence("fr"), failure.remedy("fr"))
        else:
            hint = "La fenêtre s'ouvre d'elle-même dès que la carte est lue."
            self._state.say("Insérez votre carte CPS dans un lecteur", hint)

    def _act(self) -> None:
        if self.flows.is_blocked():
            self.flows.unblock()
        else:
            self.flows.open_session()
