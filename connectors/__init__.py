"""Doors for software: the command line, and what will follow, over House.

May import: cps_bridge.house, cps_bridge.workflows, cps_bridge.simulated, dossier.
Never enters: gui, an envelope, an APDU.
"""
