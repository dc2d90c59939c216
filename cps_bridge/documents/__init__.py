"""Paper: CDA, imaging manifests, lot signatures, thumbnails, printed sheets.

May import: soap_clients and dossier; lxml, cryptography, reportlab; pydicom in imaging alone.
Never enters: a card's bytes, a database, Qt.
"""
