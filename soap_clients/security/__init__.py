"""Who speaks and who signed: the VIHF assertion and XML signatures.

May import: dossier, soap_clients.safe_xml; lxml, cryptography.
Never enters: a private key in the clear, a transport.
"""
