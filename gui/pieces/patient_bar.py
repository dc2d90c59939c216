"""The patient bar: who is on screen, how we know it, and what the dossier allows."""

from __future__ import annotations

from PySide6.QtCore import Signal

from dossier.access import AuthorisationState, Dossier, DossierState
from dossier.context import PatientContext, Source
from dossier.patient import IdentityStatus
from gui import tokens as t
from gui.pieces.boxes import Panel, column, row
from gui.pieces.buttons import Button
from gui.pieces.text import ElidedText, Picture, Text
from gui.words import age, born_name, day, patient_name, sex_word

_AUTHORISATION = {
    AuthorisationState.VALID: ("Accès autorisé", "success"),
    AuthorisationState.EXPIRED: ("Autorisation expirée", "warning"),
    AuthorisationState.FORBIDDEN: ("Accès refusé par le patient", "danger"),
    AuthorisationState.NONE: ("Pas d'autorisation", "warning"),
}
_STATE = {
    DossierState.ABSENT: ("Pas de dossier", "info"),
    DossierState.OPEN: ("Dossier ouvert", "success"),
    DossierState.CLOSED: ("Dossier fermé", "warning"),
}


class PatientBar(Panel):
    """Two lines: traits and INS; then dossier, authorisation and relation."""

    leave = Signal()

    def __init__(self) -> None:
        super().__init__("strip", margin=0)
        self.setObjectName("patient")
        self.setFixedHeight(t.BAR_HEIGHT)
        self._name = ElidedText("", "trait", name="patient.name")
        self._born = Text("", "trait", name="patient.birth")
        self._known = ElidedText("", "muted", name="patient.identity")
        self._tags = [Text("", "tag", name=f"patient.tag.{number}") for number in range(4)]
        self._hint = Text("", "muted", name="patient.hint")
        self._change = Button("Changer de patient", name="patient.change", icon="patient", on_click=self.leave.emit)
        texts = column(row(self._name, self._born, 1, gap=t.BETWEEN), gap=t.TIGHT)
        texts.addLayout(row(*self._tags, self._known, self._hint, 1, gap=t.INNER))
        self._picture = Picture("patient", "primary", t.PAGE)
        inside = row(self._picture, texts, self._change, gap=t.BETWEEN)
        inside.setContentsMargins(t.PAGE, t.GROUP, t.PAGE, t.GROUP)
        inside.setStretch(1, 1)
        self.column.addLayout(inside)
        self.show_patient(None, None)

    def show_patient(self, context: PatientContext | None, dossier: Dossier | None, frozen: bool = False) -> None:
        """Show who is on screen; frozen: the Vitale card was taken away."""
        for each in (self._change, self._known, self._born):
            each.setVisible(context is not None)
        self._picture.show_icon("patient", "secondary" if context is None else "primary")
        if context is None:
            self._name.say("Aucun patient à l'écran")
            self._known.say("")
            self._born.say("")
            self._set_tags([], "Insérez une carte Vitale, ou scannez un datamatrix INS.")
            return
        traits = context.identity.traits
        old = f" ({age(traits.birth_date)})" if age(traits.birth_date) else ""
        self._name.say(f"{patient_name(traits)} {born_name(traits)}".strip())
        self._born.say(f"{day(traits.birth_date)}{old} · {sex_word(traits.sex)}")
        ins = context.identity.ins
        number = f"INS {ins}" if ins else "INS non connu"
        self._known.say(f"{number} · identité {context.identity.status.value} · par : {context.source.value}")
        self._set_tags(tags_of(context, dossier), "Carte Vitale retirée" if frozen else "")

    def _set_tags(self, tags: list[tuple[str, str]], hint: str) -> None:
        for label, (text, tone) in zip(self._tags, tags + [("", "")] * len(self._tags), strict=False):
            label.say(text, tone)
            label.setVisible(bool(text))
        self._hint.say(hint)
        self._hint.setVisible(bool(hint))


def tags_of(context: PatientContext, dossier: Dossier | None) -> list[tuple[str, str]]:
    """Write the state of the identity and of the dossier as (words, tone)."""
    tags = []
    if context.identity.status is not IdentityStatus.QUALIFIED:
        typed = context.source is Source.TRAITS
        words = "Identité non qualifiée : consultation et dépôt impossibles" if typed else "Identité non qualifiée"
        tags.append((words, "danger"))
    if dossier is None:
        return tags
    tags.append(_STATE[dossier.state])
    if dossier.state is DossierState.OPEN:
        tags.append(_AUTHORISATION[dossier.authorisation])
        if dossier.is_attending_doctor:
            tags.append(("Médecin traitant", "info"))
    return tags
