"""A CPS4, first state: its answer to reset over the content of a CPS3."""

from __future__ import annotations

from card_sim.cps import CpsCard


class Cps4Card(CpsCard):
    """A CPS4."""

    atr = bytes.fromhex("3B9B188001001225006480040100009044")
