"""The way to a professional card by our own APDUs: which class speaks to which product."""

from __future__ import annotations

from cps_bridge.cards.access import ProfessionalAccess
from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.cps3 import Cps3
from cps_bridge.cards.cps4 import Cps4
from cps_bridge.cards.pkcs15 import Directory
from cps_bridge.cards.recognise import Model, demand_supported
from dossier.failure import Failure


def open_professional(channel: Channel, model: Model, directory: Directory | None = None) -> ProfessionalAccess:
    """Give the access to the card behind a channel, nothing sent yet.

    directory: already read from this very card, if it was (access.directory gives it). A card whose answer to reset
    looks like a CPS2ter is tried, and says CARD_CPS2TER when its serial is read. Raises Failure CARD_CONTACTLESS,
    CARD_WRONG_KIND for a Vitale, CARD_VITALE_1.
    """
    demand_supported(model)
    if model in (Model.CPS3, Model.CPS2TER):
        return Cps3(channel, directory)
    if model is Model.CPS4:
        return Cps4(channel, directory)
    raise Failure("CARD_WRONG_KIND")
