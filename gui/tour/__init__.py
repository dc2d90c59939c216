"""The guided tour: the real window on the simulated house, for people, or played by itself as a story with proofs.

May import: gui, cps_bridge.simulated, house, storage.settings, documents.imaging.relabel, dossier.
Never enters: a nested event loop, a sleep, a shortcut around a widget that a person would use.
"""
