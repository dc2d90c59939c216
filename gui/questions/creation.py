"""The questions of a creation: information, consent, emergency boxes, contact, last look; and the reactivation."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from cps_bridge.workflows.user import (
    AskConsent,
    AskContact,
    AskEmergencyChoices,
    ConfirmCreation,
    ConfirmInformation,
    ConfirmReactivation,
)
from dossier.access import ChannelKind, ConsentMode, Contact, EmergencyChoices
from dossier.failure import Failure
from gui import tokens as t
from gui.pieces.boxes import Panel
from gui.pieces.choice import RadioCards, TickCard
from gui.pieces.text import Text
from gui.questions.panel import QuestionPanel
from gui.words import by_pairs, three_traits

_INFORMATION = (
    "Le dossier est facultatif et gratuit ; le refuser ne change rien aux remboursements.",
    "Le patient choisit les professionnels qui le consultent et peut masquer un document.",
    "Chaque accès est tracé ; le patient voit qui a lu son dossier et peut en être averti.",
    "Il peut fermer son dossier à tout moment ; les données sont gardées dix ans, puis détruites.",
)
_LEGAL = (
    "Le patient, informé de ses droits, consent de façon expresse à la {act} de son dossier médical partagé"
    " et à son alimentation par les professionnels qui le soignent."
)


class InformationPanel(QuestionPanel):
    """What must be said before anything is created."""

    def __init__(self, question: ConfirmInformation) -> None:
        super().__init__(
            question, "Informer le patient", "Continuer", "information.go", explain=three_traits(question.patient)
        )
        told = Panel("well", margin=t.BETWEEN, gap=t.GROUP)
        for sentence in _INFORMATION:
            told.column.addWidget(Text(f"•  {sentence}", wrap=True))
        self._tick = TickCard(
            "J'ai donné l'information et remis la brochure", "Le patient a pu poser ses questions.", "information.tick"
        )
        self._tick.button.toggled.connect(self.go.setEnabled)
        self.go.setEnabled(False)
        self.body(told, self._tick)
        self.setFocusProxy(self._tick.button)

    def value(self) -> bool:
        """Give whether the patient was informed."""
        return self._tick.ticked()


class ConsentPanel(QuestionPanel):
    """Oral or written, and one tick box with the legal sentence; unticked, nothing is created (EX_1.1-1010)."""

    def __init__(self, question: AskConsent) -> None:
        super().__init__(
            question, "Recueillir le consentement", "Continuer", "consent.go", explain=three_traits(question.patient)
        )
        self._cards = RadioCards(
            (
                ("consent.oral", "Consentement oral", "Le patient vous a dit oui."),
                ("consent.written", "Consentement écrit", "Le patient a signé ; vous gardez le papier."),
            ),
            side_by_side=True,
        )
        self._tick = TickCard("Le patient consent", _LEGAL.format(act="création"), "consent.tick")
        by = Text(f"Consentement recueilli par : {question.collected_by}", "muted", wrap=True, name="consent.collected")
        self._cards.chosen.connect(lambda _: self._enable())
        self._tick.button.toggled.connect(lambda _: self._enable())
        self.body(self._cards, self._tick, by)
        self.setFocusProxy(self._cards)
        self._enable()

    def value(self) -> ConsentMode | None:
        """Give how the patient consented; None when the box is not ticked."""
        if not self._tick.ticked():
            return None
        return (ConsentMode.ORAL, ConsentMode.WRITTEN)[self._cards.index()]

    def _enable(self) -> None:
        self.go.setEnabled(self._tick.ticked() and self._cards.index() >= 0)


class EmergencyChoicesPanel(QuestionPanel):
    """The two boxes, shown ticked, each with what it allows (EX_1.1-1050)."""

    def __init__(self, question: AskEmergencyChoices) -> None:
        explain = "Les deux cases sont cochées. Décochez celle que le patient refuse."
        super().__init__(question, "Accès en cas d'urgence", "Continuer", "choices.go", explain=explain)
        self._break_glass = TickCard(
            "Accès en urgence (« bris de glace »)",
            "Si le patient ne peut pas s'exprimer et que sa vie est en jeu, un professionnel peut lire son dossier."
            " L'accès est tracé et le patient en est averti.",
            "choices.break_glass",
            ticked=question.shown.allow_break_glass,
        )
        self._regulation = TickCard(
            "Accès du médecin régulateur du SAMU (centre 15)",
            "Pendant un appel au 15, le médecin régulateur peut lire le dossier de la personne à secourir.",
            "choices.regulation",
            ticked=question.shown.allow_regulation,
        )
        self.body(self._break_glass, self._regulation)
        self.setFocusProxy(self._break_glass.button)

    def value(self) -> EmergencyChoices:
        """Give the two boxes."""
        return EmergencyChoices(self._break_glass.ticked(), self._regulation.ticked())


class ContactPanel(QuestionPanel):
    """E-mail address, mobile number, or both; told apart by their shape, whichever field they are typed in."""

    def __init__(self, question: AskContact) -> None:
        explain = "Le patient y recevra les codes à usage unique de son espace. Un des deux suffit."
        super().__init__(question, "Adresse ou mobile du patient", "Continuer", "contact.go", explain=explain)
        self._email = self._field("contact.value", "Adresse électronique", "nom@domaine.fr")
        self._mobile = self._field("contact.mobile", "Numéro de mobile", "06 12 34 56 78")
        self.go.setEnabled(False)
        labels = Text("Adresse électronique", "strong"), Text("Mobile", "strong")
        self.body(labels[0], self._email, labels[1], self._mobile)
        self.setFocusProxy(self._email)

    def _field(self, name: str, title: str, example: str) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        made.setAccessibleName(title)
        made.setPlaceholderText(example)
        made.textChanged.connect(lambda _: self.go.setEnabled(any(self._typed())))
        return made

    def _typed(self) -> tuple[str, str]:
        return self._email.text().strip(), self._mobile.text().strip()

    def value(self) -> tuple[Contact, ...]:
        """Give the contacts, the address first; raises Failure CONTACT_EMAIL_INVALID or CONTACT_MOBILE_INVALID."""
        return tuple(_contact(text) for text in self._typed() if text)

    def wipe(self) -> None:
        """Clear the fields."""
        self._email.clear()
        self._mobile.clear()


def _contact(text: str) -> Contact:
    digits = "".join(each for each in text if each.isdigit())
    if "@" not in text and digits:
        return Contact(ChannelKind.SMS, digits)
    return Contact(ChannelKind.EMAIL, text)


class CreationPanel(QuestionPanel):
    """The last look: the three traits once more."""

    def __init__(self, question: ConfirmCreation) -> None:
        super().__init__(question, "Créer ce dossier ?", "Créer le dossier", "create.go")
        seen = Panel("well", margin=t.BETWEEN)
        seen.column.addWidget(Text(three_traits(question.patient), "trait", wrap=True, name="create.patient"))
        for contact in question.contacts:
            by_sms = contact.kind is ChannelKind.SMS
            words = f"Mobile : {by_pairs(contact.value)}" if by_sms else f"Adresse : {contact.value}"
            seen.column.addWidget(Text(words, "muted", wrap=True))
        self.body(seen, Text("Vérifiez avec le patient : un dossier créé ne s'efface pas, il se ferme.", wrap=True))
        self.setFocusProxy(self.go)

    def value(self) -> bool:
        """Give the agreement."""
        return True


class ReactivationPanel(QuestionPanel):
    """A closed dossier may be opened again, with the patient's agreement (EX_1.2-1030)."""

    def __init__(self, question: ConfirmReactivation) -> None:
        super().__init__(
            question, "Réactiver ce dossier ?", "Réactiver", "reactivate.go", explain=three_traits(question.patient)
        )
        reason = question.closing_reason or "non précisé"
        legal = _LEGAL.format(act="réactivation")
        self._tick = TickCard("Le patient consent à la réactivation", legal, "reactivate.tick")
        self._tick.button.toggled.connect(self.go.setEnabled)
        self.go.setEnabled(False)
        self.body(Text(f"Motif donné à la fermeture : « {reason} »", wrap=True), self._tick)
        self.setFocusProxy(self._tick.button)

    def value(self) -> bool:
        """Give the agreement; raises Failure when the box is not ticked."""
        if not self._tick.ticked():
            raise Failure("CHOICE_MISSING")
        return True
