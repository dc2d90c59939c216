"""Who is at the desk and who is on screen: the status strip, and the patient bar or the band of an emergency."""

from __future__ import annotations

from dossier.access import AccessMode
from dossier.context import Source
from gui.flows import Flows
from gui.pieces.emergency_band import EmergencyBand
from gui.pieces.patient_bar import PatientBar
from gui.stage import Stage
from gui.strip import StatusStrip
from gui.words import patient_name


class Who:
    """Shows on three pieces of the frame what the house knows of cards, professional and patient."""

    def __init__(self, stage: Stage, flows: Flows, strip: StatusStrip, bar: PatientBar, band: EmergencyBand) -> None:
        self._stage, self._flows = stage, flows
        self._strip, self._bar, self._band = strip, bar, band

    def show(self) -> None:
        """Show it as it is now."""
        house = self._stage.house
        self._strip.show_cards(house, blocked=self._flows.is_blocked(), refused=self._flows.refused())
        self._strip.show_host(self._stage.host_ok)
        frozen = house.patient is not None and house.patient.source is Source.VITALE and not self._vitale_stays()
        self._bar.show_patient(house.patient, house.dossier, frozen)
        emergency = house.access.mode is not AccessMode.NORMAL
        self._bar.setVisible(house.session is not None and not emergency)
        if emergency:
            name = patient_name(house.patient.identity.traits) if house.patient else ""
            self._band.begin(house.access, name)
        else:
            self._band.end()

    def _vitale_stays(self) -> bool:
        patient = self._stage.house.patient
        return patient is not None and any(each.epoch == patient.epoch for each in self._stage.house.cards.slots())
