"""The bridge from card to dossier: cards, documents, storage, and the workflows that use them.

May import: soap_clients and dossier.
Never enters: a widget, a command-line parser; a simulator outside simulated/.
"""
