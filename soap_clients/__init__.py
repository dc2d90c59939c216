"""The host's wire: envelopes, assertions, signatures, XDS. Domain object in, domain object out.

May import: dossier; zeep, requests, lxml, cryptography, asn1crypto.
Never enters: a card's bytes, a database row, a widget, a question to a person.
"""
