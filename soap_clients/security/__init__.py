"""Who speaks and who signed: the VIHF assertion and XML signatures, and chains of certificates.

May import: dossier, soap_clients.safe_xml; lxml, cryptography, asn1crypto.
Never enters: a private key in the clear, a transport.
"""
