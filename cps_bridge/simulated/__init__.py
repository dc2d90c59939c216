"""The same house with both simulators at the far ends of its wires; their only importer.

May import: the standard library, card_sim, cps_bridge.house, cps_bridge.cards, dossier.
Never enters: anything that a simulator computes; the client must not see that its cards and its host are virtual.
"""

from __future__ import annotations

from cps_bridge.simulated.host import SimulatedHost
from cps_bridge.simulated.simulation import Simulation

__all__ = ["SimulatedHost", "Simulation"]
