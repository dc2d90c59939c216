"""The simulated carte Vitale application, as a provider of the workflow."""

from __future__ import annotations

from collections.abc import Callable

from card_sim import application
from card_sim.cast import CastVitale
from dossier.failure import Failure
from dossier.patient import Beneficiary, Nir


class SimulatedApplication:
    """The carte Vitale application of the people on the virtual Vitale cards, by a QR code of our own format."""

    by_qr, by_nfc = True, False

    def __init__(self, cards: Callable[[], dict[str, CastVitale]]) -> None:
        self._cards = cards

    def shown(self, vitale: str, rank: int = 1) -> str:
        """Give the text that the telephone of one person would show."""
        return application.shown(vitale, rank)

    def read(self, scanned: str) -> Beneficiary:
        """Give the person whose application this is; raises Failure APPLICATION_UNREADABLE."""
        try:
            found = application.read(scanned, self._cards())
        except ValueError as error:
            raise Failure("APPLICATION_UNREADABLE") from error
        number = Nir.parse(found.insured_nir)
        return Beneficiary(found.family_name, found.given_name, found.birth_date, number, found.rank)
