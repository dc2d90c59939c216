"""A CPS3 professional card, contact side: the IAS-ECC personality, and the surface of the CPS2ter one behind it."""

from __future__ import annotations

from functools import partial

from card_sim.authority import Material
from card_sim.card import Command
from card_sim.cast import CastProfessional
from card_sim.codes import Codes
from card_sim.cps_files import build_tree
from card_sim.data_objects import read_object
from card_sim.filesystem import MAXIMUM_READ, FileSystem, ias_parameters
from card_sim.keys import KeyStore, authentication_key, signature_key
from card_sim.professional import ProfessionalCard, opened_by

ATR = bytes.fromhex("3BAC00402A001225006480000310009000")


class CpsCard(ProfessionalCard):
    """The IAS-ECC card; the references of its codes are 1 for the PIN, 2 for the one that unblocks it."""

    atr = ATR

    def __init__(self, who: CastProfessional, material: Material) -> None:
        signature, authentication, *certificates = material
        codes = Codes(who.pin, who.puk)
        keys = KeyStore(
            {1: signature_key(signature), 2: authentication_key(authentication)}, lambda: codes.pin.verified
        )
        tree = build_tree(who, *certificates)
        super().__init__(who, codes, FileSystem(tree, ias_parameters, partial(opened_by, codes), MAXIMUM_READ), keys)
        self._handlers |= {0xCB: lambda command: read_object(command, codes, keys), 0x88: keys.authenticate}

    def _select(self, command: Command) -> bytes:
        before = self._files.folder
        answer = super()._select(command)
        if self._files.folder is not before:
            self._keys.reset()  # a security environment belongs to its folder
        return answer
