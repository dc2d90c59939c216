"""Bytes: APDUs, files and PINs of CPS and Vitale cards, one card thread, card epochs.

May import: dossier; smartcard (pyscard) in pcsc.py alone.
Never enters: an envelope, a database, a document, a widget.
"""
