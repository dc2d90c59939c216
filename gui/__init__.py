"""The door for people: window, pages, dialogs, the one bridge between threads.

May import: connectors, cps_bridge.house, workflows, simulated and storage.settings (to write them), dossier; PySide6.
Never enters: an envelope, an APDU, a blocking call on the GUI thread.
"""
