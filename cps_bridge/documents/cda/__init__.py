"""CDA R2: documents written canonical at level 1, and any document from outside read as a stream.

May import: dossier, cps_bridge.documents; pyexpat in incremental.py alone.
Never enters: a whole body in memory, an XML tree of a document from outside, the host's envelopes.
"""
