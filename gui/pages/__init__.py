"""One file per page of the window.

May import: gui.pieces, gui.questions, gui.stage, gui.flows, dossier; PySide6.
Never enters: a thread, a blocking call, an envelope, a row.
"""
