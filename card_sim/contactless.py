"""A CPS3 without contact, first state: its answer to reset over the content of a CPS3."""

from __future__ import annotations

from card_sim.cps import CpsCard


class ContactlessCard(CpsCard):
    """A CPS3 without contact."""

    atr = bytes.fromhex("3B8F80010031B86404B0ECC1739401808290000E")
