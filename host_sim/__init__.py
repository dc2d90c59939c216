"""The virtual host: it judges and answers like the real one, and keeps what it accepted.

May import: dossier, card_sim.cast and card_sim.authority; lxml, cryptography.
Never enters: the client's encoders and decoders; its wire is its own.
"""
