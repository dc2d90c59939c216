"""The words everybody speaks: patient, professional, access, metadata, document, failure.

May import: the standard library; asn1crypto in certificate.py alone.
Never enters: bytes of a card, envelopes, rows, widgets, anything that does input or output on a wire.
"""
