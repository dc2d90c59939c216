"""The contactless side of a CPS3: what may be read without a contact, and a technical key.

Public: the answer to reset, the name of the application (ending in 20), EF.SN readable, 7001 selectable and closed, no
signature, a technical key that needs no PIN. Simulated profile: the reference of that key, and the key itself, which is
the authentication key of the same simulated card. T=1: an answer comes at once, nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Mapping

from card_sim.authority import Material
from card_sim.card import Command, Handler, T0Card
from card_sim.cast import CastProfessional
from card_sim.cps_files import TECHNICAL_KEY, build_contactless_tree
from card_sim.filesystem import MAXIMUM_READ, FileSystem, Rule, ias_parameters
from card_sim.keys import KeyStore, technical_key
from card_sim.professional import challenge


class ContactlessCard(T0Card):
    """The card of one professional, laid on a contactless reader: it knows no code."""

    atr = bytes.fromhex("3B8F80010031B86404B0ECC1739401808290000E")

    def __init__(self, who: CastProfessional, material: Material) -> None:
        super().__init__()
        self._files = FileSystem(build_contactless_tree(who), ias_parameters, _readable, MAXIMUM_READ)
        self._keys = KeyStore({TECHNICAL_KEY & 0x1F: technical_key(material[1])}, lambda: True)
        self._handlers: dict[int, Handler] = {
            0xA4: self._files.select,
            0xB0: self._files.read,
            0x22: self._keys.manage_environment,
            0x88: self._keys.authenticate,
            0x84: challenge,
        }

    def handlers(self) -> Mapping[int, Handler]:
        """The commands of the card, by INS."""
        return self._handlers

    def reset(self) -> None:
        """Warm reset: nothing selected."""
        super().reset()
        self._files.reset()
        self._keys.reset()

    def _give(self, command: Command, answer: bytes) -> tuple[bytes, int]:
        del command
        return answer, 0x9000


def _readable(rule: Rule) -> bool:
    return rule is Rule.ALWAYS
