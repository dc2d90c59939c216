"""The status strip: the two card chips, the outbox, the host, the simulation, the lock. It never scrolls."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent

from dossier.context import Source
from dossier.failure import Failure
from dossier.professional import CardKind
from gui import tokens as t
from gui.desks import PROFESSIONAL_CARDS, holder_words, profession_words
from gui.flows import trouble_of_vitale
from gui.house_port import HousePort, SlotView
from gui.pieces.boxes import Panel, row
from gui.pieces.buttons import Button
from gui.pieces.card_chip import CardChip
from gui.words import count, patient_name

_HOST_WORDS = {True: ("Hôte : ok", "success"), False: ("Hôte absent", "danger"), None: ("Hôte", "")}


class StatusStrip(Panel):
    """56 pixels that say who works, with whom, and whether things leave."""

    lock = Signal()
    simulate = Signal()
    outbox = Signal()
    card = Signal()
    diagnose = Signal()

    def __init__(self) -> None:
        super().__init__("strip", margin=0)
        self.setObjectName("strip")
        self.setFixedHeight(t.STATUS_HEIGHT)
        self.cps = CardChip("card", "CPS", "chip.cps")
        self.cps.pressed.connect(self.card)
        self.vitale = CardChip("vitale", "Vitale", "chip.vitale")
        self._outbox = Button("Envois", "strip", name="strip.outbox", icon="send", on_click=self.outbox.emit)
        self._host = Button("Hôte", "strip", name="strip.host", icon="host", on_click=self.diagnose.emit)
        self._simulation = Button("Simulation", name="strip.simulation", icon="settings", on_click=self.simulate.emit)
        self._lock = Button("Verrouiller", name="strip.lock", icon="lock", shortcut="Ctrl+L", on_click=self.lock.emit)
        inside = row(self.cps, self.vitale, 1, self._outbox, self._host, self._simulation, self._lock, gap=t.GROUP)
        inside.setContentsMargins(t.INNER, 0, t.INNER, 0)
        inside.setStretch(0, 9)
        inside.setStretch(1, 5)
        self.column.addLayout(inside)
        self._simulation.hide()
        self._lock.setEnabled(False)
        self.show_waiting(0)
        self.show_host(None)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Hold the room of the widest words, so that the chips stay where they are when the words change."""
        super().showEvent(event)
        _hold_width(self._outbox, (count(1, "envoi"), count(88, "envoi"), "Envois"))
        _hold_width(self._host, tuple(text for text, _ in _HOST_WORDS.values()))

    def show_cards(self, house: HousePort, *, blocked: bool = False, refused: Failure | None = None) -> None:
        """Read the readers, the session and the patient.

        blocked: the code of the professional's card is; refused: why that card opens no session.
        """
        slots = house.cards.slots()
        self._simulation.setVisible(house.simulation is not None)
        self._lock.setEnabled(house.session is not None)
        self._show_cps(house, slots, blocked, refused)
        self._show_vitale(house, slots)

    def _show_cps(self, house: HousePort, slots: tuple[SlotView, ...], blocked: bool, refused: Failure | None) -> None:
        broken = next((each for each in slots if each.failure and each.kind is not CardKind.VITALE), None)
        session = house.session
        if session is not None:
            place = session.activity.structure.name
            self.cps.present(holder_words(session.professional), f"{profession_words(session.professional)} · {place}")
        elif blocked:
            self.cps.blocked("Il faut son code de déblocage")
        elif refused is not None:
            self.cps.error(refused.sentence("fr"), refused.remedy("fr"))
        elif any(each.kind in PROFESSIONAL_CARDS and not each.failure for each in slots):
            self.cps.locked("Saisissez son code pour commencer")
        elif broken is not None:
            failure = Failure(broken.failure, model=broken.model)
            self.cps.error(failure.sentence("fr"), failure.remedy("fr"))
        else:
            self.cps.absent()
        own = [each for each in slots if each.kind in PROFESSIONAL_CARDS and not each.failure]
        self.cps.opens("Votre carte : situation, code, certificats" if own else "")
        self.cps.show_test(any(each.is_test for each in own))

    def _show_vitale(self, house: HousePort, slots: tuple[SlotView, ...]) -> None:
        unknown = (None, CardKind.UNKNOWN) if house.session is not None else ()
        suspects = (CardKind.VITALE, *unknown)
        broken = next((each for each in slots if each.failure and each.kind in suspects), None)
        there = any(each.kind is CardKind.VITALE and not each.failure for each in slots)
        patient = house.patient
        two = sum(each.kind is CardKind.VITALE for each in slots) > 1
        trouble = trouble_of_vitale(slots)
        if two and trouble is not None:
            self.vitale.too_many(trouble.sentence("fr"), trouble.remedy("fr"))
        elif there and patient is not None and patient.source is Source.VITALE:
            self.vitale.present(patient_name(patient.identity.traits), "Vitale du patient à l'écran")
        elif there:
            self.vitale.present("Carte Vitale insérée", "Patient non identifié")
        elif broken is not None:
            failure = Failure(broken.failure, model=broken.model)
            self.vitale.error(failure.sentence("fr"), failure.remedy("fr"))
        else:
            self.vitale.absent()
        self.vitale.show_test(any(each.kind is CardKind.VITALE and each.is_test for each in slots))

    def show_waiting(self, number: int) -> None:
        """Show how many lots wait."""
        self._outbox.say(count(number, "envoi") if number else "Envois", "warning" if number else "")
        self._outbox.draw_icon(colour="warning" if number else "secondary")

    def show_host(self, answers: bool | None) -> None:
        """Show whether the host answered last time; None when it was not asked."""
        text, tone = _HOST_WORDS[answers]
        self._host.say(text, tone)
        self._host.draw_icon(colour=tone or "secondary")


def _hold_width(button: Button, words: tuple[str, ...]) -> None:
    button.ensurePolished()
    now, widest = button.accessibleName(), 0
    for each in words:
        button.say(each)
        widest = max(widest, button.sizeHint().width())
    button.say(now)
    button.setMinimumWidth(widest)
