"""One panel per question that a workflow may ask; shown in a page or over it.

May import: gui.pieces, gui.words, cps_bridge.workflows.user, dossier; PySide6.
Never enters: the house, a thread, a second window.
"""
