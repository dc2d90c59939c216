"""The small widgets of the window, each built once.

May import: gui.tokens, gui.style, gui.words, gui.icons, dossier; PySide6.
Never enters: the house, a use case, a thread.
"""
