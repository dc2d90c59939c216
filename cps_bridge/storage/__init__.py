"""What must survive a power cut: vault, outbox, journal, consents, settings.

May import: dossier; sqlcipher3, keyring and filelock.
Never enters: an envelope, a card's bytes, a widget.
"""
