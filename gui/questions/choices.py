"""Choosing one of several: practice situation, person of a Vitale card, declared access."""

from __future__ import annotations

from cps_bridge.workflows.user import AccessChoice, AskAccess, ChooseActivity, ChooseBeneficiary
from dossier import codes
from dossier.failure import Failure
from dossier.metadata import Code
from dossier.patient import Beneficiary
from dossier.professional import Activity
from gui.pieces.choice import RadioCards
from gui.questions.panel import QuestionPanel
from gui.words import age, capital_name, count, day, three_traits


class _ChoicePanel(QuestionPanel):
    def offer(self, options: tuple[tuple[str, str, str], ...], start: int = -1) -> None:
        """Show the options as cards; the action waits for a choice."""
        self.cards = RadioCards(options, start=start)
        self.go.setEnabled(start >= 0)
        self.cards.chosen.connect(lambda number: self.go.setEnabled(number >= 0))
        self.body(self.cards)
        self.setFocusProxy(self.cards)


class ActivityPanel(_ChoicePanel):
    """In which practice situation the professional works now."""

    def __init__(self, question: ChooseActivity) -> None:
        super().__init__(question, "Où exercez-vous en ce moment ?", "Continuer", "activity.go")
        self._activities = question.activities
        self.offer(
            tuple(
                (f"activity.{number}", each.structure.name, sector_word(each))
                for number, each in enumerate(question.activities)
            ),
            start=0,
        )

    def value(self) -> Activity:
        """Give the chosen situation."""
        return self._activities[self.cards.index()]


class BeneficiaryPanel(_ChoicePanel):
    """Which person of the Vitale card is the patient."""

    def __init__(self, question: ChooseBeneficiary) -> None:
        explain = f"La carte Vitale porte {count(len(question.beneficiaries), 'personne')}."
        super().__init__(
            question, "Quelle personne recevez-vous ?", "Choisir cette personne", "beneficiary.go", explain=explain
        )
        self._people = question.beneficiaries
        self.offer(
            tuple(
                (
                    f"beneficiary.{number}",
                    capital_name(each.family_name, each.given_name),
                    f"{day(each.birth_date)} · {age(each.birth_date)}",
                )
                for number, each in enumerate(question.beneficiaries)
            )
        )

    def value(self) -> Beneficiary:
        """Give the chosen person."""
        return self._people[self.cards.index()]


_ACCESS = {
    AccessChoice.NOT_NOW: ("access.not_now", "Ne rien déclarer maintenant", "Le dossier reste fermé pour vous."),
    AccessChoice.AUTHORISED: (
        "access.authorised",
        "Le patient m'autorise à consulter son dossier",
        "Vous l'avez informé et il a dit oui. Il peut retirer cette autorisation à tout moment.",
    ),
    AccessChoice.ATTENDING: (
        "access.attending",
        "Le patient m'autorise et me déclare médecin traitant",
        "Vous lirez aussi les documents masqués aux autres professionnels.",
    ),
}


class AccessPanel(_ChoicePanel):
    """What the patient says about the access of this professional; nothing is chosen beforehand (EX_0.3-1010)."""

    def __init__(self, question: AskAccess) -> None:
        super().__init__(
            question, "Déclarer l'accès au dossier", "Déclarer", "access.go", explain=three_traits(question.patient)
        )
        self._choices = [each for each in _ACCESS if each is not AccessChoice.ATTENDING or question.may_be_attending]
        self.offer(tuple(_ACCESS[each] for each in self._choices))

    def value(self) -> AccessChoice:
        """Give what was declared; raises Failure when nothing was chosen."""
        if self.cards.index() < 0:
            raise Failure("CHOICE_MISSING")
        return self._choices[self.cards.index()]


def sector_word(activity: Activity) -> str:
    """Write the sector of a practice situation in words."""
    return codes.load(codes.FACILITY).get(activity.sector, Code("", "", activity.sector)).display
