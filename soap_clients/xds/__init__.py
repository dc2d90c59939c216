"""IHE XDS.b on the wire: vocabulary, ebRIM both ways, submit, query, retrieve, update.

May import: dossier, soap_clients; lxml.
Never enters: zeep's parser, a CDA body.
"""
